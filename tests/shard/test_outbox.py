"""What a shard tells others goes on where they have heard, whatever it has forgotten itself."""

from engine.shard.messages import Accepted, Acknowledge
from tests.shard.market import Market


async def crashed_before_it_noted_that_it_was_heard(market: Market) -> int:
    """Let shard 0 tell shard 1 of a basket, and crash when it is about to take the acknowledgement;
    the position of what it has told."""
    home = market.shards.shards[0]

    def crash_at_acknowledgement(shard: int, step: str) -> None:
        is_heard = any(isinstance(call.request, Acknowledge) for call, _, _ in home._deciding)
        if (shard, step) == (0, "taken") and is_heard:
            home.crash()

    for shard in market.shards.shards:
        shard.on_step = crash_at_acknowledgement
    market.send(market.basket([1, 1]))
    await market.idle()
    assert not home.is_up
    for shard in market.shards.shards:
        shard.on_step = market._step
    [position] = home.log.tells(1)
    return position


async def test_an_acknowledgement_before_anything_is_sent_again_leaves_no_gap() -> None:
    """Found by seed 6 of tests/simulation: what was told next named a predecessor that was not sent
    any more, was refused as a gap for ever, and its units stayed set aside."""
    market = await Market(2).stocked([9, 9])
    position = await crashed_before_it_noted_that_it_was_heard(market)

    market.shards.start()
    market.shards.shards[0].submit(0, Acknowledge(1, position), 0)
    await market.settle()
    assert isinstance(await market.answer(market.basket([1, 1])), Accepted)
    await market.settle()

    assert market.waiting() == [(0, 0), (0, 0)]
    assert await market.held() == [2, 2]
    assert market.audit() == []
    market.close()
