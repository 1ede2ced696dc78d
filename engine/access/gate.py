"""The gate: who calls, what they may do, and how much of it, by the files that are in force now.

Make a `Gate` of the principals file, call `look` once a second, and `authenticate` for each call;
what that returns judges the commands of the call."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import structlog

from engine.access.decide import Denied, judge
from engine.access.keys import KeySet, VerifyingKey, parse_key_set
from engine.access.limits import Clock, Limiter
from engine.access.model import Issuer, Principal, Principals
from engine.access.named import Named
from engine.access.principals_file import parse_principals
from engine.access.problems import PermissionDenied, Unauthenticated
from engine.access.tokens import Claims, verify
from engine.access.watched import FileRefused, WatchedFile

LOOK_S = 1.0
"""Seconds between two looks at the files."""
BELIEVED_MAX = 10_000
"""Tokens that are remembered as believed, so that each is verified once."""

_log = structlog.get_logger(__name__)


class Shown(NamedTuple):
    """What a caller shows: a bearer token, or else the names in the certificate of its connection
    and when that ends (seconds since 1970)."""

    token: str = ""
    certificate_names: tuple[str, ...] = ()
    certificate_expires_s: float = float("inf")

    def __repr__(self) -> str:
        return "Shown(...)"


class Identity(NamedTuple):
    """Whom a caller is taken for, and until when."""

    name: str
    expires_s: float
    expired: str


class _Believed(NamedTuple):
    """What a token says that was verified, and by what that was done."""

    claims: Claims
    issuer: Issuer
    key: VerifyingKey


class Gate:
    """Judges callers by the principals file and its key sets."""

    def __init__(
        self, path: Path, *, wall_s: Clock = time.time, clock_s: Clock = time.monotonic
    ) -> None:
        """FileRefused if a file is wrong. `wall_s` is what tokens are held against, `clock_s` what
        rates are."""
        self._wall_s = wall_s
        self._clock_s = clock_s
        self._file = WatchedFile(path, parse_principals)
        self._key_files: Mapping[str, WatchedFile[KeySet]] = {}
        self._principals = self._file.value
        self._key_files = self._opened(self._principals)
        self._believed: OrderedDict[bytes, _Believed] = OrderedDict()
        self._limiters: dict[str, Limiter] = {}
        self._reviews: dict[object, Callable[[], None]] = {}
        self._awaited = ""
        """Why a principals file that is right itself is not in force yet."""
        self.generation = 0
        """Another, higher number whenever a file that is in force has changed."""
        self.failures = 0
        """Changes of files that were refused."""
        self.loaded_s = wall_s()
        """When what is in force was read, in seconds since 1970."""

    @property
    def principals(self) -> Principals:
        """What is in force."""
        return self._principals

    def gauges(self) -> tuple[int, float]:
        """For metrics: refused changes of files, and when what is in force was read. Any thread may
        ask."""
        return self.failures, self.loaded_s

    def now_s(self) -> float:
        """The time that tokens are held against."""
        return self._wall_s()

    def authenticate(self, shown: Shown) -> Identity:
        """Whom a caller is, by what it shows. Unauthenticated if that is nobody."""
        if shown.token:
            return self._of_token(shown.token)
        if shown.certificate_names:
            return self._of_certificate(shown)
        raise Unauthenticated("neither a bearer token nor a client certificate was shown")

    def principal(self, name: str) -> Principal:
        """The principal of this name as it is now. Unauthenticated if there is none any more."""
        principal = self.principals.by_name.get(name)
        if principal is None:
            raise Unauthenticated("the caller is no principal any more")
        return principal

    def check(self, name: str, command: str, named: Named) -> None:
        """PermissionDenied if no rule of the principal covers what a command names."""
        judged = judge(self.principal(name), command, named)
        if isinstance(judged, Denied):
            raise PermissionDenied(name, command, judged.not_covered)

    def limiter(self, name: str) -> Limiter:
        """What the principal has under way."""
        limiter = self._limiters.get(name)
        if limiter is None:
            limiter = self._limiters[name] = Limiter(self.principal(name), self._clock_s)
        return limiter

    def look(self) -> None:
        """Take what has changed in the files. What is wrong is logged and counted, once for each
        change, and what was right before stays in force. Then all who have asked for it look at
        what they let in."""
        self._attempt(self._file.look)
        if self._file.value is not self._principals:
            self._take_principals()
        for key_file in self._key_files.values():
            if self._attempt(key_file.look):
                self._renew()
        for review in tuple(self._reviews.values()):
            review()

    async def look_for_ever(self) -> None:
        """Look once a second, until this is cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def on_look(self, key: object, review: Callable[[], None]) -> None:
        """Call `review` after each look, until `forget`."""
        self._reviews[key] = review

    def forget(self, key: object) -> None:
        """Call it no more."""
        self._reviews.pop(key, None)

    def _attempt(self, step: Callable[[], bool]) -> bool:
        """What a step of a look gives; False if a file is refused."""
        try:
            return step()
        except FileRefused as refused:
            self._refuse(refused)
            return False

    def _refuse(self, refused: FileRefused) -> None:
        self.failures += 1
        problem = refused.problem
        _log.error("a file of the front door is refused", file=str(refused.path), problem=problem)

    def _take_principals(self) -> None:
        """Put a principals file that is right in force, with the keys that it asks for; as long as
        there are no such keys, what was before stays."""
        try:
            self._key_files = self._opened(self._file.value)
        except FileRefused as refused:
            if str(refused) != self._awaited:
                self._awaited = str(refused)
                self._refuse(refused)
            return
        self._awaited = ""
        self._principals = self._file.value
        for name, limiter in self._limiters.items():
            principal = self._principals.by_name.get(name)
            if principal is not None:
                limiter.change(principal)
        self._renew()

    def _opened(self, principals: Principals) -> Mapping[str, WatchedFile[KeySet]]:
        """The key set of each issuer; one that is watched already stays."""
        opened: dict[str, WatchedFile[KeySet]] = {}
        for name, issuer in principals.issuers.items():
            path = Path(issuer.keys)
            known = self._key_files.get(name)
            if known is None or known.path != path:
                known = WatchedFile(path, parse_key_set)
            opened[name] = known
        return opened

    def _renew(self) -> None:
        """Something else is in force. Tokens are verified again whose key or issuer is another now:
        doing that for all at once would hold up everybody."""
        gone = [digest for digest, one in self._believed.items() if not self._still_believes(one)]
        for digest in gone:
            del self._believed[digest]
        self.generation += 1
        self.loaded_s = self._wall_s()
        _log.info(
            "the front door has changed",
            principals=len(self._principals.by_name),
            generation=self.generation,
        )

    def _still_believes(self, one: _Believed) -> bool:
        name = one.claims.issuer
        if self._principals.issuers.get(name) != one.issuer or name not in self._key_files:
            return False
        key = self._key_files[name].value.get(one.claims.kid)
        return key is one.key or key == one.key

    def _of_token(self, token: str) -> Identity:
        claims = self._claims(token)
        name = self._principals.by_subject.get((claims.issuer, claims.subject))
        if name is None:
            raise Unauthenticated("the token's subject is no principal here")
        return Identity(name, claims.expires_s, "the token has expired")

    def _claims(self, token: str) -> Claims:
        """What a token says. One that was believed stays so until it expires or a file changes."""
        now_s = self._wall_s()
        digest = blake2b(token.encode(errors="replace"), digest_size=32).digest()
        known = self._believed.get(digest)
        if known is not None:
            if now_s >= known.claims.expires_s:
                raise Unauthenticated("the token has expired")
            self._believed.move_to_end(digest)
            return known.claims
        key_sets = {name: file.value for name, file in self._key_files.items()}
        claims = verify(token, self._principals.issuers, key_sets, now_s)
        issuer = self._principals.issuers[claims.issuer]
        self._believed[digest] = _Believed(claims, issuer, key_sets[claims.issuer][claims.kid])
        if len(self._believed) > BELIEVED_MAX:
            self._believed.popitem(last=False)
        return claims

    def _of_certificate(self, shown: Shown) -> Identity:
        if self._wall_s() >= shown.certificate_expires_s:
            raise Unauthenticated("the client certificate has expired")
        known = self._principals.by_certificate
        names = {known[name] for name in shown.certificate_names if name in known}
        if not names:
            raise Unauthenticated("the client certificate names no principal")
        if len(names) > 1:
            raise Unauthenticated("the client certificate names several principals")
        return Identity(
            names.pop(), shown.certificate_expires_s, "the client certificate has expired"
        )
