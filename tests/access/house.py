"""A folder with a principals file and a key set, and what is needed to sign tokens for it."""

from pathlib import Path
from typing import Any

import jwt

from engine.access.gate import Gate, Shown
from engine.access.keys import SigningKey, jwk_set, make_key, public_jwk

ISSUER = "https://login.example"
AUDIENCE = "holdfast"
START_S = 1_800_000_000.0

PRINCIPALS = f"""
[[issuers]]
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
keys = "keys.json"

[[principals]]
name = "everything"
subjects = ["root"]
certificates = ["root.shop"]
[[principals.rules]]
commands = ["*"]

[[principals]]
name = "checkout"
subjects = ["checkout"]
certificates = ["checkout.shop"]
[[principals.rules]]
commands = ["@promise", "@read"]
tenants = [""]
skus = ["TEA", "MUG-*"]
locations = ["LONDON"]
channels = ["", "web"]

[[principals]]
name = "nobody"
subjects = ["nobody"]
"""


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now_s: float = START_S) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class House:
    """The files of one front door."""

    def __init__(
        self, folder: Path, principals: str = PRINCIPALS, key: SigningKey | None = None
    ) -> None:
        self.folder = folder
        self.key = key or make_key()
        self.clock = Clock()
        self.principals_file = folder / "principals.toml"
        self.keys_file = folder / "keys.json"
        self._writings = 0
        self.write_keys(self.key)
        self.write(principals)

    def write(self, principals: str) -> None:
        """Replace the principals file, as a whole."""
        self._replace(self.principals_file, principals.encode())

    def write_keys(self, *keys: SigningKey) -> None:
        """Replace the key set by the public halves of these keys."""
        self._replace(self.keys_file, jwk_set(public_jwk(key) for key in keys))

    def _replace(self, path: Path, content: bytes) -> None:
        # Another inode each time, so that a look finds the change however soon it comes.
        self._writings += 1
        fresh = path.with_name(f"{path.name}.{self._writings}")
        fresh.write_bytes(content)
        if path.exists():
            path.rename(path.with_name(f"{path.name}.{self._writings}.old"))
        fresh.rename(path)

    def gate(self) -> Gate:
        """A gate of these files, by this clock."""
        return Gate(self.principals_file, wall_s=self.clock, clock_s=self.clock)

    def claims(self, subject: str = "checkout", **changes: Any) -> dict[str, Any]:
        """What a good token says; a change to None leaves it out."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "exp": self.clock.now_s + 3_600,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, subject: str = "checkout", **changes: Any) -> str:
        """A token that says this, signed with the key."""
        return signed(self.claims(subject, **changes), self.key)

    def shown(self, subject: str = "checkout", **changes: Any) -> Shown:
        """A caller who shows such a token."""
        return Shown(self.token(subject, **changes))


def signed(claims: dict[str, Any], key: SigningKey, **headers: Any) -> str:
    """A token with these claims, however wrong they are."""
    kept = {"kid": key.kid, **headers}
    kept = {name: value for name, value in kept.items() if value is not None}
    return jwt.encode(claims, key.private, algorithm=key.algorithm, headers=kept)
