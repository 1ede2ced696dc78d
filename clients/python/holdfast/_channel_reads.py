"""What a client asks about channels."""

from collections.abc import Iterable
from typing import Any

from holdfast import _convert_channels
from holdfast._reads import Reads
from holdfast.channels import (
    Channel,
    ChannelAvailability,
    Channels,
    ListingReport,
    ListingsFound,
    PolicyOfChannel,
    SkuGroup,
)
from holdfast.listing import Listing
from holdfast.v1 import channels_pb2


class ChannelReads(Reads):
    """The queries of a client that concern channels."""

    async def channels(
        self,
        channel: str = "",
        *,
        read_at_least: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> Channels:
        """Reads how channels are configured, with their policies and the groups of SKUs; of one
        `channel` alone, if it is named."""
        request = channels_pb2.ListChannelsRequest(
            tenant=self._of(tenant), channel=channel, read_at_least=read_at_least
        )
        channels: list[Channel] = []
        policies: list[PolicyOfChannel] = []
        groups: list[SkuGroup] = []
        cursor = ""
        while True:
            response = await self._read("list_channels", request, timeout_s)
            channels += map(_convert_channels.channel, response.channels)
            policies += map(_convert_channels.policy_of_channel, response.policies)
            groups += map(_convert_channels.sku_group, response.sku_groups)
            # All pages cover at least what the first does.
            cursor = cursor or response.cursor
            request.page_token = response.next_page_token
            if not request.page_token:
                return Channels(tuple(channels), tuple(policies), tuple(groups), cursor)

    async def channel_availability(
        self,
        channel: str,
        sku: str,
        *,
        read_at_least: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> ChannelAvailability:
        """Reads what a channel may sell of a SKU now, and how that comes about. Raises
        UnknownChannel."""
        request = channels_pb2.GetChannelAvailabilityRequest(
            tenant=self._of(tenant), channel=channel, sku=sku, read_at_least=read_at_least
        )
        response = await self._read("get_channel_availability", request, timeout_s)
        return _convert_channels.channel_availability(response)

    def listings(
        self,
        channel: str,
        *,
        sku: str = "",
        dangling_only: bool = False,
        page_size: int = 0,
        page_token: str = "",
        read_at_least: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> Listing[ListingReport]:
        """Under which identifiers a channel knows what it sells, with what is wrong, in order of
        SKU, then location: ``async for report in client.listings("web")``. Of one `sku` alone, or
        only listings that lead nowhere."""
        request = channels_pb2.ListListingsRequest(
            tenant=self._of(tenant),
            channel=channel,
            sku=sku,
            dangling_only=dangling_only,
            page_size=page_size,
            read_at_least=read_at_least,
        )
        fetch = self._pages("list_listings", request, timeout_s)
        return Listing(fetch, _read_listings, page_token)

    async def find_listings(
        self,
        channel: str,
        names: Iterable[tuple[str, str, str]],
        *,
        read_at_least: str = "",
        tenant: str | None = None,
        timeout_s: float | None = None,
    ) -> ListingsFound:
        """Finds what a channel means by up to 1 000 names: (shop, item, external location)."""
        request = channels_pb2.FindListingsRequest(
            tenant=self._of(tenant), channel=channel, read_at_least=read_at_least
        )
        for shop, item, external_location in names:
            request.names.add(shop=shop, item=item, external_location=external_location)
        response = await self._read("find_listings", request, timeout_s)
        found = [
            _convert_channels.listing(each) if each.sku else None for each in response.listings
        ]
        return ListingsFound(tuple(found), response.cursor)


def _read_listings(response: Any) -> tuple[ListingReport, ...]:
    return tuple([_convert_channels.listing_report(each) for each in response.listings])
