"""Generates the Python code of protos/, or with --check says where it is out of date.

The public contract goes into the SDK (clients/python/holdfast/v1), the log's own records into the
server (engine/log/v1). The same protos and the same pinned compiler give the same bytes.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py")


@dataclass(frozen=True)
class Target:
    """A folder of protos, and the folder under the root that their Python packages start in."""

    protos: str
    destination: str


TARGETS = (
    Target(protos="holdfast/v1", destination="clients/python"),
    Target(protos="engine/log/v1", destination="."),
)


def generate(target: Target, out: Path) -> None:
    """Compile a target's protos below `out`. Files without a service get no grpc module."""
    out.mkdir(parents=True, exist_ok=True)
    sources = sorted((PROTOS / target.protos).glob("*.proto"))
    subprocess.run(
        [
            *(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}"),
            *(f"--python_out={out}", f"--pyi_out={out}", f"--grpc_python_out={out}"),
            *(str(source) for source in sources),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    for source in sources:
        if not any(line.startswith("service ") for line in source.read_text().splitlines()):
            (out / target.protos / f"{source.stem}_pb2_grpc.py").unlink()


def generated_files(folder: Path) -> dict[str, bytes]:
    """The generated files of a folder, by name."""
    return {
        path.name: path.read_bytes()
        for pattern in GENERATED
        for path in sorted(folder.glob(pattern))
    }


def synchronise(target: Target, *, check: bool) -> list[str]:
    """The files that differ from what the protos give; written or removed unless `check`."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(target, Path(scratch))
        expected = generated_files(Path(scratch) / target.protos)
    folder = ROOT / target.destination / target.protos
    present = generated_files(folder)
    stale = [
        name
        for name in sorted(expected.keys() | present.keys())
        if expected.get(name) != present.get(name)
    ]
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            if name in expected:
                (folder / name).write_bytes(expected[name])
            else:
                (folder / name).unlink()
    return [str((folder / name).relative_to(ROOT)) for name in stale]


def main() -> int:
    """Run the command line; 1 if --check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on differences")
    check = parser.parse_args().check
    stale = [name for target in TARGETS for name in synchronise(target, check=check)]
    for name in stale:
        print(f"{'out of date' if check else 'written'}: {name}")
    if check and stale:
        print("The stubs do not agree with protos/: run `make protos`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
