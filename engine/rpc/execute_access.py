"""Who may do what in Execute: each command of a batch is judged by itself, by what is in force when
it comes, before any of the batch is submitted."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from holdfast.v1 import inventory_pb2 as pb

from engine.access.named import NOTHING, Named
from engine.access.problems import PermissionDenied, RateLimited
from engine.core.commands import Command
from engine.rpc.calls import Call, abandon, earliest_ns
from engine.rpc.checks import InvalidField, timeout_ns
from engine.rpc.naming import COMMAND_NAMES, named_by
from engine.rpc.subjects import Ask, SubjectQuestion, check_subject, confirm_read
from engine.rpc.visits import Visit
from engine.shard.messages import Result
from engine.shard.port import Overloaded, Shards, ShardUnavailable
from engine.shard.queries import ReadReservation, ReadTransfer
from engine.shard.slots import slot_of_reservation

COMMANDS_PER_TURN = 256
"""Commands judged without a break: then other calls get their turn."""


class Judged(NamedTuple):
    """What is known of one command before it is submitted: why it is refused, or what it names."""

    refusal: Exception | None
    asked: Named = NOTHING


class Judge:
    """Judges the commands of one stream."""

    def __init__(self, shards: Shards, call: Call, visit: Visit) -> None:
        self._shards = shards
        self._call = call
        self._visit = visit

    async def judge(self, commands: Sequence[pb.Command]) -> list[Judged]:
        """Judge a batch. What a command leads to by an id is read for all of them at once, so that
        they are submitted in their order afterwards. Unauthenticated if the caller is nobody any
        more: that ends the stream."""
        judged: list[Judged] = []
        for command in commands:
            if len(judged) % COMMANDS_PER_TURN == COMMANDS_PER_TURN - 1:
                await asyncio.sleep(0)
            judged.append(self._judge(command))
        questions = {
            index: question
            for index, (command, one) in enumerate(zip(commands, judged, strict=True))
            if one.refusal is None and (question := self._question(command, one)) is not None
        }
        if questions:
            await self._look_up(commands, judged, questions)
        return judged

    async def settle(
        self, name: str, judged: Judged, slot: int, command: Command, ask: Ask
    ) -> None:
        """Judge a command that has named its reservation by reference, now that it is known which
        that is."""
        read = partial(ask, slot)
        shard = self._shards.shard_of(slot)
        await check_subject(
            self._visit, COMMAND_NAMES[name], judged.asked, command, shard=shard, read=read
        )

    def done(self, judged: Sequence[Judged]) -> None:
        """The commands of a batch are answered."""
        self._visit.leave(sum(not isinstance(one.refusal, RateLimited) for one in judged))

    def _judge(self, command: pb.Command) -> Judged:
        visit = self._visit
        try:
            visit.spend()
            visit.enter()
        except RateLimited as limited:
            return Judged(limited)
        name = command.WhichOneof("command")
        if name is None:
            # There is no such command: the one who converts it says so.
            return Judged(None)
        asked = named_by(COMMAND_NAMES[name], getattr(command, name))
        try:
            visit.check(COMMAND_NAMES[name], asked)
        except PermissionDenied as denied:
            return Judged(denied)
        return Judged(None, asked)

    def _question(self, command: pb.Command, judged: Judged) -> SubjectQuestion | None:
        """What has to be read to judge a command; None if it names all itself, may do everything,
        or says only by a reference where it leads."""
        name = command.WhichOneof("command")
        if name is None:
            return None
        request: Any = getattr(command, name)
        kind = _ID_OF[name]
        if kind is None or not self._visit.needs_to_see(COMMAND_NAMES[name], judged.asked):
            return None
        field, question = kind
        subject_id: str = getattr(request, field)
        return question(request.tenant, subject_id) if subject_id else None

    async def _look_up(
        self,
        commands: Sequence[pb.Command],
        judged: list[Judged],
        questions: dict[int, SubjectQuestion],
    ) -> None:
        """Read what commands lead to, and judge them by it."""
        asked: dict[int, tuple[int, asyncio.Future[Result]]] = {}
        now_ns = time.monotonic_ns()
        try:
            for index, question in questions.items():
                slot = slot_of_reservation(_id_in(question))
                if slot is None:
                    # None of ours: the one who converts it says so.
                    continue
                try:
                    deadline_ns = self._deadline_ns(commands[index], now_ns)
                    future = self._shards.submit(slot, question, deadline_ns)
                except (InvalidField, Overloaded, ShardUnavailable) as problem:
                    judged[index] = Judged(problem)
                    continue
                asked[index] = self._shards.shard_of(slot), future
            for index, (shard, future) in asked.items():
                await asyncio.wait((future,))
                command = COMMAND_NAMES[commands[index].WhichOneof("command") or ""]
                try:
                    result = future.result()
                    named = judged[index].asked
                    confirm_read(self._visit, command, named, questions[index], result, shard)
                except Exception as problem:
                    judged[index] = Judged(problem)
        finally:
            for _, future in asked.values():
                abandon(future)

    def _deadline_ns(self, command: pb.Command, now_ns: int) -> int:
        """The deadline of what has to be read for a command: its own. InvalidField if that is
        malformed."""
        own_ns = 0
        if command.HasField("timeout"):
            own_ns = now_ns + timeout_ns(command.timeout, "timeout")
        return earliest_ns(now_ns, self._call.deadline_ns, own_ns)


def _id_in(question: SubjectQuestion) -> str:
    if isinstance(question, ReadReservation):
        return question.reservation_id
    return question.transfer_id


def _id_of(field: str) -> tuple[str, type[ReadReservation] | type[ReadTransfer]] | None:
    """The field by whose id a command leads to something, and what is asked about that."""
    fields = {one.name for one in getattr(pb.Command(), field).DESCRIPTOR.fields}
    if "reservation_id" in fields:
        return "reservation_id", ReadReservation
    return ("transfer_id", ReadTransfer) if "transfer_id" in fields else None


_ID_OF = {name: _id_of(name) for name in COMMAND_NAMES}
