"""A base for Thespian's actor systems whose messages are calls.

Thespian takes any object for a system's base. Its own in-process base queues each message, looks
for what is due, finds actors by name and logs what it does, 55 functions for a question and its
answer: 10 microseconds in a loop, and 60 in a shard that has had nothing to do for a moment, whose
caches hold something else. A shard asks one actor one thing at a time, so here a question is a
call, what the actor sends back is its answer, and what it raises is raised to who asked.

The methods are those that Thespian's ActorSystem and Actor call, as it names them (thespian 4.0.1:
`actors.py`, and `system/simpleSystemBase.py` for their meaning).
"""

from typing import Any

from thespian.actors import Actor, ActorAddress

_ASKER = ActorAddress("asker")


class DirectBase:
    """Actors in the thread that asks them, without queues: none may ask another, and none is woken
    by time."""

    def __init__(self) -> None:
        self._actors: dict[str, Actor] = {}
        self._answers: list[Any] = []

    def newPrimaryActor(
        self, actor_class: type[Actor], _requirements: object, _name: object, _source: object
    ) -> ActorAddress:
        """Make an actor of its own."""
        name = str(len(self._actors))
        actor = self._actors[name] = actor_class()
        actor._myRef = self
        return ActorAddress(name)

    def ask(self, address: ActorAddress, message: object, _timeout: object) -> Any:
        """Hand a message to an actor; what it answers, None if nothing. Whatever it raises."""
        self._actors[address.addressDetails].receiveMessage(message, _ASKER)
        return self._answers.pop() if self._answers else None

    def actor_send(self, _address: ActorAddress, message: object) -> None:
        """An actor answers."""
        self._answers.append(message)

    def shutdown(self) -> None:
        """End every actor."""
        self._actors.clear()
