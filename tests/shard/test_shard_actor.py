"""What a shard promises beyond the rules of stock: order, request ids, time, durability of
answers, bounded memory."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from engine.core import decide
from engine.core.answers import Reserved, StockChanged
from engine.core.commands import (
    BasketLine,
    Command,
    Commit,
    Context,
    Extend,
    Receive,
    Release,
    Reserve,
    SetOnHand,
)
from engine.core.model import Key, OnExpired, ReservationStatus, Settings
from engine.core.rejections import HoldHasExpired, InsufficientStock, RequestIdReused
from engine.core.view import View
from engine.log.codec import decode_group
from engine.shard import reader, shard_actor, turn, writer
from engine.shard.host import ActorHost, ShardBroken
from engine.shard.messages import (
    Accepted,
    Call,
    Failed,
    Refused,
    TooLate,
    Write,
)
from engine.shard.queries import (
    AvailabilityRead,
    ReadAvailability,
    ReadReservation,
    ReservationRead,
    TooLarge,
)
from engine.shard.slots import slot_of
from tests.shard.shop import START_MS, TEA, Shop, id_of


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop()
    await shop.accepted(Receive(TEA, 10))
    yield shop
    shop.shards.close()


async def test_commands_of_one_turn_see_those_before_them(shop: Shop) -> None:
    reserves = [shop.send(Reserve("", (BasketLine("1", TEA, 4),))) for _ in range(3)]
    results = await asyncio.gather(*reserves)
    assert [type(result).__name__ for result in results] == ["Accepted", "Accepted", "Refused"]
    assert isinstance(results[2], Refused)
    assert isinstance(results[2].rejection, InsufficientStock)
    assert (await shop.stock()).held == 8


async def test_a_repeated_request_id_has_one_effect_and_the_same_answer(shop: Shop) -> None:
    first = await shop.reserve(2, request_id="cart-1")
    again = await shop.reserve(2, request_id="cart-1")
    assert again.answer == first.answer
    assert (again.position, again.recorded_at_ms) == (first.position, first.recorded_at_ms)
    assert (first.replayed, again.replayed) == (False, True)
    assert (await shop.stock()).held == 2


async def test_a_duplicate_in_the_same_turn_joins_the_first(shop: Shop) -> None:
    command = Reserve("", (BasketLine("1", TEA, 2),))
    first, again = await asyncio.gather(shop.send(command, "x"), shop.send(command, "x"))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert again.answer == first.answer
    assert again.replayed
    assert (await shop.stock()).held == 2


async def test_the_recorded_answer_stands_beside_the_present_state(shop: Shop) -> None:
    first = await shop.reserve(2, request_id="cart-1")
    await shop.accepted(Commit("", id_of(first)))
    again = await shop.reserve(2, request_id="cart-1")
    assert again.answer == first.answer
    assert again.current is not None
    assert again.current.status is ReservationStatus.COMMITTED


async def test_a_request_id_with_other_content_is_refused(shop: Shop) -> None:
    await shop.reserve(2, request_id="cart-1")
    result = await shop.send(Reserve("", (BasketLine("1", TEA, 3),)), "cart-1")
    assert result == Refused(RequestIdReused("cart-1", START_MS))
    assert (await shop.stock()).held == 2


async def test_a_rejection_is_forgotten_and_may_be_asked_again(shop: Shop) -> None:
    command = Reserve("", (BasketLine("1", TEA, 12),))
    assert isinstance(await shop.send(command, "cart-1"), Refused)
    await shop.accepted(Receive(TEA, 5))
    assert isinstance(await shop.send(command, "cart-1"), Accepted)


@pytest.mark.parametrize("durable", [True, False])
async def test_a_crash_keeps_exactly_what_was_answered(shop: Shop, durable: bool) -> None:
    first = await shop.reserve(2, request_id="cart-1")
    if not durable:
        waiting = shop.send(Reserve("", (BasketLine("1", TEA, 3),)), "cart-2")
    shop.shard.crash()
    if not durable:
        with pytest.raises(Exception, match="shard 0 is not available"):
            await waiting
    shop.shard.start()
    assert (await shop.stock()).held == 2
    again = await shop.reserve(2, request_id="cart-1")
    assert again.replayed
    assert again.answer == first.answer


async def test_due_holds_expire_before_anything_is_decided(shop: Shop) -> None:
    await shop.reserve(10, ttl_ms=5_000)
    shop.now_ms += 4_999
    assert isinstance(await shop.send(Reserve("", (BasketLine("1", TEA, 1),))), Refused)
    shop.now_ms += 1
    assert isinstance(await shop.send(Reserve("", (BasketLine("1", TEA, 10),))), Accepted)


async def test_a_hold_expires_by_itself(shop: Shop) -> None:
    held = await shop.reserve(3, ttl_ms=5_000)
    shop.now_ms += 5_000
    shop.shard.turn()
    reservation = await shop.reservation(id_of(held))
    assert reservation is not None
    assert reservation.status is ReservationStatus.EXPIRED
    assert (await shop.stock()).held == 0
    result = await shop.send(Commit("", id_of(held)))
    assert result == Refused(HoldHasExpired(id_of(held), START_MS + 5_000))


async def test_deadlines_survive_a_crash_and_follow_extend(shop: Shop) -> None:
    first, second = await shop.reserve(3, ttl_ms=5_000), await shop.reserve(4, ttl_ms=5_000)
    await shop.accepted(Extend("", id_of(second), ttl_ms=9_000))
    shop.shard.crash()
    shop.shard.start()
    shop.now_ms += 5_000
    assert (await shop.stock()).held == 4
    for reservation_id, status in (
        (id_of(first), ReservationStatus.EXPIRED),
        (id_of(second), ReservationStatus.HELD),
    ):
        reservation = await shop.reservation(reservation_id)
        assert reservation is not None
        assert reservation.status is status


async def test_many_holds_expire_in_bounded_groups(shop: Shop) -> None:
    await shop.accepted(Receive(TEA, 10_000))
    count = shard_actor.EXPIRY_PER_TURN_MAX + 7
    reserve = Reserve("", (BasketLine("1", TEA, 1),), ttl_ms=1_000)
    await asyncio.gather(*[shop.send(reserve) for _ in range(count)])
    shop.now_ms += 1_000
    before = shop.shard.head
    shop.shard.turn()
    assert (await shop.stock()).held == 0
    assert shop.shard.head - before == 2 * count


async def test_a_commit_takes_again_what_the_sweep_has_not_come_to(shop: Shop) -> None:
    """The last of very many holds that are due at once is committed in the turn in which they are:
    its own units have come free before it asks for them again."""
    count = shard_actor.EXPIRY_PER_TURN_MAX + 7
    mug = Key("", "MUG", "LONDON")
    await shop.accepted(SetOnHand(TEA, count))
    await shop.accepted(SetOnHand(mug, 1))
    reserve = Reserve("", (BasketLine("1", TEA, 1),), ttl_ms=1_000)
    await asyncio.gather(*[shop.send(reserve) for _ in range(count)])
    last = await shop.accepted(Reserve("", (BasketLine("1", mug, 1),), ttl_ms=1_001))
    shop.now_ms += 2_000
    commit = Commit("", id_of(last), on_expired=OnExpired.REACQUIRE)
    assert isinstance(await shop.send(commit), Accepted)
    stock = await shop.stock(mug)
    assert (stock.held, stock.allocated) == (0, 1)


async def test_engine_time_never_goes_back(shop: Shop) -> None:
    first = await shop.reserve(1)
    shop.now_ms -= 3_600_000
    second = await shop.reserve(1)
    assert second.recorded_at_ms >= first.recorded_at_ms


async def test_what_comes_too_late_changes_nothing(shop: Shop) -> None:
    command = Reserve("", (BasketLine("1", TEA, 1),))
    assert await shop.send(command, deadline_ns=time.monotonic_ns() - 1) == TooLate()
    assert (await shop.stock()).held == 0


async def test_validate_only_answers_and_changes_nothing(shop: Shop) -> None:
    before = await shop.stock()
    lines = (BasketLine("1", TEA, 4), BasketLine("2", TEA, 6))
    preview = await shop.send(Reserve("", lines), "x", only=True)
    assert isinstance(preview, Accepted)
    assert isinstance(preview.answer, Reserved)
    assert [line.quantity for line in preview.answer.lines] == [4, 6]
    assert (preview.position, preview.answer.reservation_id) == (0, "")
    counted = await shop.send(SetOnHand(TEA, 99), only=True)
    assert isinstance(counted, Accepted)
    assert isinstance(counted.answer, StockChanged)
    assert (counted.answer.stock.on_hand, counted.answer.expected) == (99, 10)
    assert await shop.stock() == before
    assert isinstance(await shop.send(Reserve("", lines), "x"), Accepted)


async def test_a_fault_in_deciding_is_answered_and_harms_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(view: View, command: Command, now_ms: int) -> object:
        if isinstance(command, Receive):
            raise ZeroDivisionError("planted")
        return decide.decide(view, command, now_ms)

    monkeypatch.setattr(writer, "decide", faulty)
    failed, held = await asyncio.gather(
        shop.send(Receive(TEA, 1)), shop.send(Reserve("", (BasketLine("1", TEA, 1),)))
    )
    assert failed == Failed()
    assert isinstance(held, Accepted)


async def test_a_fault_in_reading_is_answered_and_harms_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> object:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(reader, "_availability", faulty)
    read = ReadAvailability("", (("TEA", ""),), "", "")
    failed = shop.shards.submit(slot_of("", "TEA"), read, 0)
    held = shop.send(Reserve("", (BasketLine("1", TEA, 1),)))
    assert await failed == Failed()
    assert isinstance(await held, Accepted)


async def test_a_fault_in_evolving_breaks_the_shard(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> object:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(turn, "evolve_lines", faulty)
    shop.send(Reserve("", (BasketLine("1", TEA, 1),)))
    with pytest.raises(ShardBroken, match="planted"):
        shop.shard.turn()


async def test_passive_actors_are_activated_from_the_store() -> None:
    shop = Shop(actors_max=3)
    keys = [Key("", f"SKU-{number}", "LONDON") for number in range(20)]
    for units in (1, 2):
        for key in keys:
            await shop.accepted(Receive(key, units))
    assert [(await shop.stock(key)).on_hand for key in keys] == [3] * 20
    state = shop.shard.state()
    assert state.active_actors == 3
    assert state.totals.stock_keys == 20
    assert state.totals.on_hand == 60
    shop.shards.close()


async def test_availability_by_location_in_total_and_without_the_own_hold(shop: Shop) -> None:
    await shop.accepted(Receive(Key("", "TEA", "PARIS"), 5))
    held = await shop.reserve(4)
    for excluding, expected in (("", [6, 5]), (id_of(held), [10, 5])):
        read = ReadAvailability("", (("TEA", ""), ("GONE", ""), ("TEA", "PARIS")), "", excluding)
        result = await shop.shards.submit(slot_of("", "TEA"), read, 0)
        assert isinstance(result, AvailabilityRead)
        everywhere, unknown, paris = result.availabilities
        assert [place.available for place in everywhere] == expected
        assert [place.location for place in everywhere] == ["LONDON", "PARIS"]
        assert unknown == ()
        assert [place.available for place in paris] == [5]


async def test_another_tenant_sees_nothing(shop: Shop) -> None:
    held = await shop.reserve(4)
    other = await shop.shards.submit(0, ReadReservation("other", id_of(held)), 0)
    assert isinstance(other, ReservationRead)
    assert other.reservation is None
    read = ReadAvailability("other", (("TEA", "LONDON"),), "", id_of(held))
    assert await shop.shards.submit(0, read, 0) == AvailabilityRead(((),), other.position)


async def test_a_turn_ends_when_it_has_done_enough(shop: Shop) -> None:
    """A few huge baskets do not make one huge turn: those behind them wait for one, not for all."""
    await shop.accepted(Receive(TEA, 1_000_000))
    lines = tuple(BasketLine(str(number), TEA, 1) for number in range(1_500))
    groups: list[bytes] = []
    shop.shard.follow(groups.append)
    results = await asyncio.gather(*[shop.send(Reserve("", lines)) for _ in range(7)])
    assert all(isinstance(result, Accepted) for result in results)
    sizes = [sum(len(c.recorded) for c in decode_group(group).commits) for group in groups]
    assert sum(sizes) == 7 * 1_501
    assert max(sizes) <= shard_actor.WORK_PER_TURN_MAX + 1_501
    assert len(sizes) == 3


async def test_refusals_are_work_as_well(shop: Shop) -> None:
    """Baskets that are all refused make no event, and still end the turn."""
    lines = tuple(BasketLine(str(number), TEA, 1) for number in range(1_500))
    write = Write(Context("refused"), b"content", Reserve("", lines))
    calls = tuple(Call(number, 0, 0, 0, write) for number in range(10))
    host = ActorHost(shop.shard.log.crash(), Settings(), actors_max=10, tally=shop.shard.tally)
    decided = host.decide(calls, START_MS, 0)
    host.close()
    assert decided.taken == 3
    assert [type(reply.result) for reply in decided.replies] == [Refused] * 3


async def test_an_answer_about_availability_is_bounded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "AVAILABILITY_LOCATIONS_MAX", 3)
    for location in ("A", "B", "C"):
        await shop.accepted(Receive(Key("", "MUG", location), 1))
    for keys, expected in (
        ((("MUG", ""),), AvailabilityRead),
        ((("MUG", ""), ("TEA", "LONDON")), TooLarge),
    ):
        read = ReadAvailability("", keys, "", "")
        result = await shop.shards.submit(slot_of("", "MUG"), read, 0)
        assert isinstance(result, expected)
    assert result == TooLarge("keys", 4, 3)


async def test_a_query_sees_the_commands_before_it_in_the_turn(shop: Shop) -> None:
    mug = Key("", "MUG", "PARIS")
    received = shop.send(Receive(mug, 5))
    read = ReadAvailability("", (("MUG", ""),), "", "")
    available = shop.shards.submit(slot_of("", "MUG"), read, 0)
    later = shop.send(Receive(mug, 2))
    await asyncio.gather(received, later)
    answer = await available
    assert isinstance(answer, AvailabilityRead)
    assert [(place.location, place.available) for place in answer.availabilities[0]] == [
        ("PARIS", 5)
    ]


async def test_committed_holds_leave_no_timer_behind(shop: Shop) -> None:
    await shop.accepted(Receive(TEA, 10_000))
    for number in range(3):
        lines = (BasketLine("1", TEA, 1),)
        held = await asyncio.gather(*[shop.send(Reserve("", lines)) for _ in range(500)])
        ids = [id_of(accepted) for accepted in held if isinstance(accepted, Accepted)]
        await asyncio.gather(*[shop.send(Commit("", reservation_id)) for reservation_id in ids])
        assert len(ids) == 500, number
    assert shop.shard.state().pending_timers == 0


async def test_validate_only_shows_the_reservation_as_it_would_be(shop: Shop) -> None:
    held = await shop.reserve(2)
    preview = await shop.send(Release("", id_of(held)), only=True)
    assert isinstance(preview, Accepted)
    assert preview.current is not None
    assert preview.current.status is ReservationStatus.RELEASED
    present = await shop.reservation(id_of(held))
    assert present is not None
    assert present.status is ReservationStatus.HELD
