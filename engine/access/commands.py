"""Every command that rules can name: the names of RPCs, which are those of commands in Execute, and
groups of them. Execute itself is none: its commands are judged one by one."""

GROUPS: dict[str, frozenset[str]] = {
    "@read": frozenset(
        {
            *("GetStock", "GetReservation", "GetTransfer", "BatchGetAvailability"),
            *("ListEvents", "ExplainStock", "ListReservations", "GetConfiguration"),
            *("ListListings", "FindListings", "ListChannels", "GetChannelAvailability"),
        }
    ),
    "@promise": frozenset(
        {"Reserve", "Extend", "Commit", "Release", "Allocate", "Amend", "Confirm"}
    ),
    "@stock": frozenset(
        {
            *("Sell", "Receive", "Adjust", "SetOnHand", "Expect", "TakeBack", "Move"),
            *("SendTransfer", "ReceiveTransfer", "TransferReservation"),
            *("Pick", "Unpick", "Ship", "Return"),
        }
    ),
    "@configure": frozenset(
        {"Configure", "ConfigureLocations", "DefineKit", "LimitCustomers", "ConfigureHolds"}
    ),
    "@channels": frozenset(
        {
            *("ConfigureChannel", "SetChannelPolicies", "DefineSkuGroup", "MapListings"),
            "ComputeBuffers",
        }
    ),
    "@follow": frozenset(
        {
            *("Watch", "WaitForSubscriber", "Subscribe", "ListSubscriptions", "SetMark"),
            *("ParkMessage", "ListParkedMessages", "ReplayParkedMessages", "DropParkedMessages"),
        }
    ),
    "@operate": frozenset({"GetNode", "ResetSubscription", "DeleteSubscription"}),
}
"""What the name of a group stands for; each command is in one."""

COMMANDS: frozenset[str] = frozenset().union(*GROUPS.values())
"""Every command."""

ANY = "*"
"""Stands for every command in a rule."""


def expanded(names: tuple[str, ...]) -> frozenset[str]:
    """The commands that names of commands and groups stand for. KeyError for an unknown name."""
    found: set[str] = set()
    for name in names:
        if name == ANY:
            return COMMANDS
        if name in COMMANDS:
            found.add(name)
        else:
            found |= GROUPS[name]
    return frozenset(found)
