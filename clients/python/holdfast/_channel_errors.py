"""Errors about channels."""

from holdfast._error_base import Fact, HoldfastError


class UnknownChannel(HoldfastError):
    """No such channel is configured."""

    channel = Fact(str, "channel", "The channel.")


class UnknownSkuGroup(HoldfastError):
    """No SKU belongs to this group."""

    sku_group = Fact(str, "sku_group", "The group.")


class ListingsRefused(HoldfastError):
    """Something is wrong with listings, and none is mapped unless all are; the facts are of the
    first of them."""

    problems = Fact(int, "problems", "With how many listings something is wrong.")
    sku = Fact(str, "sku", "The SKU.")
    location = Fact(str, "location", "The location; empty: all of the channel's as one.")
    problem = Fact(str, "problem", "What is wrong with it.")


class BufferNotDynamic(HoldfastError):
    """The channel's buffer for the SKU does not follow from sales."""

    channel = Fact(str, "channel", "The channel.")
    sku = Fact(str, "sku", "The SKU.")
