"""Every limit of what the engine accepts, by name. Quantities are in a SKU's smallest unit."""

ID_BYTES_MAX = 128
"""Bytes of UTF-8 in any id, reference, reason, ticket or other caller-given text."""

QUANTITY_MAX = 1_000_000_000_000
"""Units in one line or command."""

BALANCE_MAX = 1_000_000_000_000_000
"""Units in one balance, in either direction; far below 2**53, so that every client language holds
it exactly."""

BASKET_LINES_MAX = 2_000
"""Lines of one basket. The largest basket of a real shop's public order file has 593."""

HOLD_TTL_MS_MIN = 1_000
HOLD_TTL_MS_MAX = 90 * 24 * 60 * 60 * 1_000
"""How long a hold may last."""

CHANNEL_BUFFERS_MAX = 64
"""Channels with a buffer of their own at one SKU-location."""

BATCH_COMMANDS_MAX = 4_096
"""Commands in one batch of Execute."""

BATCH_LINES_MAX = 20_000
"""Basket lines in one batch of Execute."""

AVAILABILITY_KEYS_MAX = 1_000
"""Keys of one BatchGetAvailability."""

FILTER_IDS_MAX = 1_000
FILTER_PREFIXES_MAX = 100
FILTER_GROUPS_MAX = 16
FILTER_KINDS_MAX = 100
"""Entries of one list of a feed filter."""

AVAILABILITY_LOCATIONS_MAX = 10_000
"""Locations in one answer about availability, from one shard."""

UNAVAILABLE_CAUSES_MAX = 16
"""Causes for which units of one SKU-location are unavailable."""

MISSING_CAUSE = "missing"
"""The cause of units that a picker did not find."""

INCOMING_MAX = 100
"""Deliveries and transfers that one SKU-location expects."""

SOURCES_MAX = 16
"""Numbered or counting sources of one SKU-location."""

AT_RISK_MAX = 100
"""Reservations named by one ShortfallDetected."""

PREFERENCES_MAX = 100
"""Locations of one line's preference list, or of one group."""

LOCATIONS_PER_COMMAND_MAX = 1_000
"""Locations configured by one command."""

GROUPS_PER_LOCATION_MAX = 16
"""Groups that one location is in."""

COMPONENTS_MAX = 100
"""Components of one kit."""

KIT_LINES_MAX = 4_000
"""Lines of one basket with those of its kits' components."""

CUSTOMER_WINDOW_MS_MAX = 366 * 24 * 60 * 60 * 1_000
"""How long shipped units may count towards a customer's limit."""

CONFIRM_MS_MIN = 1_000
CONFIRM_MS_MAX = 366 * 24 * 60 * 60 * 1_000
"""How long an allocation may wait to be confirmed."""

REQUEST_RETENTION_MS_MIN = 60 * 1_000
"""The least time after which a request id may be forgotten, and mean something new."""

REFERENCE_OPEN_MAX = 20
"""Open reservations of one reference that an error names."""

REFERENCE_RESERVATIONS_MAX = 1_000
"""Reservations of one reference, the newest, among which each shard looks for open ones."""

PAGE_SIZE_DEFAULT = 100
PAGE_SIZE_MAX = 1_000
"""Entries of one page of a list."""

PAGE_BYTES_MAX = 1024 * 1024
"""Bytes of events after which a page ends, whatever its size was to be."""

PAGE_LINES_MAX = 4_000
"""Lines of reservations, with those of their shipments, after which a page ends."""

PAGE_EVENTS_READ_MAX = 10_000
"""Events, or entries of an index, that are looked at for one page; it may be short then."""

QUEUE_ENTRIES_READ_MAX = 10_000
"""Queued lines that are looked at to tell the places of one reservation's."""

KIT_COMPONENTS_READ_MAX = 10_000
"""Components of kits in one BatchGetAvailability."""

SOURCE_SEQUENCE_MAX = 2**63 - 1
"""The highest number that a source may give a write."""

CHANNEL_LOCATIONS_MAX = 100
CHANNEL_GROUPS_MAX = 16
"""Locations, and groups of locations, that one channel names."""

POLICIES_PER_COMMAND_MAX = 1_000
"""Policies set by one command."""

SKU_GROUP_SKUS_MAX = 10_000
SKU_GROUP_PREFIXES_MAX = 100
"""SKUs, and beginnings of SKUs, of one group."""

ALLOCATIONS_PER_SKU_MAX = 8
"""Channels with an allocation of one SKU: what is left to others looks at all their
combinations."""

SERVICE_FACTOR_MAX = 10.0
LEAD_TIME_DAYS_MAX = 366.0
BUFFER_WINDOW_DAYS_MIN = 2
BUFFER_WINDOW_DAYS_MAX = 366
"""Parameters of a dynamic buffer."""

BUFFERS_PER_CALL_MAX = 100
"""SKUs of one ComputeBuffers."""

CHANNEL_SKUS_READ_MAX = 1_000
"""SKUs of one question what a channel may sell."""

SALES_EVENTS_READ_MAX = 20_000
"""Events that are looked at to find what was sold of the SKUs of one question."""

LISTINGS_PER_COMMAND_MAX = 1_000
"""Listings mapped by one command."""

LISTING_NAMES_MAX = 1_000
"""Names of one FindListings."""

PRIORITY_MAX = 1_000_000_000
"""The highest priority of a location, and the lowest is as far below 0."""
