"""Python loads this at its start when this folder is on its path: a Holdfast that reads cursors
with leading zeros, to show that the fuzzer notices."""

import re

from engine.feed import cursor

_loose = cursor._TEXT.pattern.replace("[1-9][0-9]{0,18}", "[0-9]{1,19}")
cursor._TEXT = re.compile(_loose)
