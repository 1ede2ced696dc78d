"""The project's own rules: documents name what exists, installs are pinned, files stay small."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.dockerfile import ignore_patterns, is_ignored, parse

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 400
TARGETS = (
    "demo",
    "test",
    "check",
    "fix",
    "protos",
    "serve",
    "bench",
    "bench-feed",
    "soak",
    "clean",
    "help",
)
LOCKS = tuple(
    f"requirements/{name}.txt" for name in ("build", "runtime", "development", "benchmarks")
)
GENERATED = re.compile(r"_pb2(_grpc)?\.pyi?$")
SOURCE_SUFFIX = re.compile(r"\w\.(py|pyi|proto|md|toml|txt|in)$")
REFERENCE_BASES = (".", "engine", "protos", "clients/python")
PURE_MODULES = frozenset(
    {"bisect", "collections", "dataclasses", "enum", "functools", "heapq", "itertools", "math"}
    | {"engine.core", "msgspec", "operator", "re", "types", "typing", "unicodedata"}
)
"""All that the core may import. import-linter forbids what was thought of; this allows the rest."""
IMPURE_CALLS = frozenset({"open", "print", "input", "exec", "eval", "__import__", "breakpoint"})


def tracked_files() -> list[str]:
    """The files under version control that are still there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


FILES = tracked_files()
PYTHON_FILES = [name for name in FILES if name.endswith(".py") and not GENERATED.search(name)]


def path_references(markdown: str) -> set[str]:
    """What a document writes in code marks or links as if it were a path of this repository."""
    prose = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    quoted = {name.rstrip("/") for name in re.findall(r"`([\w.*/-]+)`", prose)}
    linked = {target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose)}
    folders = {name.split("/")[0] for name in FILES if "/" in name}
    return {
        name
        for name in quoted
        if SOURCE_SUFFIX.search(name) or ("/" in name and name.split("/")[0] in folders)
    } | {name.strip("/") for name in linked if name and ":" not in name}


def missing_references(markdown: str) -> list[str]:
    """The references of a document that match no file or folder, where documents start paths."""
    return sorted(
        name
        for name in path_references(markdown)
        if not any(any((ROOT / base).glob(name)) for base in REFERENCE_BASES)
        and not any(file.endswith(f"/{name}") for file in FILES)
    )


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_documents_name_only_files_that_exist(document: str) -> None:
    assert missing_references((ROOT / document).read_text()) == []


def test_a_document_that_names_a_missing_file_is_found() -> None:
    present = "`engine/core/model.py` `core/limits.py` `model.py` `protos/holdfast/v1/` `tests/*/` "
    elsewhere = "`shard-000/log` `node.json` `a/b` `pip install` [b](https://example.org/c.md) "
    gone = "`engine/core/gone.py` `core/gone.py` `gone.proto` `engine/gone/` [a](docs/gone.md#b)"
    assert missing_references(present + elsewhere) == []
    assert len(missing_references(present + elsewhere + gone)) == len(gone.split())


