"""Every problem that there is, with the reason and the sentence that callers hear of it."""

from engine.core import rejections
from engine.core.model import Key, ShortCause, ShortLine
from engine.feed.cursor import CursorForeign, CursorOutOfRange, MalformedCursor
from engine.feed.hub import TooManySubscribers
from engine.feed.steps import FeedStopping
from engine.feed.subscription_problems import (
    SubscriptionDiffers,
    TakenOver,
    TooManyParked,
    TooManySubscriptions,
    UnknownParkedMessage,
    UnknownSubscription,
)
from engine.rpc.checks import InvalidField
from engine.rpc.problems import (
    AmbiguousReference,
    DeadlineExpired,
    DecisionFailed,
    ReadNotKept,
    ServerStopping,
    SubscriberBehind,
    SubscriberStalled,
    UnknownReference,
)
from engine.shard.port import HistoryDamaged, Overloaded, ShardUnavailable
from tests.rpc.access_problem_rows import ACCESS_ROWS
from tests.rpc.channel_problem_rows import CHANNEL_ROWS

TEA = Key("", "TEA", "LONDON")
MUG = Key("shop", "MUG", "PARIS")
AT_MS = 1_795_229_008_019
ID = "336-1-2"
STOCK, CHANNEL, STOPPED = ShortCause.STOCK, ShortCause.CHANNEL, ShortCause.STOPPED

