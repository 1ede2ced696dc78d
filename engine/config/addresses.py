"""Addresses to listen at, and who can reach them."""

import ipaddress


def split_address(address: str) -> tuple[str, int]:
    """Host and port of "host:port", or ValueError. An IPv6 host is written in brackets, which are
    taken off."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError(f"{address!r} is not host:port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        ipaddress.IPv6Address(host)
    elif ":" in host or any(character.isspace() for character in host):
        raise ValueError(f"{address!r} is not host:port")
    return host, int(port)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach "host:port". Of names, only localhost is sure."""
    host, _ = split_address(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
