"""What an operator may set: each key with unit, default and limits, and where a value came from."""

from engine.config.addresses import is_loopback, split_address
from engine.config.keys import SETTINGS, Configuration, Setting
from engine.config.loading import ConfigurationError, Problem, effective, load

__all__ = [
    "SETTINGS",
    "Configuration",
    "ConfigurationError",
    "Problem",
    "Setting",
    "effective",
    "is_loopback",
    "load",
    "split_address",
]
