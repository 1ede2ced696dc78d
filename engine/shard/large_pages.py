"""Memory in large pages. A process that is asked something now and then finds little of itself in
the processor's caches, and has to look up where each page is before it can read it; on a virtual
machine that takes longer than the reading. What is loaded when a node has started lies on thousands
of pages of 4 KiB, or on a few of 2 MiB."""

import ctypes
from pathlib import Path

_MADV_COLLAPSE = 25


def use_large_pages() -> None:
    """Put what this process has in memory onto large pages, in some 10 ms. A kernel that does not
    know how, or has none left, leaves it where it is."""
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    for area in Path("/proc/self/maps").read_text().splitlines():
        addresses, rights, _, _, file_number, *_ = area.split()
        if rights == "rw-p" and file_number == "0":
            first, end = (int(each, 16) for each in addresses.split("-"))
            madvise(first, end - first, _MADV_COLLAPSE)
