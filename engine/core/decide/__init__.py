"""What may happen: each command against the state of the moment, to events or to a rejection.

A decision reads no clock and changes nothing; `evolve` does, and only with what was decided here.
"""

from collections.abc import Callable
from typing import Any

from engine.core.commands import (
    Adjust,
    Allocate,
    Command,
    Commit,
    Configure,
    Extend,
    Receive,
    Release,
    Reserve,
    Sell,
    SetOnHand,
    Ship,
)
from engine.core.decide.promise import allocate, reserve
from engine.core.decide.resolve import commit, expire, extend, release, ship
from engine.core.decide.stock import adjust, configure, receive, sell, set_on_hand
from engine.core.rejections import Rejection
from engine.core.view import Decision, View

__all__ = ["decide", "expire"]

_DECIDE: dict[type, Callable[[View, Any, int], Decision | Rejection]] = {
    Reserve: reserve,
    Allocate: allocate,
    Extend: extend,
    Commit: commit,
    Release: release,
    Ship: ship,
    Sell: sell,
    Receive: receive,
    Adjust: adjust,
    SetOnHand: set_on_hand,
    Configure: configure,
}


def decide(view: View, command: Command, now_ms: int) -> Decision | Rejection:
    """Decide one command at engine time `now_ms`. The command has been checked for shape."""
    return _DECIDE[type(command)](view, command, now_ms)
