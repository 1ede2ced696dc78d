"""Commands that configure channels: what is so already makes no event, but an allocation that is
stated anew, which begins to count anew."""

from collections.abc import Iterable

from msgspec.structs import replace

from engine.core.channels import Channel, ChannelPolicy, ChannelTerms, ComputedBuffer, SkuGroup
from engine.core.commands import (
    ComputeBuffer,
    ConfigureChannel,
    DefineSkuGroup,
    SetChannelPolicies,
)
from engine.core.events import (
    BufferComputed,
    ChannelConfigured,
    ChannelPoliciesSet,
    SkuGroupDefined,
)
from engine.core.limits import ALLOCATIONS_PER_SKU_MAX
from engine.core.model import Key
from engine.core.rejections import (
    KitHasNoStock,
    NoDynamicBuffer,
    Rejection,
    TooManyAllocations,
    UnknownChannel,
    UnknownSkuGroup,
)
from engine.core.safety import daily_sales, safety_stock
from engine.core.view import Decision, View


def configure_channel(view: View, command: ConfigureChannel, now_ms: int) -> Decision | Rejection:
    """State how a channel is, or that it is no more."""
    tenant, stated = command.tenant, command.channel
    before = view.channels.channel(tenant, stated.name)
    if command.remove:
        if before is None:
            return UnknownChannel(stated.name)
        return Decision((ChannelConfigured(tenant, Channel(stated.name), removed=True),))
    terms = _dated(stated.terms, before.terms if before else None, now_ms)
    channel = replace(stated, terms=terms)
    if channel == before:
        return Decision()
    if terms.allocation_units is not None:
        refusal = _too_many(view.channels.sharing(tenant, channel.name, None))
        if refusal is not None:
            return refusal
    return Decision((ChannelConfigured(tenant, channel),))


def set_channel_policies(
    view: View, command: SetChannelPolicies, now_ms: int
) -> Decision | Rejection:
    """State what a channel may sell of SKUs, or of each SKU of a group."""
    tenant, name = command.tenant, command.channel
    if view.channels.channel(tenant, name) is None:
        return UnknownChannel(name)
    before = view.channels.policies.get((tenant, name), {})
    changed: list[ChannelPolicy] = []
    for policy in command.policies:
        old = before.get((policy.sku, policy.sku_group))
        group = policy.sku_group
        if group and policy.terms and (tenant, group) not in view.channels.groups:
            return UnknownSkuGroup(group)
        if _needs_stock(policy) and view.kit(tenant, policy.sku) is not None:
            return KitHasNoStock(Key(tenant, policy.sku, ""))
        dated = policy
        if policy.terms is not None:
            dated = replace(policy, terms=_dated(policy.terms, old.terms if old else None, now_ms))
        if dated != (old or ChannelPolicy(policy.sku, group)):
            changed.append(dated)
    refusal = _shared_too_much(view, tenant, name, changed)
    if refusal is not None:
        return refusal
    return Decision((ChannelPoliciesSet(tenant, name, tuple(changed)),) if changed else ())


def define_sku_group(view: View, command: DefineSkuGroup, _now_ms: int) -> Decision | Rejection:
    """State which SKUs belong to a group."""
    group = SkuGroup(command.name, command.skus, command.sku_prefixes)
    before = view.channels.groups.get((command.tenant, command.name), SkuGroup(command.name))
    return Decision((SkuGroupDefined(command.tenant, group),) if group != before else ())


def compute_buffer(view: View, command: ComputeBuffer, now_ms: int) -> Decision | Rejection:
    """Compute a dynamic buffer from what was sold. What comes of it is an event, even if it is what
    it was before: it says that this was looked at."""
    tenant, sku = command.tenant, command.sku
    channel = view.channels.channel(tenant, command.channel)
    if channel is None:
        return UnknownChannel(command.channel)
    terms, _ = view.channels.terms(tenant, channel, sku)
    parameters = terms.buffer.dynamic if terms.buffer else None
    if parameters is None or view.kit(tenant, sku) is not None:
        return NoDynamicBuffer(channel.name, sku)
    mean, deviation = daily_sales(command.daily_sales)
    units = safety_stock(parameters, mean, deviation)
    buffer = ComputedBuffer(channel.name, sku, parameters, mean, deviation, units, now_ms)
    return Decision((BufferComputed(tenant, buffer),))


def _needs_stock(policy: ChannelPolicy) -> bool:
    """Whether the terms are about stock of the SKU itself: a part of it, or what was sold of it."""
    terms = policy.terms
    if terms is None:
        return False
    dynamic = terms.buffer is not None and terms.buffer.dynamic is not None
    return dynamic or terms.allocation_units is not None


def _dated(terms: ChannelTerms, before: ChannelTerms | None, now_ms: int) -> ChannelTerms:
    """The terms with the time that names their allocation: a later one than that of the allocation
    before it."""
    if terms.allocation_units is None:
        return replace(terms, allocation_since_ms=0)
    earlier = before.allocation_since_ms if before else 0
    return replace(terms, allocation_since_ms=max(now_ms, earlier + 1))


def _shared_too_much(
    view: View, tenant: str, name: str, policies: Iterable[ChannelPolicy]
) -> TooManyAllocations | None:
    """The refusal of policies that would give one SKU to too many channels; None if none would."""
    allocated = [one for one in policies if one.terms and one.terms.allocation_units is not None]
    skus = tuple(one.sku for one in allocated if one.sku)
    sharing = view.channels.sharing(tenant, name, skus) if skus else 0
    if any(one.sku_group for one in allocated):
        sharing = max(sharing, view.channels.sharing(tenant, name, None))
    return _too_many(sharing) if allocated else None


def _too_many(sharing: int) -> TooManyAllocations | None:
    if sharing < ALLOCATIONS_PER_SKU_MAX:
        return None
    return TooManyAllocations(sharing + 1, ALLOCATIONS_PER_SKU_MAX)
