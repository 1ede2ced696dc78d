"""All channels that are configured, and which terms hold for a SKU."""

from collections.abc import Hashable, Iterator
from typing import TypeVar

from engine.core.channels import Channel, ChannelPolicy, ChannelTerms, ComputedBuffer, SkuGroup

_Place = TypeVar("_Place", bound=Hashable)
_Scope = tuple[str, str]
"""A SKU, or else a group of SKUs; the other is empty."""


class ChannelBook:
    """Channels, policies, groups of SKUs and computed buffers, by tenant and name. It belongs to
    one thread and changes in place, as the Configuration that it is a part of.

    It also knows, by SKU, which channels might have an allocation, so that whoever sells without
    a channel learns at the cost of a look into one dict that nothing is kept from him.
    """

    def __init__(self) -> None:
        self.channels: dict[tuple[str, str], Channel] = {}
        self.policies: dict[tuple[str, str], dict[_Scope, ChannelPolicy]] = {}
        """By tenant and channel, then by scope."""
        self.groups: dict[tuple[str, str], SkuGroup] = {}
        self.buffers: dict[tuple[str, str], dict[str, ComputedBuffer]] = {}
        """By tenant and channel, then by SKU."""
        self._groups_of_sku: dict[tuple[str, str], set[str]] = {}
        self._groups_of_prefix: dict[tuple[str, str], set[str]] = {}
        self._prefix_lengths: dict[str, dict[int, int]] = {}
        # Channels with an allocation: of this SKU; of a group, or of every SKU.
        self._of_sku: dict[tuple[str, str], set[str]] = {}
        self._widely: dict[str, set[str]] = {}

    def channel(self, tenant: str, name: str) -> Channel | None:
        """How a channel is configured; None if it is not."""
        return self.channels.get((tenant, name)) if self.channels else None

    def terms(
        self, tenant: str, channel: Channel, sku: str
    ) -> tuple[ChannelTerms, ChannelPolicy | None]:
        """The terms of a channel for a SKU, and the policy that states them: that of the SKU, else
        that of the first of its groups that has one, else None: they are the channel's own."""
        policies = self.policies.get((tenant, channel.name))
        if policies:
            policy = policies.get((sku, ""))
            if policy is None:
                for group in sorted(self._groups(tenant, sku)):
                    policy = policies.get(("", group))
                    if policy is not None:
                        break
            if policy is not None and policy.terms is not None:
                return policy.terms, policy
        return channel.terms, None

    def allocations(self, tenant: str, sku: str) -> list[tuple[Channel, ChannelTerms]]:
        """The channels with an allocation of the SKU, with their terms, in order of name."""
        names = self._of_sku.get((tenant, sku), set()) | self._widely.get(tenant, set())
        found = []
        for name in sorted(names):
            channel = self.channels[tenant, name]
            terms, _ = self.terms(tenant, channel, sku)
            if terms.allocation_units is not None:
                found.append((channel, terms))
        return found

    def is_allocated(self, tenant: str, sku: str) -> bool:
        """Whether a channel might have an allocation of the SKU."""
        return tenant in self._widely or (tenant, sku) in self._of_sku

    @property
    def allocates(self) -> bool:
        """Whether any channel has an allocation of anything."""
        return bool(self._of_sku or self._widely)

    def computed_buffer(self, tenant: str, channel: str, sku: str) -> ComputedBuffer | None:
        """The dynamic buffer as it was computed last."""
        return self.buffers.get((tenant, channel), {}).get(sku)

    def sharing(self, tenant: str, channel: str, skus: tuple[str, ...] | None) -> int:
        """With how many others the channel would share a SKU if it had an allocation of these, or
        (None) of every SKU: the most there are with one of any, or of that SKU."""
        widely = self._widely.get(tenant, set())
        if skus is None:
            of_skus = [names for (owner, _), names in self._of_sku.items() if owner == tenant]
        else:
            of_skus = [self._of_sku.get((tenant, sku), set()) for sku in skus]
        return max(len((names | widely) - {channel}) for names in [*of_skus, set()])

    def put_channel(self, tenant: str, channel: Channel) -> None:
        """A channel is as stated from now on; its policies stay."""
        self.channels[tenant, channel.name] = channel
        self._note_wide(tenant, channel.name)

    def remove_channel(self, tenant: str, name: str) -> None:
        """A channel is configured no longer, and its policies and computed buffers are gone."""
        place = (tenant, name)
        for sku, _ in list(self.policies.pop(place, {})):
            self._drop(self._of_sku, (tenant, sku), name)
        self.channels.pop(place, None)
        self.buffers.pop(place, None)
        self._drop(self._widely, tenant, name)

    def put_policy(self, tenant: str, channel: str, policy: ChannelPolicy) -> None:
        """A policy is as stated from now on, or, without terms, is no more."""
        place = (tenant, channel)
        policies = self.policies.setdefault(place, {})
        if policy.terms is None:
            policies.pop((policy.sku, policy.sku_group), None)
        else:
            policies[policy.sku, policy.sku_group] = policy
        if not policies:
            del self.policies[place]
        if policy.sku_group:
            self._note_wide(tenant, channel)
        elif policy.terms is not None and policy.terms.allocation_units is not None:
            self._of_sku.setdefault((tenant, policy.sku), set()).add(channel)
        else:
            self._drop(self._of_sku, (tenant, policy.sku), channel)

    def put_group(self, tenant: str, group: SkuGroup) -> None:
        """A group is as stated from now on, or, without SKUs and prefixes, is no more."""
        before = self.groups.pop((tenant, group.name), None)
        lengths = self._prefix_lengths.setdefault(tenant, {})
        for sku in before.skus if before else ():
            self._drop(self._groups_of_sku, (tenant, sku), group.name)
        for prefix in before.sku_prefixes if before else ():
            self._drop(self._groups_of_prefix, (tenant, prefix), group.name)
            lengths[len(prefix)] -= 1
            if not lengths[len(prefix)]:
                del lengths[len(prefix)]
        if group.skus or group.sku_prefixes:
            self.groups[tenant, group.name] = group
        for sku in group.skus:
            self._groups_of_sku.setdefault((tenant, sku), set()).add(group.name)
        for prefix in group.sku_prefixes:
            self._groups_of_prefix.setdefault((tenant, prefix), set()).add(group.name)
            lengths[len(prefix)] = lengths.get(len(prefix), 0) + 1

    def put_buffer(self, tenant: str, buffer: ComputedBuffer) -> None:
        """A dynamic buffer was computed."""
        self.buffers.setdefault((tenant, buffer.channel), {})[buffer.sku] = buffer

    def _groups(self, tenant: str, sku: str) -> Iterator[str]:
        """The groups that a SKU belongs to; one that names it twice may come twice."""
        yield from self._groups_of_sku.get((tenant, sku), ())
        for length in self._prefix_lengths.get(tenant, ()):
            yield from self._groups_of_prefix.get((tenant, sku[:length]), ())

    def _note_wide(self, tenant: str, name: str) -> None:
        """Note whether a channel has an allocation that is not of one SKU alone."""
        channel = self.channels.get((tenant, name))
        all_terms = [channel.terms] if channel is not None else []
        for (_, group), policy in self.policies.get((tenant, name), {}).items():
            if group and policy.terms is not None:
                all_terms.append(policy.terms)
        if any(terms.allocation_units is not None for terms in all_terms):
            self._widely.setdefault(tenant, set()).add(name)
        else:
            self._drop(self._widely, tenant, name)

    @staticmethod
    def _drop(sets: dict[_Place, set[str]], place: _Place, name: str) -> None:
        """Take a name out of a set; one that is empty is none."""
        names = sets.get(place)
        if names is not None:
            names.discard(name)
            if not names:
                del sets[place]
