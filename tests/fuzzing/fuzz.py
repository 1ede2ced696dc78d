"""Runs a target: under atheris, which looks for inputs that take new ways, or with a single input.

    python -m tests.fuzzing.fuzz cursors FOLDER -max_total_time=60   # flags are those of libFuzzer
    python -m tests.fuzzing.fuzz cursors --input MS0wMTIz            # an input in base64, again

atheris is beside the environment, where `make soak` puts it: `.venv/fuzzers`.
"""

import base64
import importlib
import sys
from typing import Any


def main(arguments: list[str]) -> None:
    """Run the target that is named first."""
    name, *rest = arguments
    if rest[:1] == ["--input"]:
        _target(name).one_input(base64.b64decode(rest[1]))
        sys.stdout.write("no fault\n")
        return
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["engine", "holdfast"]):
        target = _target(name)

    def one_input(data: bytes) -> None:
        try:
            target.one_input(data)
        except BaseException:
            sys.stdout.write(f"\n{how_to_repeat(name, data)}\n")
            sys.stdout.flush()
            raise

    atheris.Setup([sys.argv[0], *rest], one_input)
    atheris.Fuzz()


def how_to_repeat(name: str, data: bytes) -> str:
    """The command that tries an input again."""
    return f"python -m tests.fuzzing.fuzz {name} --input {base64.b64encode(data).decode()}"


def _target(name: str) -> Any:
    return importlib.import_module(f"tests.fuzzing.targets.{name}")


if __name__ == "__main__":
    main(sys.argv[1:])
