"""The front door of a real node process: SDK, commands and probes with tokens and certificates, and
files that change under it."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from holdfast import Client, SyncClient, Tls, token_file
from holdfast.errors import PermissionDenied, Unauthenticated, Unavailable
from typer.testing import CliRunner

from engine.access.keys import SigningKey, jwk_set, make_key, public_jwk
from engine.access.tokens import make_token
from engine.cli.certificates import make_authority
from engine.cli.main import app
from tests.cli.conftest import ServedNode, environment
from tests.doors import Door, NotLetIn, shake

PRINCIPALS = """
[[issuers]]
issuer = "https://login.example"
audience = "holdfast"
keys = "keys.json"

[[principals]]
name = "warehouse"
subjects = ["warehouse"]
[[principals.rules]]
commands = ["*"]

[[principals]]
name = "checkout"
subjects = ["checkout"]
certificates = ["checkout.shop"]
[[principals.rules]]
commands = ["Reserve", "@read"]
locations = ["LONDON"]
"""
SECONDS_MAX = 60.0
LOOK_S = 0.1


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what comes within a second or two, unless something is wrong."""
    pause = threading.Event()
    for _ in range(int(SECONDS_MAX / LOOK_S)):
        if is_so():
            return
        pause.wait(LOOK_S)
    raise AssertionError(f"it did not come within {SECONDS_MAX:g} s")


class Guarded:
    """A node with TLS and principals, which asks for callers' certificates if `mutual`."""

    def __init__(self, folder: Path, *, mutual: bool) -> None:
        self.folder = folder
        self.door = Door(folder)
        self.key = make_key(kid="k1")
        (folder / "keys.json").write_bytes(jwk_set([public_jwk(self.key)]))
        self.principals = folder / "principals.toml"
        self.principals.write_text(PRINCIPALS)
        flags = [*self.door.flags, "--principals", str(self.principals)]
        if mutual:
            flags += ["--tls-client-ca", str(self.door.ca)]
        self.node = ServedNode(folder / "data", *flags)
        self.port = int(self.node.address.rpartition(":")[2])
        self.address = f"localhost:{self.port}"

    def token(self, subject: str, key: SigningKey | None = None) -> str:
        return make_token(
            key or self.key,
            issuer="https://login.example",
            audience="holdfast",
            subject=subject,
            now_s=time.time(),
            lifetime_s=3_600,
        )

    def run(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """A command that reaches the node by the variables."""
        known = {"HOLDFAST_ADDRESS": self.address, "HOLDFAST_CA": str(self.door.ca)}
        done = CliRunner(env=environment(**known, **variables)).invoke(app, arguments)
        return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    served = Guarded(tmp_path_factory.mktemp("guarded"), mutual=False)
    yield served
    served.node.stop()


@pytest.fixture(scope="module")
def mutual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    served = Guarded(tmp_path_factory.mktemp("mutual"), mutual=True)
    yield served
    served.node.stop()


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2]
)
def test_a_node_process_speaks_nothing_older_than_tls_1_3(
    guarded: Guarded, version: ssl.TLSVersion
) -> None:
    with pytest.raises(NotLetIn):
        shake(guarded.port, guarded.door.ca, version=version)
    assert shake(guarded.port, guarded.door.ca).version == "TLSv1.3"


async def test_the_sdk_comes_in_with_a_token_and_may_do_what_it_covers(guarded: Guarded) -> None:
    tls = Tls(guarded.door.ca)
    warehouse, checkout = guarded.token("warehouse"), guarded.token("checkout")
    async with (
        Client(guarded.address, tls=tls, token=warehouse) as everything,
        Client(guarded.address, tls=tls, token=checkout) as some,
        Client(guarded.address, tls=tls) as nobody,
    ):
        await everything.receive("TEA", "LONDON", 10)
        held = await some.reserve([("TEA", "LONDON", 2)], ttl_s=60)
        assert held.reservation_id
        with pytest.raises(PermissionDenied):
            await some.receive("TEA", "LONDON", 1)
        with pytest.raises(PermissionDenied):
            await some.reserve([("TEA", "PARIS", 1)], ttl_s=60)
        with pytest.raises(Unauthenticated):
            await nobody.reserve([("TEA", "LONDON", 1)], ttl_s=60)
        with pytest.raises(Unauthenticated):
            await nobody.stock("TEA", "LONDON")