def test_the_architecture_names_every_package() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    packages = {name.split("/")[1] for name in FILES if re.match(r"engine/\w+/__init__\.py$", name)}
    assert [name for name in sorted(packages) if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_requirements_are_exact_and_name_no_index(lock: str) -> None:
    lines = [line.strip() for line in (ROOT / lock).read_text().splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    exact = re.compile(r"[a-z0-9-]+==[0-9][\w.]*")
    assert [line for line in lines if not exact.fullmatch(line) and line != "-r runtime.txt"] == []
    names = [line.partition("==")[0] for line in lines]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["runtime", "development", "benchmarks"])
def test_what_is_asked_for_is_what_is_locked(name: str) -> None:
    def pins(text: str) -> set[str]:
        return {line for line in text.splitlines() if "==" in line and not line.startswith("#")}

    asked = pins((ROOT / f"requirements/{name}.in").read_text())
    assert asked
    assert asked <= pins((ROOT / f"requirements/{name}.txt").read_text())


def test_nothing_names_a_package_index() -> None:
    installers = [
        *(name for name in FILES if name.startswith("requirements/") or name.endswith(".toml")),
        *("package.json", "package-lock.json", "Makefile", "Dockerfile", ".ci/run"),
    ]
    index = re.compile(
        r"--(extra-)?index-url|--find-links|--trusted-host|\"resolved\"|pypi\.org|npmjs\.(org|com)"
    )
    assert [name for name in installers if index.search((ROOT / name).read_text())] == []


def test_buf_is_pinned() -> None:
    assert '"@bufbuild/buf": "1.75.0"' in (ROOT / "package.json").read_text()


def test_no_file_is_too_long() -> None:
    long = {
        name: lines
        for name in PYTHON_FILES
        if (lines := (ROOT / name).read_text().count("\n")) > FILE_LINES_MAX
    }
    assert long == {}


def test_every_package_says_what_it_is_for() -> None:
    packages = [
        name
        for name in PYTHON_FILES
        if name.endswith("/__init__.py") and name.startswith(("engine/", "clients/python/holdfast"))
    ]
    assert packages
    silent = [name for name in packages if not ast.get_docstring(ast.parse(_source(name)))]
    assert silent == []


def impurities(source: str) -> list[str]:
    """What in a module's source is not allowed in the core."""
    found = []
    for node in ast.walk(ast.parse(source)):
        imported: list[str] = []
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported = [node.module or "."]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node.func.id] if node.func.id in IMPURE_CALLS else []
        for name in imported:
            parents = {name[:end] for end in range(1, len(name) + 1) if name[end:][:1] in {"", "."}}
            found += [] if parents & PURE_MODULES else [name]
    return found


def test_the_core_is_pure() -> None:
    core = [name for name in PYTHON_FILES if name.startswith("engine/core/")]
    assert core
    assert {name: bad for name in core if (bad := impurities(_source(name)))} == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import time", ["time"]),
        ("from os.path import join", ["os.path"]),
        ("from engine.log.port import Log", ["engine.log.port"]),
        ("print(1)", ["print"]),
        ("from collections.abc import Iterator\nimport msgspec", []),
        ("import mathematics", ["mathematics"]),
    ],
)
def test_what_is_impure_is_found(source: str, expected: list[str]) -> None:
    assert impurities(source) == expected


def test_a_shard_process_loads_no_grpc() -> None:
    program = (
        "import importlib, pkgutil, sys\n"
        "for package in sys.argv[1:]:\n"
        "    root = importlib.import_module(package)\n"
        "    for module in pkgutil.walk_packages(root.__path__, package + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'grpc'])\n"
    )
    shard = ("engine.core", "engine.log", "engine.shard")
    for packages, expected in ((shard, "[]"), (("holdfast.v1",), "['grpc")):
        done = subprocess.run(
            [sys.executable, "-c", program, *packages], check=True, capture_output=True, text=True
        )
        assert done.stdout.startswith(expected), packages


def test_make_has_its_targets_and_says_what_they_do() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    described = dict(
        line.split(maxsplit=2)[1:] for line in listed.stdout.splitlines() if line.strip()
    )
    assert [name for name in TARGETS if not described.get(name)] == []


def test_the_image_is_not_root_and_can_be_watched() -> None:
    image = parse((ROOT / "Dockerfile").read_text())[-1]
    texts = {step.keyword: step.text for step in image.steps}
    assert texts["USER"].split(":")[0].isdigit()
    assert texts["USER"].split(":")[0] != "0"
    assert texts["VOLUME"] == '["/data"]'
    assert texts["EXPOSE"] == "7411 9464"
    assert texts["HEALTHCHECK"] == 'CMD ["holdfast", "health"]'
    assert texts["ENTRYPOINT"] == '["holdfast", "serve", "--data-dir", "/data"]'


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("engine/core/model.py", False),
        ("engine/core/__pycache__/model.pyc", True),
        ("clients/python/pyproject.toml", False),
        ("clients/python/holdfast.egg-info/PKG-INFO", True),
        ("clients/java/pom.xml", True),
        ("requirements/runtime.txt", False),
        (".git/config", True),
        ("data/shard-000/log/CURRENT", True),
        ("tests/conftest.py", True),
    ],
)
def test_the_image_is_built_from_the_product_alone(path: str, ignored: bool) -> None:
    patterns = ignore_patterns((ROOT / ".dockerignore").read_text())
    assert is_ignored(path, patterns) is ignored


def _source(name: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / name).read_text()
