"""`holdfast auth`: what it makes is for its owner alone, and works; and why somebody may or may
not."""

import json
import ssl
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from typer.testing import CliRunner

from engine.cli.main import app
from tests.cli.conftest import environment

PRINCIPALS = """
[[issuers]]
issuer = "https://login.example"
audience = "holdfast"
keys = "keys.json"

[[principals]]
name = "checkout"
subjects = ["checkout-service"]
certificates = ["checkout.shop", "spiffe://shop/checkout"]
[[principals.rules]]
commands = ["Reserve", "@read"]
tenants = [""]
skus = ["TEA", "MUG-*"]
locations = ["LONDON"]
channels = ["web"]
[[principals.rules]]
commands = ["Watch"]
"""


def run(*arguments: str, code: int = 0) -> str:
    """What a command prints, on stdout or, where it fails, on stderr."""
    done = CliRunner(env=environment()).invoke(app, ["auth", *arguments])
    assert done.exit_code == code, (done.stdout, done.stderr)
    return done.stderr if code == 2 else done.stdout + done.stderr


def ask(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def principals(tmp_path: Path) -> Path:
    """A principals file beside a key set whose private key is k1.key."""
    run("keys", "--to", str(tmp_path), "--kid", "k1")
    file = tmp_path / "principals.toml"
    file.write_text(PRINCIPALS)
    return file


def test_keys_are_added_to_the_set_and_only_their_owner_reads_the_private_ones(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "auth"
    first = ask("keys", "--to", str(folder), "--kid", "2026-11")
    assert first["keys_in_set"] == 1
    second = ask("keys", "--to", str(folder), "--algorithm", "ES256")
    assert second["keys_in_set"] == 2
    for made in (first, second):
        assert mode(Path(made["private_key"])) == 0o600
        assert b"PRIVATE KEY" in Path(made["private_key"]).read_bytes()
    text = (folder / "keys.json").read_text()
    assert mode(folder / "keys.json") == 0o644
    keys = json.loads(text)["keys"]
    assert [(key["kid"], key["alg"]) for key in keys] == [
        ("2026-11", "EdDSA"),
        (second["kid"], "ES256"),
    ]
    assert not any("d" in key for key in keys)
    before = (folder / "2026-11.key").read_bytes()
    assert "has a key 2026-11 already" in run(
        "keys", "--to", str(folder), "--kid", "2026-11", code=2
    )
    assert (folder / "2026-11.key").read_bytes() == before
    (folder / "keys.json").write_text("{}")
    assert "it is no JWK set" in run("keys", "--to", str(folder), code=2)
    assert "allowed: EdDSA, ES256" in run(
        "keys", "--to", str(folder), "--algorithm", "none", code=2
    )


def test_a_private_file_is_never_written_over_unasked(tmp_path: Path) -> None:
    folder = str(tmp_path)
    run("certificates", "--to", folder)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"ca.pem", "ca.key", "server.pem", "server.key"}
    complaint = run("certificates", "--to", folder, code=2)
    assert "there already, nothing was written" in complaint
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    run("certificates", "--to", folder, "--replace")
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    changed = {name for name, content in after.items() if content != before[name]}
    # The authority is no file to renew: nobody would believe the node any more.
    assert changed == {"server.pem", "server.key"}
    assert {name for name in after if mode(tmp_path / name) == 0o600} == {"ca.key", "server.key"}


def test_certificates_name_what_was_asked_for(tmp_path: Path) -> None:
    made = ask(
        *("certificates", "--to", str(tmp_path), "--host", "stock.example", "--host", "10.0.0.7"),
        *("--client", "checkout.shop", "--client", "spiffe://shop/checkout", "--days", "7"),
    )
    assert len(made["written"]) == 8
    server = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["stock.example"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.7"]
    assert 7 <= (server.not_valid_after_utc - server.not_valid_before_utc).days <= 8
    for name in ("server", "checkout.shop", "spiffe_shop_checkout"):
        # OpenSSL takes each pair as one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        )
    more = ask("certificates", "--to", str(tmp_path), "--client", "till.shop")
    assert [Path(path).name for path in more["written"]] == ["till.shop.key", "till.shop.pem"]
    (tmp_path / "ca.key").unlink()
    assert "without its other half" in run(
        "certificates", "--to", str(tmp_path), "--client", "x", code=2
    )


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in run("certificates", "--to", str(tmp_path / "file" / "x"), code=2)


def token_arguments(folder: Path) -> list[str]:
    return [
        *("token", "--key", str(folder / "k1.key"), "--issuer", "https://login.example"),
        *("--subject", "checkout-service"),
    ]


def test_a_token_is_printed_or_written_for_its_owner_alone(principals: Path) -> None:
    folder = principals.parent
    printed = run(*token_arguments(folder), "--lifetime", "15m")
    assert printed.count(".") == 2
    file = folder / "checkout.token"
    said = run(*token_arguments(folder), "--to", str(file))
    assert file.read_text().strip() not in said
    assert mode(file) == 0o600
    assert "there already" in run(*token_arguments(folder), "--to", str(file), code=2)
    run(*token_arguments(folder), "--to", str(file), "--replace")
    assert "no private key" in run(*token_arguments(folder), "--key", str(principals), code=2)


EXPLAINED: list[tuple[list[str], int, str]] = [
    (["Reserve", "--sku", "TEA", "--location", "LONDON", "--channel", "web"], 0, "rule 1 (Reserve"),
    (["Reserve", "--sku", "MUG-RED", "--location", "LONDON"], 0, "rule 1 (Reserve, @read) grants"),
    (["GetStock", "--sku", "TEA", "--location", "LONDON"], 0, "rule 1"),
    (["Watch", "--sku", "*", "--location", "*"], 0, "rule 2 (Watch) grants it"),
    (["Reserve", "--sku", "TEA", "--location", "PARIS"], 1, "does not cover location PARIS"),
    (["Reserve", "--sku", "POT"], 1, "rule 1 (Reserve, @read) does not cover SKU POT"),
    (["Reserve", "--sku", "POT"], 1, "rule 2 (Watch) is not about this command"),
    (["Reserve", "--sku", "*"], 1, "does not cover every SKU"),
    (["Reserve", "--sku", "TEA", "--channel", ""], 1, "does not cover no channel"),
    (["Reserve", "--sku", "TEA", "--tenant", "acme"], 1, "does not cover tenant acme"),
    (["Receive", "--sku", "TEA"], 1, "rule 1 (Reserve, @read) is not about this command"),
]


@pytest.mark.parametrize(("arguments", "code", "expected"), EXPLAINED)
def test_why_somebody_may_or_may_not(
    principals: Path, arguments: list[str], code: int, expected: str
) -> None:
    asked = ["explain", *arguments, "--principals", str(principals), "--principal", "checkout"]
    assert expected in " ".join(run(*asked, code=code).split())


def test_who_is_meant_may_be_said_by_a_token_or_a_certificate(principals: Path) -> None:
    folder = principals.parent
    run(*token_arguments(folder), "--to", str(folder / "token"))
    names = ("checkout.shop", "spiffe://shop/checkout", "stranger.shop")
    run("certificates", "--to", str(folder), *(f"--client={name}" for name in names))
    asked = ("explain", "Watch", "--principals", str(principals))
    for who in (
        *(("--token-file", "token"), ("--certificate", "checkout.shop.pem")),
        ("--certificate", "spiffe_shop_checkout.pem"),
    ):
        answer = ask(*asked, who[0], str(folder / who[1]))
        assert (answer["principal"], answer["granted_by"]) == ("checkout", "rule 2 (Watch)")
    stranger = str(folder / "stranger.shop.pem")
    assert "names no principal" in run(*asked, "--certificate", stranger, code=1)
    (folder / "token").write_text("a.b.c")
    assert "nobody: the token is no JWT" in run(
        *asked, "--token-file", str(folder / "token"), code=1
    )


WRONG = [
    (["explain", "Reserv", "--principal", "checkout"], "did you mean Reserve?"),
    (["explain", "Reserve", "--principal", "nobody"], "no principal nobody; there are: checkout"),
    (["explain", "Reserve"], "say who: one of --principal, --token-file and --certificate"),
]


@pytest.mark.parametrize(("arguments", "complaint"), WRONG)
def test_a_question_that_cannot_be_answered_is_refused(
    principals: Path, arguments: list[str], complaint: str
) -> None:
    assert complaint in run(*arguments, "--principals", str(principals), code=2)


def test_a_wrong_principals_file_is_explained_too(principals: Path) -> None:
    principals.write_text("[[principals]]\nname = 1\n")
    asked = ("explain", "Reserve", "--principals", str(principals), "--principal", "checkout")
    assert "principals.toml" in run(*asked, code=2)
