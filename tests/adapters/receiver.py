"""A receiver of webhooks that takes nothing on trust: it verifies signature, time stamp and the
shape of the CloudEvent, drops duplicates by id and what is late by sequence, and fails as a test
says. It knows the schemes by their documents, not by the adapter's code."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

TOLERANCE = timedelta(minutes=5)
ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
"""What a CloudEvents attribute may be called."""
REQUIRED = ("id", "source", "specversion", "type")


class Answer(NamedTuple):
    """How one request ends. `takes` says whether its message takes effect before."""

    status: int = 204
    headers: Mapping[str, str] = {}
    takes: bool = True
    cut: bool = False
    """The connection ends without an answer."""
    silent: bool = False
    """No answer comes as long as the sender waits."""


OK = Answer()
LOST = Answer(cut=True)
"""It takes effect, and the sender does not hear of it."""
SILENT = Answer(silent=True)
BROKEN = Answer(500, takes=False)
REFUSED_CONNECTION = Answer(takes=False, cut=True)


def throttled(status: int, retry_after: str) -> Answer:
    return Answer(status, {"Retry-After": retry_after}, takes=False)


class Delivery(NamedTuple):
    """A message that was verified."""

    id: str
    event: dict[str, Any]

    @property
    def sku(self) -> str:
        return str(self.event["subject"])


class Receiver:
    """What a shop has behind its webhook address."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self.secret = secret
        self.now = now
        self.answers: deque[Answer] = deque()
        """How the next requests end; those after them are taken."""
        self.by_sku: dict[str, Answer] = {}
        """How every request about a SKU ends."""
        self.units: dict[str, int] = {}
        self.problems: list[str] = []
        """What was wrong with messages that came."""
        self.deliveries: list[Delivery] = []
        self.duplicates = 0
        self.late = 0
        self._changed = asyncio.Event()
        self._ids: set[str] = set()
        self._sequences: dict[str, str] = {}
        self.url = ""

    def take(self, headers: Mapping[str, str], body: bytes) -> Answer:
        problem = problem_of(headers, body, self.secret, self.now())
        if problem:
            self.problems.append(problem)
            return Answer(400, takes=False)
        event = json.loads(body)
        delivery = Delivery(headers["webhook-id"], event)
        self.deliveries.append(delivery)
        answer = self.by_sku.get(delivery.sku) or (self.answers.popleft() if self.answers else OK)
        if answer.takes:
            self._apply(delivery)
        self._changed.set()
        return answer

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until deliveries have made it so."""
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    def _apply(self, delivery: Delivery) -> None:
        if delivery.id in self._ids:
            self.duplicates += 1
            return
        self._ids.add(delivery.id)
        sequence = delivery.event["sequence"]
        if sequence < self._sequences.get(delivery.sku, ""):
            self.late += 1
            return
        self._sequences[delivery.sku] = sequence
        self.units[delivery.sku] = delivery.event["data"]["units"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")[1:-2]
                pairs = [line.partition(":") for line in lines]
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                body = await reader.readexactly(int(headers["content-length"]))
                answer = self.take(headers, body)
                if answer.cut:
                    return
                if answer.silent:
                    await reader.read()
                    return
                extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
                writer.write(
                    f"HTTP/1.1 {answer.status} X\r\nContent-Length: 0\r\n{extra}\r\n".encode()
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(secret: str, now: Callable[[], datetime]) -> AsyncIterator[Receiver]:
    receiver = Receiver(secret, now)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/stock"
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def problem_of(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> str:
    """What is wrong with a message; empty: nothing."""
    missing = [
        name
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")
        if not headers.get(name)
    ]
    if missing:
        return f"missing: {', '.join(missing)}"
    message_id, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if "." in message_id:
        return "the id has a full stop"
    if not sent.isdecimal() or abs(int(sent) - now.timestamp()) > TOLERANCE.total_seconds():
        return "the time stamp is not of now"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((message_id.encode(), sent.encode(), body))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [each.partition(",") for each in headers["webhook-signature"].split(" ")]
    if not any(
        version == "v1" and hmac.compare_digest(value, expected) for version, _, value in given
    ):
        return "no signature is right"
    return _problem_of_event(headers["content-type"], body, message_id)


def _problem_of_event(content_type: str, body: bytes, message_id: str) -> str:
    if content_type.partition(";")[0].strip() != "application/cloudevents+json":
        return f"the content is {content_type}"
    event = json.loads(body)
    attributes = {name: value for name, value in event.items() if name != "data"}
    problems = [f"{name} is empty" for name in REQUIRED if not attributes.get(name)]
    problems += [f"{name} is no name" for name in attributes if not ATTRIBUTE.fullmatch(name)]
    problems += [
        f"{name} is no text" for name, value in attributes.items() if not isinstance(value, str)
    ]
    if event.get("specversion") != "1.0":
        problems.append("the version is not 1.0")
    if event.get("id") != message_id:
        problems.append("the ids differ")
    if "time" in event and datetime.fromisoformat(event["time"]).tzinfo is None:
        problems.append("the time has no zone")
    return "; ".join(problems)
