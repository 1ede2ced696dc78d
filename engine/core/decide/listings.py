"""Mapping a channel's identifiers to SKU-locations: each is one place's at most."""

from engine.core.commands import MapListings
from engine.core.events import ListingsMapped
from engine.core.listings import Listing, ListingProblem, ListingReport
from engine.core.rejections import ListingsRefused, Rejection, UnknownChannel
from engine.core.view import Decision, View


def map_listings(view: View, command: MapListings, _now_ms: int) -> Decision | Rejection:
    """Map what nothing is wrong with, and say what is wrong with the others. What is mapped so
    already makes no event."""
    adds = any(listing.item for listing in command.listings)
    if adds and view.channels.channel(command.tenant, command.channel) is None:
        # Of one that is gone, what it called things may still be taken away.
        return UnknownChannel(command.channel)
    mapping = _Mapping(view, command)
    mapping.refuse_duplicates()
    problems = mapping.problems()
    if problems and command.all_or_nothing:
        return ListingsRefused(problems)
    changed = mapping.changed()
    if not changed and not problems:
        return Decision()
    return Decision((ListingsMapped(command.tenant, command.channel, changed, problems),))


class _Mapping:
    """The listings of one command, with what is mapped before it."""

    def __init__(self, view: View, command: MapListings) -> None:
        self._view = view
        self._command = command
        self._before = {
            listing.place: view.listing(command.tenant, command.channel, *listing.place)
            for listing in command.listings
        }
        self._refused = {report.listing.place: report for report in command.found}
        self._claims: dict[tuple[str, str, str], Listing] = {}

    def refuse_duplicates(self) -> None:
        """Refuse each listing whose identifiers are another place's after the command. Of several
        with the same identifiers the first is mapped.

        A listing that is refused leaves its place the identifiers that it had, which another
        listing may have counted on.
        """
        staying = [report.listing for report in self._command.found]
        stated = [
            listing
            for listing in self._command.listings
            if listing.item and listing.place not in self._refused
        ]
        # What is so already comes first: nobody takes it away by asking for the same.
        for listing in sorted(stated, key=self._is_so, reverse=True):
            conflict = self._claims.get(listing.name) or self._owner(listing)
            if conflict is None:
                self._claims[listing.name] = listing
            else:
                self._refuse(listing, conflict)
                staying.append(listing)
        while staying:
            before = self._before.get(staying.pop().place)
            claim = self._claims.pop(before.name, None) if before is not None else None
            if before is not None and claim is not None and claim.place != before.place:
                self._refuse(claim, before)
                staying.append(claim)

    def _owner(self, listing: Listing) -> Listing | None:
        """The listing of another place that has the same identifiers and is not stated anew."""
        owner = self._view.listed(self._command.tenant, self._command.channel, listing.name)
        if owner is None or owner == listing.place:
            return None
        if owner in self._before and owner not in self._refused:
            return None
        return Listing(*owner, *listing.name)

    def _refuse(self, listing: Listing, conflict: Listing) -> None:
        self._refused[listing.place] = ListingReport(listing, ListingProblem.DUPLICATE, conflict)

    def problems(self) -> tuple[ListingReport, ...]:
        """What is wrong, in the order of the command."""
        places = [listing.place for listing in self._command.listings]
        return tuple(self._refused[place] for place in places if place in self._refused)

    def changed(self) -> tuple[Listing, ...]:
        """What is to be mapped or removed, and is not so already, in the order of the command."""
        return tuple(
            listing if listing.item else Listing(*listing.place)
            for listing in self._command.listings
            if listing.place not in self._refused and not self._is_so(listing)
        )

    def _is_so(self, listing: Listing) -> bool:
        before = self._before[listing.place]
        return before == listing if listing.item else before is None
