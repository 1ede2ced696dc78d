"""Keys that sign tokens: made, written as JWK sets, and read from them. EdDSA is with Ed25519,
ES256 with P-256; nothing else is believed."""

import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm
from jwt.exceptions import PyJWTError

from engine.access.watched import FileRefused

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey

ALGORITHMS = ("EdDSA", "ES256")
KEYS_MAX = 100
"""Keys of one set."""

_ALGORITHM_OF = {"OKP Ed25519": "EdDSA", "EC P-256": "ES256"}


class SigningKey(NamedTuple):
    """A private key with its id and algorithm."""

    kid: str
    algorithm: str
    private: PrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.kid!r}, {self.algorithm!r})"


class VerifyingKey(NamedTuple):
    """A public key with the one algorithm that it is for."""

    algorithm: str
    public: PublicKey


KeySet = Mapping[str, VerifyingKey]
"""The keys of an issuer by their ids."""


def make_key(algorithm: str = "EdDSA", kid: str = "") -> SigningKey:
    """A new private key, of one of ALGORITHMS; without an id, one is made up."""
    if algorithm not in ALGORITHMS:
        raise ValueError(f"algorithm is {algorithm}; allowed: {', '.join(ALGORITHMS)}")
    private: PrivateKey = (
        Ed25519PrivateKey.generate() if algorithm == "EdDSA" else generate_private_key(SECP256R1())
    )
    return SigningKey(kid or secrets.token_hex(8), algorithm, private)


def private_pem(key: SigningKey) -> bytes:
    """The private key as unencrypted PKCS 8 PEM."""
    return key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def key_from_pem(pem: bytes, kid: str) -> SigningKey:
    """The private key of a PEM, with the id that its JWK has. ValueError if it is none that can
    sign tokens."""
    private = serialization.load_pem_private_key(pem, None)
    if isinstance(private, Ed25519PrivateKey):
        return SigningKey(kid, "EdDSA", private)
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return SigningKey(kid, "ES256", private)
    raise ValueError("the key is neither Ed25519 nor P-256")


def public_jwk(key: SigningKey) -> dict[str, str]:
    """The public half of a key as JWK."""
    public = key.private.public_key()
    if isinstance(public, Ed25519PublicKey):
        found: dict[str, Any] = OKPAlgorithm.to_jwk(public, as_dict=True)
    else:
        found = ECAlgorithm.to_jwk(public, as_dict=True)
    found = {name: value for name, value in found.items() if name in {"kty", "crv", "x", "y"}}
    return found | {"kid": key.kid, "alg": key.algorithm, "use": "sig"}


def jwk_set(jwks: Iterable[Mapping[str, str]]) -> bytes:
    """A JWK set of public keys, as a file has it."""
    return json.dumps({"keys": [dict(jwk) for jwk in jwks]}, indent=2).encode() + b"\n"


def parse_key_set(path: Path, content: bytes) -> KeySet:
    """The keys of a JWK set. FileRefused if any of them cannot be used, or is a private key."""
    try:
        stated = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileRefused(path, f"it is no JSON: {type(error).__name__}") from None
    listed = stated.get("keys") if isinstance(stated, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= KEYS_MAX:
        raise FileRefused(path, f'it is no JWK set: {{"keys": [1 to {KEYS_MAX} keys]}}')
    keys: dict[str, VerifyingKey] = {}
    for index, jwk in enumerate(listed):
        try:
            kid, key = _verifying_key(jwk)
        except _Wrong as wrong:
            raise FileRefused(path, f"keys[{index}]: {wrong}") from None
        if kid in keys:
            raise FileRefused(path, f"keys[{index}]: its kid is that of another key")
        keys[kid] = key
    return keys


class _Wrong(Exception):
    """What is wrong with a key; nothing of the key itself."""


def _verifying_key(jwk: Any) -> tuple[str, VerifyingKey]:
    if not isinstance(jwk, dict):
        raise _Wrong("it is no object")
    if "d" in jwk or "k" in jwk:
        raise _Wrong("it is a private or shared key, which belongs to the issuer alone")
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise _Wrong("it has no kid")
    algorithm = _ALGORITHM_OF.get(f"{jwk.get('kty')} {jwk.get('crv')}")
    if algorithm is None:
        raise _Wrong("allowed: kty OKP with crv Ed25519, or kty EC with crv P-256")
    if jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        raise _Wrong(f"allowed: alg {algorithm} and use sig")
    try:
        key = jwt.PyJWK(jwk, algorithm).key
    except (PyJWTError, ValueError, KeyError, TypeError):
        raise _Wrong("its coordinates are no key") from None
    return kid, VerifyingKey(algorithm, key)
