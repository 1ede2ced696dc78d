"""Metrics behind the front door's TLS: with the certificates of calls, and asking for the same."""

import contextlib
import socket
from pathlib import Path

import pytest

from engine.metrics import Metrics
from engine.rpc.tls import Certificates
from tests.doors import OLD, Door, NotLetIn, files_of, shake


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_metrics_are_scraped_over_tls_with_the_certificate_in_force(door: Door) -> None:
    certificates = Certificates(files_of(door))
    metrics = Metrics(shards=1)
    metrics.certificate_gauges(lambda: (certificates.expires_at.timestamp(), certificates.refused))
    port = metrics.serve("127.0.0.1", 0, certificates.context)
    try:
        shaken = shake(port, door.ca, protocol="http/1.1")
        assert shaken.version == "TLSv1.3"
        assert shaken.certificate == door.server.certificate.read_text()
        for version in OLD:
            with pytest.raises(NotLetIn):
                shake(port, door.ca, version=version, protocol="http/1.1")
        renewed = door.renew().decode()
        assert certificates.look()
        assert shake(port, door.ca, protocol="http/1.1").certificate == renewed
        found = {
            family.name: family.samples[0].value
            for family in metrics.collect()
            if family.name.startswith("holdfast_tls_")
        }
        expires_at_s = certificates.expires_at.timestamp()
        assert found == {
            "holdfast_tls_certificate_expires_timestamp_seconds": expires_at_s,
            "holdfast_tls_files_refused": 0,
        }
    finally:
        metrics.close()


def test_metrics_ask_for_callers_certificates_where_calls_do(door: Door) -> None:
    certificates = Certificates(files_of(door, client_ca=door.ca))
    metrics = Metrics(shards=1)
    port = metrics.serve("127.0.0.1", 0, certificates.context)
    try:
        shake(port, door.ca, door.client("prometheus.shop"), protocol="http/1.1")
        with pytest.raises(NotLetIn):
            shake(port, door.ca, protocol="http/1.1")
    finally:
        metrics.close()


def test_who_is_slow_at_the_handshake_holds_up_no_scrape(door: Door) -> None:
    metrics = Metrics(shards=1)
    port = metrics.serve("127.0.0.1", 0, Certificates(files_of(door)).context)
    with contextlib.ExitStack() as stack:
        stack.callback(metrics.close)
        for _ in range(8):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        assert shake(port, door.ca, protocol="http/1.1").version == "TLSv1.3"
