"""Inputs that are kept: for each target a file in tests/fuzzing/corpus with one of them, in base64,
in each line. What has once found a fault is added there, so that it is tried for ever."""

import base64
from pathlib import Path

from tests.fuzzing.targets import TARGETS

FOLDER = Path(__file__).with_name("corpus")


def path_of(name: str) -> Path:
    """The file of a target's inputs."""
    return FOLDER / f"{name}.txt"


def kept_inputs(name: str) -> list[bytes]:
    """The inputs of a target that are kept."""
    lines = path_of(name).read_text().split()
    return [base64.b64decode("" if line == "-" else line) for line in lines]


def write_all() -> None:
    """Add to each file what the target gives as examples and is not there yet."""
    FOLDER.mkdir(exist_ok=True)
    for name, target in TARGETS.items():
        path = path_of(name)
        kept = kept_inputs(name) if path.exists() else []
        kept += [each for each in target.examples() if each not in kept]
        lines = [base64.b64encode(each).decode() or "-" for each in kept]
        path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_all()