def test_the_sdk_without_asyncio_does_so_too(guarded: Guarded) -> None:
    tls, warehouse = Tls(guarded.door.ca), guarded.token("warehouse")
    with SyncClient(guarded.address, tls=tls, token=warehouse) as client:
        assert client.receive("MUG", "LONDON", 5).balances.on_hand == 5
        assert client.stock("MUG", "LONDON").balances.on_hand == 5
    with (
        SyncClient(guarded.address, tls=tls, token=guarded.token("stranger")) as client,
        pytest.raises(Unauthenticated, match="no principal"),
    ):
        client.stock("MUG", "LONDON")
    with (
        SyncClient(guarded.address, timeout_s=0.5) as client,
        pytest.raises(Unavailable),
    ):
        client.stock("MUG", "LONDON")


def test_commands_come_in_with_a_token(guarded: Guarded) -> None:
    file = guarded.folder / "warehouse.token"
    file.write_text(guarded.token("warehouse") + "\n")
    by_file = {"HOLDFAST_TOKEN_FILE": str(file)}
    by_variable = {"HOLDFAST_TOKEN": guarded.token("warehouse")}
    assert guarded.run("receive", "POT@LONDON", "3", **by_file)[0] == 0
    assert guarded.run("stock", "POT@LONDON", **by_variable)[0] == 0
    assert guarded.run("stock", "POT@LONDON", "--token-file", str(file))[0] == 0
    code, out, _ = guarded.run(
        *("bench", "--seconds", "0.1", "--callers", "2", "--json"), **by_variable
    )
    assert (code, json.loads(out)["failed"]) == (0, 0)
    code, _, err = guarded.run("stock", "POT@LONDON")
    assert code == 1
    assert "neither a bearer token nor a client certificate" in err
    code, _, err = guarded.run(
        "receive", "POT@LONDON", "3", HOLDFAST_TOKEN=guarded.token("checkout")
    )
    assert code == 1
    assert "PERMISSION_DENIED" in err


