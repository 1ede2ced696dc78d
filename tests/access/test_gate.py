"""The gate: who is let in by what is in force, and how that changes while it stands."""

from pathlib import Path

import pytest
import structlog

from engine.access.gate import Shown
from engine.access.keys import make_key
from engine.access.named import Named, only
from engine.access.problems import PermissionDenied, Unauthenticated
from engine.access.watched import FileRefused
from tests.access.house import PRINCIPALS, House, signed
from tests.doors import write_unnoticed

TEA = Named(only(""), only("TEA"), only("LONDON"), only(""))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_token_or_a_certificate_makes_a_principal(house: House) -> None:
    gate = house.gate()
    assert gate.authenticate(house.shown()).name == "checkout"
    assert gate.authenticate(Shown("", ("x.shop", "checkout.shop"))).name == "checkout"
    # A token goes before a certificate, and one that is wrong is not passed over.
    assert gate.authenticate(Shown(house.token("root"), ("checkout.shop",))).name == "everything"
    with pytest.raises(Unauthenticated):
        gate.authenticate(Shown("wrong", ("checkout.shop",)))


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        ((), "neither a bearer token nor a client certificate was shown"),
        (("other.shop",), "the client certificate names no principal"),
        (("CHECKOUT.shop",), "the client certificate names no principal"),
        (("root.shop", "checkout.shop"), "the client certificate names several principals"),
    ],
)
def test_a_certificate_that_names_not_one_principal_is_nobodys(
    house: House, names: tuple[str, ...], cause: str
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        house.gate().authenticate(Shown("", names))
    assert refused.value.cause == cause


def test_a_subject_that_is_no_principal_is_nobody(house: House) -> None:
    with pytest.raises(Unauthenticated, match="no principal here"):
        house.gate().authenticate(house.shown("stranger"))


def test_what_was_believed_ends_in_its_time(house: House) -> None:
    gate = house.gate()
    shown = house.shown()
    gate.authenticate(shown)
    house.clock.now_s += 3_599
    gate.authenticate(shown)
    house.clock.now_s += 1
    with pytest.raises(Unauthenticated, match="expired"):
        gate.authenticate(shown)
    ends_s = house.clock.now_s
    gate.authenticate(Shown("", ("root.shop",), ends_s + 1))
    with pytest.raises(Unauthenticated, match="the client certificate has expired"):
        gate.authenticate(Shown("", ("root.shop",), ends_s))


def test_keys_are_rotated_by_replacing_the_file(house: House) -> None:
    gate = house.gate()
    old, fresh = house.key, make_key("ES256")
    before, after = house.shown(), Shown(signed(house.claims(), fresh))
    with pytest.raises(Unauthenticated):
        gate.authenticate(after)
    house.write_keys(old, fresh)
    gate.look()
    assert gate.authenticate(before) == gate.authenticate(after)
    house.write_keys(fresh)
    gate.look()
    gate.authenticate(after)
    with pytest.raises(Unauthenticated, match="a key that its issuer does not have"):
        gate.authenticate(before)


def test_a_key_under_the_same_id_is_another_key(house: House) -> None:
    gate = house.gate()
    shown = house.shown()
    gate.authenticate(shown)
    house.write_keys(make_key(kid=house.key.kid))
    gate.look()
    with pytest.raises(Unauthenticated, match="signature is wrong"):
        gate.authenticate(shown)


def test_another_audience_of_the_issuer_holds_for_tokens_that_were_believed(house: House) -> None:
    gate = house.gate()
    shown = house.shown()
    gate.authenticate(shown)
    house.write(PRINCIPALS.replace('audience = "holdfast"', 'audience = "other"'))
    gate.look()
    with pytest.raises(Unauthenticated, match="for another audience"):
        gate.authenticate(shown)


def test_only_what_may_have_changed_is_verified_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand open streams are looked at in one go after a change."""
    gate = house.gate()
    before = gate.authenticate(house.shown())
    shown = house.shown()
    monkeypatch.setattr("engine.access.gate.verify", None)
    house.write(PRINCIPALS + "# Something new.\n[[principals]]\nname='x'\ncertificates=['x']\n")
    gate.look()
    house.write_keys(house.key, make_key("ES256"))
    gate.look()
    assert gate.generation == 2
    assert gate.authenticate(shown) == before


def test_rules_change_with_the_file(house: House) -> None:
    gate = house.gate()
    gate.check("checkout", "Reserve", TEA)
    house.write(PRINCIPALS.replace('skus = ["TEA", "MUG-*"]', 'skus = ["MUG-*"]'))
    gate.check("checkout", "Reserve", TEA)
    gate.look()
    with pytest.raises(PermissionDenied) as denied:
        gate.check("checkout", "Reserve", TEA)
    assert str(denied.value) == "checkout may not Reserve: SKU TEA"
    assert gate.generation == 1
    gate.look()
    assert gate.generation == 1


def test_a_file_that_keeps_its_time_and_size_is_read_again_all_the_same(house: House) -> None:
    """Which is also how a file looks whose owner or mode has been put right."""
    gate = house.gate()
    narrower = PRINCIPALS.replace('skus = ["TEA", "MUG-*"]', 'skus = ["POT", "MUG-*"]')
    write_unnoticed(house.principals_file, narrower.encode())
    gate.look()
    with pytest.raises(PermissionDenied):
        gate.check("checkout", "Reserve", TEA)


@pytest.mark.parametrize("wrong", ["[[", "", "gone"])
def test_a_wrong_principals_file_is_refused_once_and_the_old_one_stays(
    house: House, wrong: str
) -> None:
    gate = house.gate()
    if wrong == "gone":
        house.principals_file.unlink()
    else:
        house.write(wrong or PRINCIPALS.replace("keys.json", "gone.json"))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            gate.look()
    assert [log["log_level"] for log in logs] == ["error"]
    expected = house.principals_file if wrong else house.folder / "gone.json"
    assert logs[0]["file"] == str(expected)
    assert (gate.failures, gate.generation) == (1, 0)
    gate.check("checkout", "Reserve", TEA)
    gate.authenticate(house.shown())
    if not wrong:
        # The key set comes after the file that asks for it.
        house.keys_file.rename(house.folder / "gone.json")
        gate.look()
        assert gate.generation == 1
        gate.authenticate(house.shown())
    house.write("")
    gate.look()
    with pytest.raises(Unauthenticated):
        gate.check("checkout", "Reserve", TEA)


def test_a_wrong_key_set_is_refused_and_the_rest_changes_all_the_same(house: House) -> None:
    gate = house.gate()
    house.keys_file.write_text("{}, a private key: SECRET")
    house.write(PRINCIPALS.replace('skus = ["TEA", "MUG-*"]', 'skus = ["MUG-*"]'))
    with structlog.testing.capture_logs() as logs:
        gate.look()
    errors = [log for log in logs if log["log_level"] == "error"]
    assert [log["file"] for log in errors] == [str(house.keys_file)]
    assert "SECRET" not in str(logs)
    gate.authenticate(house.shown())
    with pytest.raises(PermissionDenied):
        gate.check("checkout", "Reserve", TEA)
    assert gate.gauges() == (1, house.clock.now_s)


def test_at_the_start_a_wrong_file_is_a_refusal(house: House) -> None:
    house.keys_file.unlink()
    with pytest.raises(FileRefused, match=r"keys\.json: No such file"):
        house.gate()
    house.principals_file.write_bytes(b"#" * (5 * 1024 * 1024))
    with pytest.raises(FileRefused, match="larger than"):
        house.gate()


def test_a_caller_does_not_show_what_they_have_shown(house: House) -> None:
    assert repr(house.shown()) == "Shown(...)"
