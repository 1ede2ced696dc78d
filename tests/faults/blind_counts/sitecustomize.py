"""Python loads this at its start when this folder is on its path: a Holdfast that records a count
whatever has changed since the counter looked, so that updates are lost, to show that it is
noticed."""

from msgspec.structs import replace

from engine.core import decide
from engine.core.commands import SetOnHand
from engine.core.decide.count import set_on_hand
from engine.core.rejections import Rejection
from engine.core.view import Decision, View


def _count_blindly(view: View, command: SetOnHand, now_ms: int) -> Decision | Rejection:
    blind = replace(command, if_version=None, if_on_hand=None)
    return set_on_hand(view, blind, now_ms)


decide._DECIDE[SetOnHand] = _count_blindly