def test_events_are_exported_over_the_door(guarded: Guarded, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    arguments = ("export", "--to", str(events), "--address", guarded.address)
    by_token = {"HOLDFAST_TOKEN": guarded.token("warehouse")}
    assert guarded.run("receive", "CUP@LONDON", "3", **by_token)[0] == 0
    code, _, err = guarded.run(*arguments, **by_token)
    assert (code, err) == (0, "")
    assert "CUP" in events.read_text()


def test_a_probe_needs_no_token_but_the_right_authority(guarded: Guarded, tmp_path: Path) -> None:
    assert guarded.run("health") == (0, f"{guarded.address} is SERVING\n", "")
    (tmp_path / "other").mkdir()
    other = Door(tmp_path / "other")
    assert guarded.run("health", "--ca", str(other.ca))[0] == 3
    done = CliRunner(env=environment()).invoke(app, ["health", "--address", guarded.address])
    assert done.exit_code == 3


def test_metrics_are_scraped_over_tls(guarded: Guarded) -> None:
    assert guarded.node.metrics_url.startswith("https://")
    assert "holdfast_tls_files_refused 0.0" in scraped(guarded)
    plain = http.client.HTTPConnection("127.0.0.1", metrics_port(guarded), timeout=20)
    plain.request("GET", "/metrics")
    with pytest.raises((OSError, http.client.HTTPException)):
        plain.getresponse()
    plain.close()


def test_a_node_takes_new_certificates_keys_and_rules_without_a_restart(
    tmp_path: Path,
) -> None:
    """A connection that is open goes on through all of it, and a wrong file changes nothing."""
    served = Guarded(tmp_path, mutual=False)
    tls = Tls(served.door.ca)
    token = tmp_path / "token"
    token.write_text(served.token("warehouse"))
    try:
        with SyncClient(served.address, tls=tls, token=token_file(token)) as client:
            client.receive("TEA", "LONDON", 1)

            # A wrong certificate is refused; then a new one is shown to who comes anew.
            first = served.door.server.certificate.read_text()
            served.door.server.certificate.write_text("nonsense")
            until(lambda: "holdfast_tls_files_refused 1.0" in scraped(served))
            assert shake(served.port, served.door.ca).certificate == first
            renewed = served.door.renew().decode()
            until(lambda: shake(served.port, served.door.ca).certificate == renewed)
            client.receive("TEA", "LONDON", 1)

            # Another key of the issuer: first it is believed too, then alone.
            other = make_key(kid="k2", algorithm="ES256")
            sets = tmp_path / "keys.json"
            sets.write_bytes(jwk_set([public_jwk(served.key), public_jwk(other)]))
            by_other = served.token("warehouse", other)
            until(lambda: comes_in(served, by_other))
            client.receive("TEA", "LONDON", 1)
            token.write_text(by_other)
            sets.write_bytes(jwk_set([public_jwk(other)]))
            until(lambda: not comes_in(served, served.token("warehouse")))
            client.receive("TEA", "LONDON", 1)

            # Fewer rights: the same connection is refused from then on.
            served.principals.write_text(PRINCIPALS.replace('"*"', '"@read"'))
            until(lambda: is_denied(client))
            served.principals.write_text("nonsense")
            assert client.stock("TEA", "LONDON").balances.on_hand >= 4
    finally:
        code, log = served.node.stop()
    assert code == 0
    assert "new certificates are refused; the old ones stay in force" in log
    assert "PRIVATE" not in log
    assert by_other not in log


def metrics_port(served: Guarded) -> int:
    return int(served.node.metrics_url.rpartition(":")[2].partition("/")[0])


def scraped(served: Guarded) -> str:
    context = ssl.create_default_context(cafile=str(served.door.ca))
    port = metrics_port(served)
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def comes_in(served: Guarded, token: str) -> bool:
    with SyncClient(served.address, tls=Tls(served.door.ca), token=token) as client:
        try:
            client.stock("TEA", "LONDON")
        except Unauthenticated:
            return False
        return True


def is_denied(client: SyncClient) -> bool:
    try:
        client.receive("TEA", "LONDON", 1)
    except PermissionDenied:
        return True
    return False


async def test_with_mutual_tls_a_certificate_is_who_calls(mutual: Guarded) -> None:
    known, unknown = mutual.door.client("checkout.shop"), mutual.door.client("stranger.shop")
    foreign = mutual.door.client("foreign.shop", make_authority("Holdfast tests", 1))
    token = mutual.token("warehouse")
    async with (
        Client(mutual.address, tls=Tls(mutual.door.ca, *unknown), token=token) as warehouse,
        Client(mutual.address, tls=Tls(mutual.door.ca, *known)) as checkout,
        Client(mutual.address, tls=Tls(mutual.door.ca, *unknown)) as stranger,
    ):
        await warehouse.receive("TEA", "LONDON", 10)
        await checkout.reserve([("TEA", "LONDON", 1)], ttl_s=60)
        with pytest.raises(PermissionDenied, match="checkout"):
            await checkout.receive("TEA", "LONDON", 10)
        with pytest.raises(Unauthenticated, match="names no principal"):
            await stranger.reserve([("TEA", "LONDON", 1)], ttl_s=60)
    for tls in (Tls(mutual.door.ca), Tls(mutual.door.ca, *foreign)):
        async with Client(mutual.address, tls=tls, token=token, timeout_s=0.5) as client:
            with pytest.raises(Unavailable):
                await client.stock("TEA", "LONDON")


def test_with_mutual_tls_commands_and_probes_show_a_certificate(mutual: Guarded) -> None:
    certificate, key = mutual.door.client("checkout.shop")
    shown = {"HOLDFAST_CERTIFICATE": str(certificate), "HOLDFAST_KEY": str(key)}
    by_token = {**shown, "HOLDFAST_TOKEN": mutual.token("warehouse")}
    assert mutual.run("receive", "POT@LONDON", "3", **by_token)[0] == 0
    assert mutual.run("stock", "POT@LONDON", **shown)[0] == 0
    assert mutual.run("health", **shown)[0] == 0
    assert mutual.run("health")[0] == 3
    with pytest.raises((OSError, http.client.HTTPException)):
        scraped(mutual)


WRONG_FILES: list[tuple[str, str, str]] = [
    ("node.pem", "nonsense", "node.pem: no certificates in PEM"),
    ("node.key", "nonsense", "node.key: no private key in PEM"),
    ("principals.toml", "[[principals]]\nname = 1", "principals.toml: "),
    ("keys.json", "{}", "keys.json: it is no JWK set"),
]


@pytest.mark.parametrize(("name", "content", "problem"), WRONG_FILES)
def test_a_node_does_not_start_with_a_wrong_file(
    guarded: Guarded, tmp_path: Path, name: str, content: str, problem: str
) -> None:
    for each in ("node.pem", "node.key", "principals.toml", "keys.json"):
        (tmp_path / each).write_bytes((guarded.folder / each).read_bytes())
    (tmp_path / name).write_text(content)
    with pytest.raises(AssertionError) as refused:
        ServedNode(
            tmp_path / "data",
            *("--tls-certificate", str(tmp_path / "node.pem")),
            *("--tls-key", str(tmp_path / "node.key")),
            *("--principals", str(tmp_path / "principals.toml")),
        )
    assert "the node cannot start" in str(refused.value)
    assert problem in str(refused.value)
