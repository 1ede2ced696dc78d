"""Which tokens are believed, and that nothing forged is."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.access.keys import (
    ALGORITHMS,
    jwk_set,
    key_from_pem,
    make_key,
    parse_key_set,
    private_pem,
    public_jwk,
)
from engine.access.problems import Unauthenticated
from engine.access.tokens import TOKEN_CHARACTERS_MAX, Claims, make_token, verify
from engine.access.watched import FileRefused
from tests.access.house import AUDIENCE, ISSUER, House, signed


@pytest.fixture(scope="module", params=ALGORITHMS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"), key=make_key(request.param))


def verified(house: House, token: str) -> Claims:
    key_sets = {ISSUER: parse_key_set(house.keys_file, house.keys_file.read_bytes())}
    return verify(token, house.gate().principals.issuers, key_sets, house.clock.now_s)


def refusal(house: House, token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        verified(house, token)
    cause = str(refused.value)
    assert_tells_nothing_of(token, cause)
    return cause


def assert_tells_nothing_of(token: str, text: str) -> None:
    """No part of a token is in a text."""
    assert not [part for part in token.split(".") if len(part) > 8 and part in text]


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hs256(house: House, secret: bytes, **header: Any) -> str:
    """A token signed with a shared secret: the public key, which everybody knows."""
    head = {"alg": "HS256", "typ": "JWT", "kid": house.key.kid, **header}
    text = f"{part(head)}.{part(house.claims())}"
    return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def public_pem(house: House) -> bytes:
    return house.key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def unsigned(house: House, algorithm: str, **header: Any) -> str:
    head = {"alg": algorithm, "typ": "JWT", "kid": house.key.kid, **header}
    return f"{part(head)}.{part(house.claims())}."


def tampered(house: House, **changes: Any) -> str:
    """A good token whose claims were changed after it was signed."""
    head, _, signature = house.token().split(".")
    return f"{head}.{part(house.claims(**changes))}.{signature}"


def with_header(house: House, **changes: Any) -> str:
    """A good token whose header was changed after it was signed."""
    head, payload, signature = house.token().split(".")
    decoded = json.loads(base64.urlsafe_b64decode(head + "=="))
    return f"{part(decoded | changes)}.{payload}.{signature}"


UNKNOWN_ISSUER = "the token is of an issuer that is not believed here"
UNKNOWN_KEY = "the token is signed by a key that its issuer does not have (kid)"
NO_ALGORITHM = "the token's algorithm is none of EdDSA, ES256"
BAD_SIGNATURE = "the token's signature is wrong"
NOT_OF_KEY = "the token is not one that its key can have signed"
ODD = make_key("EdDSA"), make_key("ES256")

FORGERIES: dict[str, tuple[Callable[[House], str], str | tuple[str, ...]]] = {
    "none": (lambda h: unsigned(h, "none"), NO_ALGORITHM),
    "None": (lambda h: unsigned(h, "None"), NO_ALGORITHM),
    "no signature": (lambda h: house_head(h) + ".", BAD_SIGNATURE),
    "HS256 with the public PEM": (lambda h: hs256(h, public_pem(h)), NO_ALGORITHM),
    "HS256 with the JWK": (
        lambda h: hs256(h, json.dumps(public_jwk(h.key)).encode()),
        NO_ALGORITHM,
    ),
    "HS256 said to be ours": (
        lambda h: hs256(h, public_pem(h), alg=h.key.algorithm),
        (BAD_SIGNATURE, NOT_OF_KEY),
    ),
    "the other algorithm": (
        lambda h: signed(h.claims(), ODD[h.key.algorithm == "EdDSA"], kid=h.key.kid),
        NOT_OF_KEY,
    ),
    "another key": (
        lambda h: signed(h.claims(), make_key(h.key.algorithm), kid=h.key.kid),
        BAD_SIGNATURE,
    ),
    "an unknown kid": (lambda h: signed(h.claims(), h.key, kid="other"), UNKNOWN_KEY),
    "no kid": (lambda h: signed(h.claims(), h.key, kid=None), UNKNOWN_KEY),
    "a kid that is no text": (lambda h: with_header(h, kid=7), "the token is no JWT"),
    "its own key in the header": (
        lambda h: signed(h.claims(), ODD[0], jwk=public_jwk(ODD[0])),
        UNKNOWN_KEY,
    ),
    "a critical extension": (
        lambda h: signed(h.claims(), h.key, crit=["exp"]),
        ("the token is no JWT", NOT_OF_KEY),
    ),
    "another audience": (
        lambda h: h.token(aud="other"),
        "the token is for another audience",
    ),
    "an audience that begins so": (
        lambda h: h.token(aud=AUDIENCE + "x"),
        "the token is for another audience",
    ),
    "no audience": (lambda h: h.token(aud=None), "the token has no aud"),
    "another issuer": (lambda h: h.token(iss="https://evil.example"), UNKNOWN_ISSUER),
    "no issuer": (lambda h: h.token(iss=None), UNKNOWN_ISSUER),
    "a list of issuers": (lambda h: with_claims(h, iss=[ISSUER]), UNKNOWN_ISSUER),
    "no subject": (lambda h: h.token(sub=None), "the token has no sub"),
    "an empty subject": (lambda h: h.token(sub=""), "the token has no sub"),
    "a subject that is no text": (lambda h: with_claims(h, sub=7), NOT_OF_KEY),
    "no end": (lambda h: h.token(exp=None), "the token has no exp"),
    "an end that is no time": (lambda h: h.token(exp="soon"), "the token's exp is no time"),
    "an end that is true": (lambda h: h.token(exp=True), "the token's exp is no time"),
    "an end beyond the calendar": (lambda h: h.token(exp=10**30), "the token's exp is no time"),
    "expired": (lambda h: h.token(exp=h.clock.now_s - 1), "the token has expired"),
    "expired just now": (lambda h: h.token(exp=h.clock.now_s), "the token has expired"),
    "not yet valid": (lambda h: h.token(nbf=h.clock.now_s + 60), "the token is not valid yet"),
    "a beginning that is no time": (lambda h: h.token(nbf="now"), "the token's nbf is no time"),
    "a tampered subject": (lambda h: tampered(h, sub="root"), BAD_SIGNATURE),
    "a tampered end": (lambda h: tampered(h, exp=h.clock.now_s + 10**6), BAD_SIGNATURE),
    "too long": (
        lambda h: h.token(note="x" * TOKEN_CHARACTERS_MAX),
        f"the token is longer than {TOKEN_CHARACTERS_MAX} characters",
    ),
    "nothing": (lambda _: "x", "the token is no JWT"),
    "three empty parts": (lambda _: "..", "the token is no JWT"),
    "claims that are a list": (
        lambda h: f"{house_head(h).partition('.')[0]}.{part([1])}.x",
        "the token is no JWT",
    ),
    "claims that are nested deep": (
        lambda h: f"{house_head(h).partition('.')[0]}.{part(b'[' * 2_900)}.x",
        "the token is no JWT",
    ),
    "spaces inside": (lambda h: h.token().replace(".", " . "), "the token is no JWT"),
}


def house_head(house: House) -> str:
    """A good token without its signature."""
    return house.token().rpartition(".")[0]


def with_claims(house: House, **claims: Any) -> str:
    """Claims that PyJWT itself would not sign."""
    algorithm = jwt.get_algorithm_by_name(house.key.algorithm)
    head = {"alg": house.key.algorithm, "kid": house.key.kid}
    text = f"{part(head)}.{part(house.claims(**claims))}"
    return f"{text}.{part(algorithm.sign(text.encode(), house.key.private))}"


@pytest.mark.parametrize("name", FORGERIES)
def test_what_is_forged_is_not_believed(house: House, name: str) -> None:
    forge, cause = FORGERIES[name]
    assert refusal(house, forge(house)) in ((cause,) if isinstance(cause, str) else cause)


GOOD: list[dict[str, Any]] = [
    {},
    {"aud": ["other", AUDIENCE]},
    {"nbf": 0},
    {"iat": 10**11},
    {"sub": "é" * 50},
    {"exp": 1_800_000_000.5},
]


@pytest.mark.parametrize("changes", GOOD, ids=str)
def test_what_is_right_is_believed(house: House, changes: dict[str, Any]) -> None:
    claims = verified(house, house.token(**changes))
    assert claims.issuer == ISSUER
    assert claims.subject == changes.get("sub", "checkout")
    assert claims.expires_s == changes.get("exp", house.clock.now_s + 3_600)


def test_a_clock_may_be_a_little_ahead_at_the_beginning_and_not_at_the_end(house: House) -> None:
    verified(house, house.token(nbf=house.clock.now_s + 4))
    refusal(house, house.token(exp=house.clock.now_s - 0.1))


def test_a_made_token_is_believed(house: House) -> None:
    key = key_from_pem(private_pem(house.key), house.key.kid)
    now_s = house.clock.now_s
    token = make_token(
        key, issuer=ISSUER, audience=AUDIENCE, subject="me", now_s=now_s, lifetime_s=60
    )
    assert verified(house, token) == (ISSUER, "me", now_s + 60, house.key.kid)


GOOD_TOKENS: dict[str, str] = {}
"""One for each key, so that an example that fails fails again."""

TOKEN_LIKE = st.text(alphabet=st.sampled_from("eyJhbGciOiJub25lIn0.-_={}\x00é"), max_size=200)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TOKEN_LIKE)
def test_whatever_is_shown_is_refused_in_words(house: House, token: str) -> None:
    refusal(house, token)


@given(st.integers(0, 10**6), st.sampled_from("ABCxyz012-_."))
def test_a_token_with_any_character_changed_is_refused(
    house: House, place: int, other: str
) -> None:
    token = GOOD_TOKENS.setdefault(house.key.kid, house.token())
    # The last character of each part has bits that mean nothing.
    ends = {index - 1 for index, character in enumerate(token + ".") if character == "."}
    places = [index for index in range(len(token)) if index not in ends]
    index = places[place % len(places)]
    if token[index] == other:
        other = "~"
    refusal(house, token[:index] + other + token[index + 1 :])


SETS: list[tuple[str, Any, str]] = [
    ("no JSON", b"{", "it is no JSON"),
    ("no set", {"kty": "OKP"}, "it is no JWK set"),
    ("no keys", {"keys": []}, "it is no JWK set"),
    ("no object", {"keys": [7]}, "keys[0]: it is no object"),
    ("a private key", {"keys": [{"kty": "OKP", "d": "SECRET", "kid": "1"}]}, "keys[0]: it is a p"),
    ("a shared key", {"keys": [{"kty": "oct", "k": "SECRET", "kid": "1"}]}, "keys[0]: it is a pr"),
    ("no kid", {"keys": [{"kty": "OKP", "crv": "Ed25519"}]}, "keys[0]: it has no kid"),
    ("RSA", {"keys": [{"kty": "RSA", "kid": "1", "n": "x"}]}, "keys[0]: allowed: kty OKP"),
    ("P-384", {"keys": [{"kty": "EC", "crv": "P-384", "kid": "1"}]}, "keys[0]: allowed: kty OKP"),
    ("Ed448", {"keys": [{"kty": "OKP", "crv": "Ed448", "kid": "1"}]}, "keys[0]: allowed: kty OKP"),
    (
        "no coordinates",
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "SECRET"}]},
        "keys[0]: its coordinates are no key",
    ),
    (
        "another use",
        {"keys": [public_jwk(ODD[0]) | {"use": "enc"}]},
        "keys[0]: allowed: alg EdDSA and use sig",
    ),
    (
        "another algorithm",
        {"keys": [public_jwk(ODD[0]) | {"alg": "HS256"}]},
        "keys[0]: allowed: alg EdDSA and use sig",
    ),
    ("twice", {"keys": [public_jwk(ODD[0])] * 2}, "keys[1]: its kid is that of another key"),
]


@pytest.mark.parametrize(("name", "content", "problem"), SETS)
def test_a_key_set_with_anything_wrong_is_refused(name: str, content: Any, problem: str) -> None:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(FileRefused) as refused:
        parse_key_set(Path("keys.json"), data)
    assert problem in str(refused.value)
    assert "SECRET" not in str(refused.value)


def test_a_key_set_of_both_kinds_is_read() -> None:
    found = parse_key_set(Path("keys.json"), jwk_set(map(public_jwk, ODD)))
    assert {kid: key.algorithm for kid, key in found.items()} == {
        ODD[0].kid: "EdDSA",
        ODD[1].kid: "ES256",
    }


def test_a_private_key_does_not_show_itself() -> None:
    assert repr(ODD[0]) == f"SigningKey({ODD[0].kid!r}, 'EdDSA')"
    with pytest.raises(ValueError, match="allowed: EdDSA, ES256"):
        make_key("RS256")
