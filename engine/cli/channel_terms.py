"""Terms of channels on the command line: how a person states and reads them."""

import re
from typing import Annotated, Any, NamedTuple

import typer
from holdfast.channels import ChannelTerms, DynamicBuffer

from engine.cli.failures import ExitCode, fail

TERMS = "Terms"
DYNAMIC = "dynamic"
USUAL = "usual"
NONE = "none"


def _buffer(text: str) -> str:
    if text not in (DYNAMIC, USUAL) and not re.fullmatch(r"\d{1,13}%?", text):
        raise typer.BadParameter(
            f"{text!r} must be units such as 5, a percentage such as 10%, dynamic, or usual"
        )
    return text


def _units(text: str) -> int | str:
    if text != NONE and not re.fullmatch(r"\d{1,13}", text):
        raise typer.BadParameter(f"{text!r} must be a number of units, or none")
    return text if text == NONE else int(text)


def _option(name: str, metavar: str, text: str, parser: Any = None) -> Any:
    return typer.Option(name, metavar=metavar, help=text, parser=parser, rich_help_panel=TERMS)


BufferOption = Annotated[
    Any,
    _option(
        "--buffer", "5|10%|dynamic|usual", "Units that it leaves to others; usual: 10%.", _buffer
    ),
]
FactorOption = Annotated[
    float | None,
    _option("--service-factor", "Z", "For a dynamic buffer: deviations to cover, such as 1.65."),
]
LeadTimeOption = Annotated[
    float | None, _option("--lead-time", "DAYS", "For a dynamic buffer: from order to delivery.")
]
DeviationOption = Annotated[
    float | None,
    _option("--lead-time-deviation", "DAYS", "For a dynamic buffer: its standard deviation."),
]
WindowOption = Annotated[
    int | None, _option("--window", "DAYS", "For a dynamic buffer: days of sales to look at.")
]
CapOption = Annotated[
    Any, _option("--cap", "UNITS|none", "It is never shown more than this.", _units)
]
AllocationOption = Annotated[
    Any,
    _option("--allocation", "UNITS|none", "Units that are its alone, and all it may have.", _units),
]


class StatedTerms(NamedTuple):
    """What the options of a command say of terms; None: nothing."""

    buffer: str | None
    service_factor: float | None
    lead_time: float | None
    lead_time_deviation: float | None
    window: int | None
    cap: int | str | None
    allocation: int | str | None

    def applied_to(self, before: ChannelTerms) -> ChannelTerms:
        """The terms with what was stated in place of what was before. Ends the command if it does
        not fit together."""
        after = before
        parameters = (self.service_factor, self.lead_time, self.lead_time_deviation, self.window)
        is_dynamic = self.buffer == DYNAMIC or (self.buffer is None and before.dynamic_buffer)
        if any(one is not None for one in parameters) and not is_dynamic:
            raise fail(ExitCode.USAGE, "a service factor and lead times need --buffer dynamic")
        if self.buffer is not None:
            after = after._replace(buffer_units=None, buffer_percent=None, dynamic_buffer=None)
        if is_dynamic:
            after = after._replace(dynamic_buffer=self._dynamic(before.dynamic_buffer))
        elif self.buffer and self.buffer.endswith("%"):
            after = after._replace(buffer_percent=int(self.buffer[:-1]))
        elif self.buffer and self.buffer != USUAL:
            after = after._replace(buffer_units=int(self.buffer))
        if self.cap is not None:
            after = after._replace(cap_units=_stated(self.cap))
        if self.allocation is not None:
            after = after._replace(allocation_units=_stated(self.allocation))
        elif before.allocation_units is not None:
            raise fail(
                ExitCode.USAGE,
                "there is an allocation, and what is taken of it would be counted anew: state it "
                f"with --allocation {before.allocation_units}, or --allocation none",
            )
        return after

    def _dynamic(self, before: DynamicBuffer | None) -> DynamicBuffer:
        if before is None and (self.service_factor is None or self.lead_time is None):
            raise fail(ExitCode.USAGE, "a dynamic buffer needs --service-factor and --lead-time")
        stated: dict[str, Any] = {
            "service_factor": self.service_factor,
            "lead_time_days": self.lead_time,
            "lead_time_deviation_days": self.lead_time_deviation,
            "window_days": self.window,
        }
        changes = {name: value for name, value in stated.items() if value is not None}
        return (before or DynamicBuffer(0, 0))._replace(**changes)


def _stated(units: int | str) -> int | None:
    return units if isinstance(units, int) else None


def buffer_text(terms: ChannelTerms) -> str:
    """A buffer as a person reads it."""
    if terms.buffer_units is not None:
        return f"{terms.buffer_units:,}"
    if terms.buffer_percent is not None:
        return f"{terms.buffer_percent}%"
    dynamic = terms.dynamic_buffer
    if dynamic is not None:
        return (
            f"dynamic, factor {dynamic.service_factor:g}, lead time {dynamic.lead_time_days:g}"
            f" ± {dynamic.lead_time_deviation_days:g} days, {dynamic.window_days} days of sales"
        )
    return "none" if terms.allocation_units is not None else "10%"
