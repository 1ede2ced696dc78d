"""The problems that concern channels: see problem_rows."""

from engine.channels.asking import AnsweredTooLate, AnswerTooLarge, ChannelMissing
from engine.channels.buffers import BufferNotDynamic, SalesNotKept
from engine.core import rejections
from engine.core.listings import Listing, ListingProblem, ListingReport
from engine.shard.messages import TooLate
from engine.shard.queries import TooLarge

CHANNEL_ROWS: list[tuple[object, str, str]] = [
    (
        rejections.ListingsRefused(
            (
                ListingReport(Listing("TEA", "LONDON"), ListingProblem.UNKNOWN_STOCK),
                ListingReport(Listing("MUG"), ListingProblem.DUPLICATE, Listing("CUP")),
            )
        ),
        "LISTINGS_REFUSED",
        "none is mapped: of TEA at LONDON, there is no such stock, and 1 more are wrong",
    ),
    (rejections.UnknownChannel("web"), "UNKNOWN_CHANNEL", "there is no channel web"),
    (ChannelMissing("web"), "UNKNOWN_CHANNEL", "there is no channel web"),
    (
        rejections.UnknownSkuGroup("shirts"),
        "UNKNOWN_SKU_GROUP",
        "no SKU belongs to the group shirts",
    ),
    (
        rejections.NoDynamicBuffer("web", "TEA"),
        "BUFFER_NOT_DYNAMIC",
        "the buffer of channel web for TEA does not follow from sales",
    ),
    (
        BufferNotDynamic("web", "TEA"),
        "BUFFER_NOT_DYNAMIC",
        "the buffer of channel web for TEA does not follow from sales",
    ),
    (
        rejections.TooManyAllocations(9, 8),
        "INVALID_FIELD",
        "allocation_units is 9 channels; allowed: at most 8 channels with an allocation of one SKU",
    ),
    (
        SalesNotKept("web", "TEA"),
        "READ_NOT_KEPT",
        "what channel web has sold of TEA is not kept for a whole day yet",
    ),
    (AnsweredTooLate(1, "ReadChannels", TooLate()), "DEADLINE_EXPIRED", ""),
    (
        AnswerTooLarge(1, "ReadChannelAvailability", TooLarge("skus", 10_001, 10_000)),
        "INVALID_FIELD",
        "skus is 10001 locations; allowed: at most 10000 locations in one answer",
    ),
]
