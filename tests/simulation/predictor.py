"""Says beforehand what each shard has to answer, by the independent model of `tests/model`, one for
each shard, and holds every turn of the shard against it: answers, balances, baskets.

The SKUs of other shards never run out in a shard's model: its own part of a basket is
decided here, theirs by the models of their shards, from what they are asked to set aside and told.
What a crash takes back is taken back in the model as well.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from engine.core.answers import StockChanged, TransferChanged
from engine.core.commands import (
    BasketLine,
    ConfigureChannel,
    ConfigureLocations,
    LimitCustomers,
    Reserve,
)
from engine.core.events import (
    ChannelConfigured,
    CustomersLimited,
    LinesTold,
    LocationsConfigured,
)
from engine.core.model import Key, Stock
from engine.core.rejections import AttemptDecided, InsufficientStock, RequestIdReused
from engine.log.codec import decode_group
from engine.log.port import Commit, Log
from engine.shard.messages import (
    Accepted,
    Acknowledge,
    Call,
    Failed,
    GiveUp,
    HeardUpTo,
    Inquire,
    NeedsOthers,
    Prepare,
    Refused,
    Result,
    SetAside,
    Spread,
    Tell,
    TooLate,
    Write,
)
from engine.shard.queries import ReadStock, StockRead
from engine.shard.shard_actor import Decided
from engine.shard.slots import shard_of, slot_of
from tests.model.baskets import Told
from tests.model.model import Model
from tests.model.trial import Trial, row_of
from tests.model.warehouse import Basket, Refusal, Shelf
from tests.simulation.parts import hear

ENOUGH = 12
"""Units that there always are of a SKU of another shard: more than any basket asks for."""


class Answered(NamedTuple):
    """How a request id was answered first."""

    content_hash: bytes
    answer: Any


class _Comparison(Trial):
    """What a trial compares of an answer, without its engine."""

    def __init__(self, model: Model) -> None:
        self.model = model


class Predictor:
    """The model of one shard of so many. A difference is an AssertionError."""

    def __init__(self, shard: int, shards: int, start_ms: int) -> None:
        self.shard = shard
        self.model = Model(start_ms)
        self.requests: dict[tuple[int, str], Answered] = {}
        self._shards = shards
        self._decided: dict[str, bool] = {}
        self._heard: dict[int, int] = {}
        self._head = 0
        self._compare = _Comparison(self.model)
        self._undo: list[tuple[int, Callable[[], None]]] = []

    def is_own(self, sku: str) -> bool:
        return shard_of(slot_of("", sku), self._shards) == self.shard

    def turn(
        self, calls: Sequence[Call], decided: Decided, now_ms: int, durable_position: int
    ) -> list[Commit]:
        """Hold a turn against the model; the commits that it has made."""
        commits: list[Commit] = []
        if decided.group is not None:
            self._undo = [each for each in self._undo if each[0] > durable_position]
            self._undo.append((decided.position, self._remember()))
            group = decode_group(decided.group)
            assert group.first_position == self._head + 1, f"a gap after {self._head}"
            commits = list(group.commits)
        left = iter(commits)
        self.model.pass_time(now_ms)
        self._expired([commit for commit in commits if commit.cause.command == "Expire"], left)
        for call, reply in zip(calls, decided.replies, strict=True):
            self._reply(call, reply.result, left)
        rest = list(left)
        assert not rest, f"nobody asked for {rest}"
        return commits

    def _expired(self, expired: Sequence[Commit], commits: Iterator[Commit]) -> None:
        """What was due has happened, each by a commit of its own, before anything else."""
        stocks: dict[Key, Stock] = {}
        for _ in expired:
            stocks |= self._take(next(commits), "Expire")
        for key, stock in stocks.items():
            self._check_stock(key, stock)

    def _remember(self) -> Callable[[], None]:
        model = self.model.save()
        requests, decided, heard = dict(self.requests), dict(self._decided), dict(self._heard)
        head = self._head

        def restore() -> None:
            model()
            self.requests, self._decided, self._heard = requests, decided, heard
            self._head = head

        return restore

    def go_back(self, log: Log) -> None:
        """A crash has left this log: what came after it never happened; the rest is there."""
        head = log.head.position
        for position, restore in self._undo:
            if position > head:
                restore()
                break
        self._undo.clear()
        assert self._head == head, f"the log ends at {head}, and should at {self._head}"
        self.check(log)

    def check(self, log: Log) -> None:
        """Everything that is stored is as the model says."""
        for key in self.model.shelves:
            if self.is_own(key.sku):
                self._check_stock(key, log.stock(key))
        for basket in self.model.baskets.values():
            reservation = log.reservation(basket.reservation_id)
            lines = reservation.lines if reservation is not None else ()
            got = {
                (line.line_id, line.key): (line.waiting, line.held, line.allocated, line.shipped)
                for line in lines
            }
            for place in basket.places:
                row = row_of(basket, place)
                wanted = (row[0], row[1], row[3], row[6])
                found = got.get(place, (0, 0, 0, 0))
                assert found == wanted, f"{basket.reservation_id} {place}: {found}, not {wanted}"

    def _check_stock(self, key: Key, stock: Stock | None) -> None:
        wanted = self.model.balances(key)
        assert stock is not None, f"there is no {key}"
        got = {name: getattr(stock, name) for name in wanted}
        assert got == wanted, f"{key.sku} {key.location}: {got}, but the model says {wanted}"
        shelf = self.model.shelves[key]
        assert stock.version >= shelf.version, "versions go back"
        shelf.version = stock.version

    def _take(self, commit: Commit, kind: str) -> dict[Key, Stock]:
        """A commit that was to be; the stock after it of all that it concerns."""
        command = commit.cause.command
        assert command == kind, f"{command} instead of {kind}"
        self._head += len(commit.recorded)
        stocks: dict[Key, Stock] = {}
        for recorded in commit.recorded:
            event: Any = recorded.event
            if recorded.stock is not None:
                stocks[event.key] = recorded.stock
        return stocks

    def _happened(self, commits: Iterator[Commit], kind: str) -> None:
        """The next commit was to be; every balance in it is the model's."""
        commit = next(commits, None)
        assert commit is not None, f"{kind} was not recorded"
        for key, stock in self._take(commit, kind).items():
            self._check_stock(key, stock)

    def _reply(self, call: Call, result: Result, commits: Iterator[Commit]) -> None:
        request: Any = call.request
        assert not isinstance(result, Failed), f"{type(request).__name__} has failed"
        if isinstance(result, TooLate):
            return
        if isinstance(request, Write):
            self._write(call.slot, request, result, commits)
        elif isinstance(request, Prepare):
            self._prepare(request, result, commits)
        elif isinstance(request, Tell):
            self._tell(request, result, commits)
        elif isinstance(request, GiveUp):
            self._give_up(request.attempt_id, request.shards, commits)
        elif isinstance(request, Inquire):
            self._inquire(request, commits)
        elif isinstance(request, ReadStock):
            assert isinstance(result, StockRead)
            if request.key in self.model.shelves:
                self._check_stock(request.key, result.stock)
        elif not isinstance(request, Acknowledge):
            return

    def _write(self, slot: int, write: Write, result: Any, commits: Iterator[Commit]) -> None:
        told = result.told if isinstance(result, Spread) else ()
        answer = result.result if isinstance(result, Spread) else result
        known = self.requests.get((slot, write.context.request_id))
        if known is not None:
            self._again(write, known, answer)
            self._end(write, answer, told, commits)
            return
        if isinstance(answer, NeedsOthers):
            assert write.attempt is None, "asked for others again"
            assert self._foreign(write.command), "asked others for nothing"
            return
        if isinstance(answer, Refused) and isinstance(answer.rejection, AttemptDecided):
            assert write.attempt is not None
            self._end(write, answer, told, commits)
            return
        expected = self._expected(write)
        if isinstance(answer, Refused):
            got = type(answer.rejection).__name__
            wanted = expected.kind.__name__ if isinstance(expected, Refusal) else "accepted"
            assert got == wanted, f"{got}, but the model says {wanted}: {answer.rejection}"
        else:
            assert isinstance(answer, Accepted)
            self._accepted(slot, write, answer, expected, commits)
        self._end(write, answer, told, commits)

    def _accepted(
        self,
        slot: int,
        write: Write,
        answer: Accepted,
        expected: Told | Refusal,
        commits: Iterator[Commit],
    ) -> None:
        name = type(write.command).__name__
        assert isinstance(expected, Told), f"{name} accepted, but the model says {expected}"
        self._compare._compare(expected, answer.answer)
        if not answer.position:
            return
        self._happened(commits, name)
        assert answer.position == self._head, f"answered {answer.position}, is {self._head}"
        if write.attempt is not None:
            self._decided[write.attempt.attempt_id] = True
        self.requests[slot, write.context.request_id] = Answered(write.content_hash, answer.answer)

    def _again(self, write: Write, known: Answered, answer: Any) -> None:
        """A request id that is known is answered as before, and nothing happens."""
        request_id = write.context.request_id
        if write.content_hash != known.content_hash:
            assert isinstance(answer, Refused)
            assert isinstance(answer.rejection, RequestIdReused)
            return
        assert isinstance(answer, Accepted), f"{request_id} again: {answer}"
        assert answer.replayed, f"{request_id} was done twice"
        assert same(answer.answer) == same(known.answer), f"{request_id} is answered differently"

    def _end(
        self, write: Write, answer: Any, told: Sequence[object], commits: Iterator[Commit]
    ) -> None:
        """An attempt that nothing came of is told so to all who have set something aside."""
        attempt = write.attempt
        if attempt is None or (isinstance(answer, Accepted) and not answer.replayed):
            return
        asked = [share.shard for share in attempt.shares if any(one.grants for one in share.filled)]
        if told or isinstance(answer, Accepted):
            self._give_up(attempt.attempt_id, tuple(asked), commits)

    def _expected(self, write: Write) -> Told | Refusal:
        """What the command has to come to, given what others have set aside."""
        command, attempt = write.command, write.attempt
        for key in self._foreign(command):
            shelf = self.model.shelves.setdefault(key, Shelf())
            shelf.on_hand = self.model.promised(key) + ENOUGH
        filled = [one for share in attempt.shares for one in share.filled] if attempt else []
        is_short = any(one.short is not None for one in filled)
        restore = self.model.save() if is_short else None
        try:
            told = self.model.do(command, write.context.source, write.context.source_sequence)
        except Refusal as refusal:
            return refusal
        if restore is not None:
            restore()
            return Refusal(InsufficientStock)
        if attempt is None and self._foreign(command):
            raise AssertionError(f"{command} was decided without asking others")
        self._forget_foreign_limits()
        return told

    def _forget_foreign_limits(self) -> None:
        """Other shards look after the limits of their SKUs by themselves."""
        for sku in [sku for sku in self.model.limits if not self.is_own(sku)]:
            del self.model.limits[sku]

    def _foreign(self, command: Any) -> list[Key]:
        """The SKU-locations of other shards that a new basket names."""
        lines = getattr(command, "lines", ())
        keys = [line.key for line in lines if isinstance(line, BasketLine)]
        return [key for key in keys if not self.is_own(key.sku)]

    def _give_up(self, attempt_id: str, shards: Sequence[int], commits: Iterator[Commit]) -> None:
        if self._decided.get(attempt_id) is True or not shards:
            return
        self._happened(commits, "Abort")
        self._decided[attempt_id] = False

    def _inquire(self, message: Inquire, commits: Iterator[Commit]) -> None:
        decided = self._decided.get(message.attempt_id)
        if decided is True:
            return
        self._happened(commits, "Abort" if decided is False else "Inquire")
        self._decided[message.attempt_id] = False

    def _prepare(self, message: Prepare, result: Any, commits: Iterator[Commit]) -> None:
        """Each wish that can be had is set aside, as if it were held."""
        model, terms = self.model, message.terms
        filled = result.filled if isinstance(result, SetAside) else ()
        restore = model.save()
        attempt = Basket(
            message.attempt_id,
            model.next_number(),
            message.tenant,
            terms.channel,
            terms.customer,
            "",
            model.now_ms,
        )
        for number, wish in enumerate(message.wishes):
            line = BasketLine(wish.line_id, wish.keys[0], wish.quantity)
            one = Reserve(
                message.tenant,
                (line,),
                ttl_ms=1_000,
                channel=terms.channel,
                customer=terms.customer,
            )
            got = sum(grant.quantity for grant in filled[number].grants) if filled else 0
            try:
                model.do(one)
            except Refusal as refusal:
                if refusal.kind is not InsufficientStock:
                    restore()
                    got_kind = type(getattr(result, "rejection", None)).__name__
                    assert got_kind == refusal.kind.__name__, f"{result}, not {refusal.kind}"
                    return
                assert not got, f"{wish} was set aside, but the model says it is short"
                continue
            assert got == wish.quantity, f"{got} of {wish} set aside, but the model has all"
            made = model.baskets.pop("")
            for unit in made.units:
                unit.basket = attempt
            attempt.units += made.units
            attempt.places |= made.places
            attempt.counted |= made.counted
        assert isinstance(result, SetAside), f"Prepare is answered with {result}"
        if attempt.units:
            model.baskets[message.attempt_id] = attempt
            self._happened(commits, "Prepare")

    def _tell(self, message: Tell, result: Any, commits: Iterator[Commit]) -> None:
        """What is told takes effect once, and in its order."""
        assert isinstance(result, HeardUpTo)
        previous = message.previous
        for tiding in message.tidings:
            if previous == self._heard.get(message.origin, 0):
                self._heard[message.origin] = tiding.position
                self._take_in(tiding, commits)
            previous = tiding.position
        heard = self._heard.get(message.origin, 0)
        assert result.position == heard, f"heard {result.position}, but it is {heard}"

    def _take_in(self, tiding: Any, commits: Iterator[Commit]) -> None:
        event = tiding.event
        if isinstance(event, LinesTold):
            hear(self.model, tiding, event)
        elif isinstance(event, LocationsConfigured):
            self.model.configure_locations(ConfigureLocations("", event.locations))
        elif isinstance(event, CustomersLimited):
            self.model.limit_customers(LimitCustomers("", event.sku, event.units, event.window_ms))
            self._forget_foreign_limits()
        elif isinstance(event, ChannelConfigured):
            self.model.configure_channel(ConfigureChannel("", event.channel, remove=event.removed))
        self._happened(commits, "Tell")


def same(answer: Any) -> Any:
    """The part of an answer that is the same when it is given again: balances may be of now."""
    if isinstance(answer, StockChanged):
        stock = answer.stock
        return answer.key, stock.on_hand, stock.held, stock.allocated, stock.version
    return answer.transfer_id if isinstance(answer, TransferChanged) else answer
