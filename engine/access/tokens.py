"""Bearer tokens: JWTs signed with EdDSA or ES256 by an issuer that the principals file names.

A token is believed if it names its issuer and audience, is signed by a key of that issuer's set,
named by `kid`, with the algorithm of that key, and is in its time. No message holds anything of a
token."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
from jwt.exceptions import (
    InvalidAudienceError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)

from engine.access.keys import ALGORITHMS, KeySet, SigningKey
from engine.access.model import Issuer
from engine.access.problems import Unauthenticated

TOKEN_CHARACTERS_MAX = 4_096
"""Characters of the longest token that is looked at."""
LEEWAY_S = 5
"""By so much the clock of an issuer may be ahead: a token may be used so long before `nbf`."""
TIME_S_MAX = 253_402_300_799
"""The last second of the year 9999."""


class Claims(NamedTuple):
    """What a believed token says: who, as whom the issuer knows them, until when, in seconds since
    1970, and by which key."""

    issuer: str
    subject: str
    expires_s: float
    kid: str


def verify(
    token: str, issuers: Mapping[str, Issuer], key_sets: Mapping[str, KeySet], now_s: float
) -> Claims:
    """What a token says. Unauthenticated if it is not believed. `key_sets` are by issuer."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise Unauthenticated(f"the token is longer than {TOKEN_CHARACTERS_MAX} characters")
    try:
        whole = jwt.decode_complete(token, options={"verify_signature": False})
    except (PyJWTError, ValueError, RecursionError):
        raise Unauthenticated("the token is no JWT") from None
    issuer = issuers.get(_text(whole["payload"], "iss"))
    if issuer is None:
        raise Unauthenticated("the token is of an issuer that is not believed here")
    kid = _text(whole["header"], "kid")
    key = key_sets[issuer.issuer].get(kid)
    if key is None:
        raise Unauthenticated("the token is signed by a key that its issuer does not have (kid)")
    if whole["header"].get("alg") not in ALGORITHMS:
        raise Unauthenticated(f"the token's algorithm is none of {', '.join(ALGORITHMS)}")
    payload = _payload(token, key.algorithm, key.public, issuer)
    subject = _text(payload, "sub")
    if not subject:
        raise Unauthenticated("the token has no sub")
    expires_s = _time_s(payload, "exp")
    if now_s >= expires_s:
        raise Unauthenticated("the token has expired")
    if "nbf" in payload and now_s + LEEWAY_S < _time_s(payload, "nbf"):
        raise Unauthenticated("the token is not valid yet")
    return Claims(issuer.issuer, subject, expires_s, kid)


def _payload(token: str, algorithm: str, key: Any, issuer: Issuer) -> Mapping[str, Any]:
    """What is in a token that the key has signed. Times are looked at by our own clock."""
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=issuer.audience,
            issuer=issuer.issuer,
            options={
                "require": ["exp", "sub", "iss", "aud"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except InvalidSignatureError:
        cause = "the token's signature is wrong"
    except InvalidAudienceError:
        cause = "the token is for another audience"
    except MissingRequiredClaimError as missing:
        cause = f"the token has no {missing.claim}"
    except (PyJWTError, ValueError, TypeError):
        cause = "the token is not one that its key can have signed"
    raise Unauthenticated(cause)


def _text(part: Mapping[str, Any], name: str) -> str:
    """A text of a token; empty if it has none."""
    value = part.get(name)
    return value if isinstance(value, str) else ""


def _time_s(payload: Mapping[str, Any], name: str) -> float:
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated(f"the token's {name} is no time")
    if not 0 <= value <= TIME_S_MAX:
        raise Unauthenticated(f"the token's {name} is no time")
    return float(value)


def make_token(
    key: SigningKey,
    *,
    issuer: str,
    audience: str,
    subject: str,
    now_s: float,
    lifetime_s: float,
) -> str:
    """A token that says this, signed with a key."""
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": int(now_s),
        "exp": int(now_s + lifetime_s),
    }
    return jwt.encode(claims, key.private, algorithm=key.algorithm, headers={"kid": key.kid})
