"""Every RPC of the contract and every command in Execute, with no, expired, forged and wrong
credentials: each is refused, and nothing changes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
import pytest
from holdfast.v1 import errors_pb2

from engine.access.gate import Gate, Identity
from engine.access.keys import make_key
from tests.access.house import signed
from tests.rpc.front_door import (
    COMMANDS_OF_EXECUTE,
    REQUESTS,
    RPCS,
    Door,
    Metadata,
    bearer,
    command_of,
    front_door,
)
from tests.rpc.serving import Refused

UNKNOWN: dict[str, Callable[[Door], Metadata]] = {
    "none": lambda _: (),
    "expired": lambda door: door.metadata("root", exp=door.house.clock.now_s - 1),
    "not yet valid": lambda door: door.metadata("root", nbf=door.house.clock.now_s + 60),
    "forged": lambda door: bearer(
        signed(door.house.claims("root"), make_key(), kid=door.house.key.kid)
    ),
    "for another audience": lambda door: door.metadata("root", aud="other"),
    "of a stranger": lambda door: door.metadata("stranger"),
    "of another scheme": lambda door: (("authorization", f"Basic {door.house.token('root')}"),),
    "twice": lambda door: door.metadata("root") * 2,
    "empty": lambda _: (("authorization", ""),),
    "as another header": lambda door: (("x-authorization", f"Bearer {door.house.token('root')}"),),
}
"""Credentials with which nobody is known."""

FREE = {"GetNode", "WaitForSubscriber"}
"""What names no stock: whoever may ask it may ask it."""


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with front_door(tmp_path) as opened:
        yield opened


def test_there_is_a_request_for_every_rpc_and_command() -> None:
    assert {*REQUESTS, "Execute"} == set(RPCS)
    assert set(COMMANDS_OF_EXECUTE.values()) <= set(REQUESTS)


Ask = Callable[[Door, Metadata], Awaitable[list[tuple[str, str]]]]


async def ask_every_rpc(door: Door, metadata: Metadata) -> list[tuple[str, str]]:
    """Every RPC with its reason; empty where it was answered."""
    found = []
    for name, request in door.requests().items():
        answer = await door.call(name, request, metadata)
        found.append((name, answer.reason if isinstance(answer, Refused) else ""))
    return found


async def ask_every_command(door: Door, metadata: Metadata) -> list[tuple[str, str]]:
    """Every command in Execute with its reason; empty where it was accepted."""
    requests = door.requests()
    found = []
    for field, name in COMMANDS_OF_EXECUTE.items():
        command = command_of(field, requests[name])
        try:
            outcome = await door.outcome(command, metadata)
        except grpc.aio.AioRpcError as error:
            found.append((name, Refused(error).reason))
        else:
            reason = errors_pb2.ErrorReason.Name(outcome.failure.reason)
            is_refused = outcome.HasField("failure")
            found.append((name, reason.removeprefix("ERROR_REASON_") if is_refused else ""))
    return found


async def holes(door: Door, ask: Ask, metadata: Metadata, reason: str) -> list[str]:
    """What was not refused for this reason, and "the log" if anything changed."""
    before = await door.state()
    found = [name for name, given in await ask(door, metadata) if given != reason]
    return found if await door.state() == before else [*found, "the log"]


WAYS = pytest.mark.parametrize("ask", [ask_every_rpc, ask_every_command])


@WAYS
@pytest.mark.parametrize("credentials", UNKNOWN)
async def test_nothing_is_served_to_whom_nobody_knows(
    door: Door, ask: Ask, credentials: str
) -> None:
    assert await holes(door, ask, UNKNOWN[credentials](door), "UNAUTHENTICATED") == []


@WAYS
async def test_nothing_is_served_that_is_about_other_stock(door: Door, ask: Ask) -> None:
    found = await holes(door, ask, door.metadata("elsewhere"), "PERMISSION_DENIED")
    assert set(found) <= FREE


@WAYS
async def test_nothing_is_served_to_whom_it_is_not_granted(door: Door, ask: Ask) -> None:
    assert await holes(door, ask, door.metadata("nobody"), "PERMISSION_DENIED") == []


async def test_each_command_is_granted_by_itself(door: Door) -> None:
    """Whoever may do everything else is denied this one."""
    before = await door.state()
    requests = door.requests()
    for name, request in requests.items():
        answer = await door.call(name, request, door.metadata(f"all but {name}"))
        assert isinstance(answer, Refused), name
        assert (answer.code, answer.reason) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "PERMISSION_DENIED",
        )
        assert answer.metadata == {
            "principal": f"all but {name}",
            "command": name,
            "not_covered": "none of its rules is about this command",
        }
    for field, name in COMMANDS_OF_EXECUTE.items():
        command = command_of(field, requests[name])
        outcome = await door.outcome(command, door.metadata(f"all but {name}"))
        assert outcome.failure.reason == errors_pb2.ERROR_REASON_PERMISSION_DENIED, name
        assert outcome.failure.metadata["command"] == name
    assert await door.state() == before


async def test_whoever_may_is_served(door: Door) -> None:
    """The requests are right: without a door in the way each reaches its handler."""
    turned_away = {"UNAUTHENTICATED", "PERMISSION_DENIED", "RATE_LIMITED", "INVALID_FIELD"}
    for ask in (ask_every_rpc, ask_every_command):
        found = await ask(door, door.metadata("root"))
        assert [name for name, reason in found if reason in turned_away | {"INTERNAL"}] == []


async def test_without_rules_in_force_the_generated_tests_find_every_hole(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a door that does not ask what is granted."""
    monkeypatch.setattr(Gate, "check", lambda *_: None)
    found = await holes(door, ask_every_rpc, door.metadata("nobody"), "PERMISSION_DENIED")
    assert found == [*REQUESTS, "the log"]
    found = await holes(door, ask_every_command, door.metadata("nobody"), "PERMISSION_DENIED")
    assert found == [*COMMANDS_OF_EXECUTE.values(), "the log"]


async def test_without_authentication_the_generated_tests_find_every_hole(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a door that takes everybody for somebody."""
    root = Identity("everything", float("inf"), "")
    monkeypatch.setattr(Gate, "authenticate", lambda *_: root)
    found = await holes(door, ask_every_rpc, (), "UNAUTHENTICATED")
    assert found == [*REQUESTS, "the log"]
    found = await holes(door, ask_every_command, (), "UNAUTHENTICATED")
    assert set(found) == {*COMMANDS_OF_EXECUTE.values(), "the log"}
