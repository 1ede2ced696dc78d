"""Thespian's actors on a base whose messages are calls."""

import pytest
from thespian.actors import Actor, ActorAddress, ActorSystem, PoisonMessage

from engine.shard.direct_base import DirectBase

_LEAVE_LOGGING_ALONE = {"version": 1, "disable_existing_loggers": False}


class _Adder(Actor):
    """Adds up what it is told; it answers numbers, and raises for anything else."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def receiveMessage(self, message: object, sender: ActorAddress) -> None:
        self.heard.append(message)
        if isinstance(message, int):
            self.send(sender, sum(each for each in self.heard if isinstance(each, int)))
        elif message == "how often?":
            self.send(sender, len(self.heard))
        elif message != "say nothing":
            raise ValueError(f"{message!r} is no number")


def test_an_actor_answers_who_asks_it() -> None:
    system = ActorSystem(DirectBase(), transientUnique=True)
    one, other = system.createActor(_Adder), system.createActor(_Adder)
    assert [system.ask(one, 1), system.ask(other, 10), system.ask(one, 2)] == [1, 10, 3]
    assert system.ask(one, "say nothing") is None
    assert system.ask(one, 3) == 6
    system.shutdown()


def test_what_an_actor_raises_is_raised_to_who_asks() -> None:
    system = ActorSystem(DirectBase(), transientUnique=True)
    adder = system.createActor(_Adder)
    with pytest.raises(ValueError, match="'nine' is no number"):
        system.ask(adder, "nine")
    assert system.ask(adder, "how often?") == 2, "it was handed the message once"
    system.shutdown()


def test_control_thespian_hands_a_message_that_raises_to_the_actor_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Why the base that comes with it would need an actor that never raises."""
    system = ActorSystem("simpleSystemBase", logDefs=_LEAVE_LOGGING_ALONE, transientUnique=True)
    adder = system.createActor(_Adder)
    assert isinstance(system.ask(adder, "nine"), PoisonMessage)
    assert system.ask(adder, "how often?") > 2
    assert "is no number" in caplog.text
    system.shutdown()
