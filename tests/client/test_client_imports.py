"""What is loaded when, and what is public."""

import inspect
import subprocess
import sys

import holdfast
import pytest
from holdfast import Client, SyncClient, commands

LOADED = "import sys, {module}; print(sorted({{'grpc', 'google.rpc'}} & set(sys.modules)))"


@pytest.mark.parametrize(
    ("module", "loaded"),
    [
        ("holdfast", "[]"),
        ("holdfast.v1.stock_pb2", "[]"),
        ("holdfast.v1.inventory_pb2", "[]"),
        ("holdfast.commands", "[]"),
        ("holdfast.errors", "[]"),
        # The control: what speaks to the server loads gRPC, and the check sees it.
        ("holdfast.client", "['google.rpc', 'grpc']"),
    ],
)
def test_grpc_is_loaded_only_by_what_calls_a_server(module: str, loaded: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert process.stdout.strip() == loaded


def test_every_public_name_is_there_and_described() -> None:
    for name in holdfast.__all__:
        assert inspect.getdoc(getattr(holdfast, name)), name
    assert set(holdfast.__all__) <= set(dir(holdfast))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        _ = holdfast.Klient


SURFACE = [
    *("reserve", "extend", "commit", "release", "allocate", "ship", "sell", "receive", "adjust"),
    *("set_on_hand", "configure", "stock", "availability", "reservation", "watch", "execute"),
    "close",
]


@pytest.mark.parametrize("name", SURFACE)
def test_both_clients_have_the_same_surface(name: str) -> None:
    ours, theirs = getattr(Client, name), getattr(SyncClient, name)
    assert inspect.signature(ours).parameters == inspect.signature(theirs).parameters
    assert inspect.getdoc(ours)
    assert inspect.getdoc(theirs)


def test_a_method_is_described_as_its_builder() -> None:
    described = inspect.signature(Client.reserve)
    built = inspect.signature(commands.reserve)
    assert list(described.parameters) == ["self", *built.parameters]
    assert described.return_annotation is holdfast.types.Reserved
    assert Client.reserve.__doc__ == commands.reserve.__doc__
