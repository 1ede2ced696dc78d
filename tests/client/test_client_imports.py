"""What is loaded when, and what is public."""

import inspect
import subprocess
import sys

import holdfast
import pytest
from holdfast import Client, SyncClient, commands
from holdfast.v1 import inventory_pb2

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


EXTRA = "import sys, {}; print(bool({{'httpx', 'prometheus_client'}} & set(sys.modules)))"


@pytest.mark.parametrize(
    ("modules", "loaded"),
    [
        ("holdfast.client, holdfast.sync, holdfast.subscription", False),
        ("holdfast.adapters.webhooks", True),
    ],
)
def test_only_adapters_need_the_extra(modules: str, loaded: bool) -> None:
    process = subprocess.run(
        [sys.executable, "-c", EXTRA.format(modules)], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == str(loaded)


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
    *("amend", "confirm", "pick", "unpick", "return_units", "transfer_reservation", "expect"),
    *("take_back", "move", "send_transfer", "receive_transfer", "transfer", "node"),
    *("configure_locations", "define_kit", "limit_customers", "configure_holds", "configuration"),
    *("configure_channel", "set_channel_policies", "define_sku_group", "map_listings", "listings"),
    *("find_listings", "compute_buffers", "channels", "channel_availability"),
    *("subscribe", "subscriptions", "reset_subscription", "delete_subscription", "set_mark"),
    *("park_message", "parked_messages", "replay_parked", "drop_parked"),
    *("list_events", "explain_stock", "list_reservations", "wait_for_subscriber", "close"),
]


def test_the_surface_is_listed_in_full() -> None:
    assert {name for name in dir(Client) if not name.startswith("_")} == set(SURFACE)
    assert {name for name in dir(SyncClient) if not name.startswith("_")} == set(SURFACE)


def test_every_command_of_a_batch_can_be_built() -> None:
    fields = [field.name for field in inventory_pb2.Command.DESCRIPTOR.oneofs[0].fields]
    names = {"return_units" if name == "return" else name for name in fields}
    assert names <= set(commands.__all__)
    assert names <= set(SURFACE)


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
