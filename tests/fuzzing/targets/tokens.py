"""Bearer tokens and the key sets that they are verified with."""

import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.access.keys import SigningKey, jwk_set, parse_key_set, public_jwk
from engine.access.model import Issuer
from engine.access.problems import Unauthenticated
from engine.access.tokens import make_token, verify
from engine.access.watched import FileRefused

PATH = Path("/etc/holdfast/keys.json")
NOW_S = 1_767_225_600.0
NAME = "https://login.example"
ISSUER = Issuer(NAME, "holdfast", str(PATH))
KEYS = (
    SigningKey("one", "EdDSA", Ed25519PrivateKey.from_private_bytes(b"7" * 32)),
    SigningKey("two", "ES256", derive_private_key(7, SECP256R1())),
)
KEY_SET = parse_key_set(PATH, jwk_set(map(public_jwk, KEYS)))
SUBJECT = "checkout"


def one_input(data: bytes) -> None:
    """The first byte says whether it is a token, what a key of the issuer has signed, or a key set.
    Nobody is believed to be anyone whom no key has vouched for."""
    if not data:
        return
    how, rest = data[0] % 4, data[1:]
    if how == 3:
        try:
            assert parse_key_set(PATH, rest)
        except FileRefused as refused:
            assert str(PATH) in str(refused)
        return
    key = KEYS[data[0] // 4 % 2]
    headers = {"kid": key.kid}
    if how == 0:
        token = rest.decode("utf-8", "replace")
    elif how == 1:
        signed = jwt.PyJWS().encode(rest, key.private, key.algorithm, headers)
        token = signed
    else:
        head = rest.hex()
        token = jwt.PyJWS().encode(claims(), key.private, key.algorithm, {**headers, "x": head})
    try:
        believed = verify(token, {NAME: ISSUER}, {NAME: KEY_SET}, NOW_S)
    except Unauthenticated as refused:
        assert len(token) < 20 or token not in refused.cause
        return
    assert believed.issuer == NAME
    assert believed.expires_s > NOW_S
    assert how == 1 or believed.subject == SUBJECT


def claims(**changes: Any) -> bytes:
    """What a good token says, and what is changed in it."""
    good = {"iss": NAME, "aud": "holdfast", "sub": SUBJECT, "exp": NOW_S + 60}
    return json.dumps(good | changes).encode()


def examples() -> list[bytes]:
    """Tokens that are good, expired, for others, of no time; and key sets."""
    tokens = [
        make_token(
            KEYS[0], issuer=NAME, audience="holdfast", subject=SUBJECT, now_s=NOW_S, lifetime_s=60
        ),
        jwt.encode({"iss": NAME, "sub": SUBJECT}, "", algorithm="none"),
        "a.b.c",
        "",
    ]
    stated = [
        *(claims(), claims(exp=NOW_S - 1), claims(aud=["x", "holdfast"]), claims(exp=1e308)),
        *(claims(exp=True), claims(sub=5), claims(nbf="now"), claims(iss=None), claims(aud={})),
        *(b"[]", b"{", b"5", b"\xff", b"[" * 3_000, b'{"exp": ' + b"9" * 5_000 + b"}"),
    ]
    return [
        *(b"\0" + token.encode() for token in tokens),
        *(bytes([1 + 4 * (number % 2)]) + each for number, each in enumerate(stated)),
        b"\2head",
        b"\3" + jwk_set(map(public_jwk, KEYS)),
        b'\3{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": 5}]}',
        b'\3{"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "x": "AA", "y": "\xc3\xa9"}]}',
        b"\3" + b"[" * 3_000,
    ]