ROWS: list[tuple[object, str, str]] = [
    *CHANNEL_ROWS,
    *ACCESS_ROWS,
    (
        InvalidField("lines[3].quantity", 0, "1 to 9"),
        "INVALID_FIELD",
        "lines[3].quantity is 0; allowed: 1 to 9",
    ),
    (
        InvalidField("tenant", "x" * 70, "short"),
        "INVALID_FIELD",
        f"tenant is {'x' * 64}...; allowed: short",
    ),
    (
        MalformedCursor("nonsense"),
        "INVALID_FIELD",
        "after_cursor is nonsense; allowed: a cursor that this server gave",
    ),
    (
        rejections.TooMany(TEA, "channel_buffers", 65, 64),
        "INVALID_FIELD",
        "channel_buffers is 65; allowed: at most 64 at TEA at LONDON",
    ),
    (
        rejections.InsufficientStock((ShortLine("2", TEA, STOCK, 3, 1),)),
        "INSUFFICIENT_STOCK",
        "line 2 asks for 3 of TEA at LONDON, 1 is available",
    ),
    (
        rejections.InsufficientStock(
            (ShortLine("1", MUG, CHANNEL, 3, 0), ShortLine("2", TEA, STOCK, 3, 1))
        ),
        "INSUFFICIENT_STOCK",
        (
            "line 1 asks for 3 of MUG at PARIS of tenant shop, 0 are available for this channel; "
            "1 more line is short"
        ),
    ),
    (
        rejections.InsufficientStock((ShortLine("1", TEA, STOPPED, 3, 0),) * 3),
        "INSUFFICIENT_STOCK",
        "line 1 asks for 3 of TEA at LONDON, where selling is stopped; 2 more lines are short",
    ),
    (
        rejections.InsufficientStock((ShortLine("", TEA, STOCK, 3, 2),)),
        "INSUFFICIENT_STOCK",
        "3 of TEA at LONDON asked for, 2 are available",
    ),
    (
        rejections.InsufficientStock((ShortLine("1", Key("", "TEA", ""), STOCK, 9, 6),)),
        "INSUFFICIENT_STOCK",
        "line 1 asks for 9 of TEA from the locations asked, 6 are available",
    ),
    (
        rejections.InsufficientStock(
            (ShortLine("1", Key("shop", "TEA", ""), ShortCause.LOCATION_DISABLED, 9, 0),)
        ),
        "INSUFFICIENT_STOCK",
        "line 1 asks for 9 of TEA of tenant shop from the locations asked, where none is enabled",
    ),
    (rejections.UnknownStock(TEA), "UNKNOWN_STOCK", "there is no TEA at LONDON"),
    (rejections.UnknownReservation(ID), "UNKNOWN_RESERVATION", "there is no reservation 336-1-2"),
    (rejections.UnknownLine(ID, "7"), "UNKNOWN_LINE", "reservation 336-1-2 has no line 7"),
    (
        rejections.HoldHasExpired(ID, AT_MS),
        "RESERVATION_EXPIRED",
        "the hold of reservation 336-1-2 expired at 2026-11-21T02:43:28.019Z",
    ),
    (rejections.AlreadyReleased(ID), "RESERVATION_RELEASED", "reservation 336-1-2 was released"),
    (
        rejections.AlreadyCommitted(ID),
        "RESERVATION_COMMITTED",
        "reservation 336-1-2 was committed with other content",
    ),
    (
        rejections.AlreadyShipped(ID),
        "RESERVATION_SHIPPED",
        "everything of reservation 336-1-2 was shipped",
    ),
    (
        rejections.NotCommitted(ID),
        "RESERVATION_NOT_COMMITTED",
        "nothing of reservation 336-1-2 is allocated: commit it first",
    ),
    (
        rejections.LineQuantityExceeded(ID, "1", 3, 1),
        "LINE_QUANTITY_EXCEEDED",
        "line 1 of reservation 336-1-2: 3 asked for, 1 is there",
    ),
    (
        rejections.BelowPromised(TEA, 3, 5),
        "BELOW_PROMISED",
        (
            "3 of TEA at LONDON would be left and 5 are promised; "
            "tell it with if_short RECORD if it has happened"
        ),
    ),
    (
        rejections.BalanceOutOfRange(TEA, "on_hand", 11, 10),
        "BALANCE_OUT_OF_RANGE",
        "on_hand of TEA at LONDON would be 11; allowed: -10 to 10",
    ),
    (
        rejections.VersionMismatch(TEA, 7, 9),
        "VERSION_MISMATCH",
        "TEA at LONDON has version 9, not 7",
    ),
    (
        rejections.OnHandMismatch(TEA, 10, 1),
        "ON_HAND_MISMATCH",
        "1 of TEA at LONDON is on hand, not 10",
    ),
    (
        rejections.RequestIdReused("r1", AT_MS),
        "REQUEST_ID_REUSED",
        "request id r1 was used at 2026-11-21T02:43:28.019Z with other content; use a new one",
    ),
    (
        rejections.TooMany(Key("", "", "LONDON"), "groups", 101, 100),
        "INVALID_FIELD",
        "groups is 101; allowed: at most 100 of location LONDON",
    ),
    (
        rejections.InsufficientStock((ShortLine("1", TEA, ShortCause.CUSTOMER_LIMIT, 3, 1),)),
        "INSUFFICIENT_STOCK",
        (
            "line 1 asks for 3 of TEA at LONDON, 1 is available to this customer, "
            "who may not have more"
        ),
    ),
    (
        rejections.InsufficientStock((ShortLine("1", TEA, ShortCause.LOCATION_DISABLED, 3, 0),)),
        "INSUFFICIENT_STOCK",
        "line 1 asks for 3 of TEA at LONDON, where the location is disabled",
    ),
    (
        rejections.StillWaiting(ID),
        "STILL_WAITING",
        "reservation 336-1-2 waits for stock; it can be committed once it has it all",
    ),
    (
        rejections.PickedUnits(ID, "7", 2),
        "PICKED_UNITS",
        "2 of line 7 of reservation 336-1-2 lie in a box: Unpick first",
    ),
    (
        rejections.NotBacked(ID, "7", 3, 1),
        "NOT_BACKED",
        "line 7 of reservation 336-1-2: 3 asked for, stock is there for 1; the rest waits for more",
    ),
    (
        rejections.NotShipped(ID),
        "NOT_SHIPPED",
        "nothing of reservation 336-1-2 was shipped that could come back",
    ),
    (
        rejections.UnknownShipment(ID, "1"),
        "UNKNOWN_SHIPMENT",
        "reservation 336-1-2 has no shipment 1",
    ),
    (
        rejections.LineExists(ID, "7"),
        "LINE_EXISTS",
        (
            "line 7 of reservation 336-1-2 cannot get another SKU once units of it are shipped, "
            "nor counted units where it has uncounted ones: use another line"
        ),
    ),
    (
        rejections.TooManyLines(4_100, 4_000),
        "TOO_MANY_LINES",
        (
            "the basket would have 4100 lines, with those of its kits' components; "
            "allowed: at most 4000"
        ),
    ),
    (
        rejections.UnknownGroup("7", "shops"),
        "UNKNOWN_GROUP",
        "line 7 names the group shops, which no enabled location is in",
    ),
    (
        rejections.CustomerRequired("7", "TEA"),
        "CUSTOMER_REQUIRED",
        "line 7 asks for TEA, of which each customer may have a limited number: name the customer",
    ),
    (
        rejections.KitHasNoStock(TEA),
        "KIT_HAS_NO_STOCK",
        "TEA is a kit: its components have stock, it has none of its own",
    ),
    (
        rejections.KitInKit("TEA-SET", "CUPS"),
        "KIT_IN_KIT",
        "CUPS cannot be in the kit TEA-SET: kits do not nest",
    ),
    (rejections.UnknownTransfer(ID), "UNKNOWN_TRANSFER", "there is no transfer 336-1-2"),
    (
        rejections.TransferQuantityExceeded(ID, 3, 2),
        "TRANSFER_QUANTITY_EXCEEDED",
        "transfer 336-1-2: 3 told of, 2 are on the way",
    ),
    (
        rejections.UnavailableQuantityExceeded(TEA, "damaged", 3, 2),
        "UNAVAILABLE_QUANTITY_EXCEEDED",
        "3 of TEA at LONDON asked for of those unavailable as damaged, 2 are there",
    ),
    (
        rejections.UnknownIncoming(TEA, "PO-7"),
        "UNKNOWN_INCOMING",
        "nothing is expected as PO-7 of TEA at LONDON",
    ),
    (
        rejections.SourceStale(TEA, "till-4", 8, 9),
        "SOURCE_STALE",
        "source till-4 told of TEA at LONDON up to number 9 before; number 8 is not new",
    ),
    (
        rejections.CountStale(TEA, "wms", AT_MS, AT_MS),
        "COUNT_STALE",
        (
            "source wms told of a count of TEA at LONDON made at 2026-11-21T02:43:28.019Z; "
            "one made at 2026-11-21T02:43:28.019Z is not newer"
        ),
    ),
    (
        rejections.ObservationTooOld(TEA, AT_MS),
        "OBSERVATION_TOO_OLD",
        (
            "what has happened to TEA at LONDON since the count at 2026-11-21T02:43:28.019Z "
            "is not kept any more; count again"
        ),
    ),
    (
        rejections.AttemptDecided("b1-7"),
        "ATTEMPT_DECIDED",
        (
            "the basket over several shards was given up before all of it was set aside; "
            "nothing was changed: retry"
        ),
    ),
    (
        UnknownReference("cart-7"),
        "UNKNOWN_RESERVATION",
        "there is no reservation with the reference cart-7",
    ),
    (
        AmbiguousReference("cart-7", [ID, "336-1-9"], 20),
        "AMBIGUOUS_REFERENCE",
        ("2 open reservations have the reference cart-7; name one by its id: 336-1-2, 336-1-9"),
    ),
    (
        AmbiguousReference("cart-7", [ID, "336-1-9", "336-1-a", "336-1-b"], 20),
        "AMBIGUOUS_REFERENCE",
        (
            "4 open reservations have the reference cart-7; name one by its id: "
            "336-1-2, 336-1-9, 336-1-a, ..."
        ),
    ),
    (
        AmbiguousReference("cart-7", [ID] * 3, 2),
        "AMBIGUOUS_REFERENCE",
        (
            "more than 2 open reservations have the reference cart-7; name one by its id: "
            "336-1-2, 336-1-2, ..."
        ),
    ),
    (
        ReadNotKept("1-10ca1000-1-0.7", "1-10ca1000-1-0.9"),
        "READ_NOT_KEPT",
        (
            "what was at 1-10ca1000-1-0.7 is not kept any more; "
            "the oldest that is kept: 1-10ca1000-1-0.9"
        ),
    ),
    (
        Overloaded(1, 16_384),
        "OVERLOADED",
        "shard 1 has 16384 commands queued and takes no more now",
    ),
    (
        ShardUnavailable(1),
        "SHARD_UNAVAILABLE",
        "shard 1 is not available; retry with the same request id",
    ),
    (
        ServerStopping(),
        "SHARD_UNAVAILABLE",
        "the server is stopping; retry with the same request ids",
    ),
    (
        DeadlineExpired(0),
        "DEADLINE_EXPIRED",
        "the deadline passed before the command was decided; nothing was changed",
    ),
    (
        DecisionFailed(0, "abc"),
        "INTERNAL",
        "the server has a fault; its log has it under correlation id abc",
    ),
    (
        CursorOutOfRange("1-10ca1000-1-0.9", "1-10ca1000-1-0.0"),
        "CURSOR_OUT_OF_RANGE",
        "the cursor 1-10ca1000-1-0.9 is older than the oldest kept event or ahead of the newest",
    ),
    (
        CursorOutOfRange("", "1-10ca1000-1-0.7"),
        "CURSOR_OUT_OF_RANGE",
        "what has happened since the snapshot began is not kept any more; begin again",
    ),
    (
        CursorForeign("1-10ca1000-1-0.9", "ffffffff", 2),
        "CURSOR_FOREIGN",
        "the cursor 1-10ca1000-1-0.9 belongs to another history; start again without it",
    ),
    (
        HistoryDamaged(1, "/data/shard-001/log: record 7 is damaged"),
        "HISTORY_DAMAGED",
        "a part of the history of shard 1 is damaged; the server's log says where",
    ),
    (
        SubscriberBehind("loader"),
        "DEADLINE_EXPIRED",
        "subscriber loader was not sent all of it before the deadline",
    ),
    (TooManySubscribers(4), "OVERLOADED", ""),
    (
        SubscriberStalled(60.0),
        "SUBSCRIBER_STALLED",
        "the subscriber has not taken a message for 60 s; go on after the last cursor",
    ),
    (FeedStopping(), "SHARD_UNAVAILABLE", ""),
    (UnknownSubscription("web"), "UNKNOWN_SUBSCRIPTION", "there is no subscription web"),
    (
        SubscriptionDiffers("web", "filter.skus"),
        "SUBSCRIPTION_DIFFERS",
        (
            "subscription web follows something else: its filter.skus differs; delete it, or take "
            "another name"
        ),
    ),
    (
        TakenOver("web"),
        "SUBSCRIPTION_TAKEN_OVER",
        "subscription web was opened by another consumer, or reset",
    ),
    (
        UnknownParkedMessage("web", 7),
        "UNKNOWN_PARKED_MESSAGE",
        "no message 7 is parked for subscription web",
    ),
    (
        TooManyParked("web", 10_000),
        "TOO_MANY_PARKED",
        ("10000 messages are parked for subscription web, and no more may be; replay or drop some"),
    ),
    (
        TooManySubscriptions(1_000),
        "TOO_MANY_SUBSCRIPTIONS",
        "the node keeps 1000 subscriptions, and no more may be; delete some",
    ),
]
