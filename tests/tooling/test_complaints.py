"""The table of complaints and the tests that are named after them are in step."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "complaints.md"
TESTS = ROOT / "tests" / "complaints"
ISSUES = 26
PREFIX = re.compile(r"test_(?:control_)?([a-z_]+?)_(\d+)_\w+")
ISSUE = re.compile(r"\[([\w.-]+)/([\w.-]+)#(\d+)\]\(https://github\.com/\1/\2/(?:issues|pull)/\3\)")


class Row(NamedTuple):
    """One complaint of the table."""

    repository: str
    number: str
    home: str
    tests: tuple[str, ...]

    def problems(self) -> list[str]:
        """What is wrong with the row by itself."""
        found = []
        if not any(not name.startswith("test_control_") for name in self.tests):
            found.append(f"{self.repository}#{self.number} has no test")
        if not (ROOT / self.home).is_file():
            found.append(f"{self.home} does not exist")
        project = re.sub(r"[^a-z]", "", self.repository.lower())
        for name in self.tests:
            named = PREFIX.fullmatch(name)
            if not (named and named[2] == self.number and named[1].replace("_", "") in project):
                found.append(f"{name} is not named after {self.repository}#{self.number}")
        return found


def rows(markdown: str) -> list[Row]:
    """The complaints of the tables."""
    found = []
    for line in markdown.splitlines():
        if not line.startswith("| ["):
            continue
        complaint, _, _, home, tests = (cell.strip() for cell in line.strip("|").split(" | "))
        issue = ISSUE.fullmatch(complaint)
        assert issue, f"no issue and link to it: {complaint}"
        names = tuple(re.findall(r"`(\w+)`", tests))
        found.append(Row(f"{issue[1]}/{issue[2]}", issue[3], home.strip("`"), names))
    return found


def written_tests(directory: Path) -> list[str]:
    """The names of all tests of a directory."""
    return [
        node.name
        for path in sorted(directory.glob("test_*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]


def differences(markdown: str, written: list[str]) -> list[str]:
    """Where the table and the tests differ."""
    complaints = rows(markdown)
    told = [name for row in complaints for name in row.tests]
    return [
        *[problem for row in complaints for problem in row.problems()],
        *[f"{name} is told and not written" for name in told if name not in written],
        *[f"{name} is written and not told" for name in written if name not in told],
        *[f"{name} is told twice" for name in sorted(set(told)) if told.count(name) > 1],
    ]


def test_the_table_and_the_tests_are_in_step() -> None:
    assert differences(TABLE.read_text(), written_tests(TESTS)) == []


def test_each_complaint_has_one_row() -> None:
    issues = [(row.repository, row.number) for row in rows(TABLE.read_text())]
    assert len(issues) == len(set(issues)) == ISSUES


def test_each_test_tells_its_complaint() -> None:
    silent = [
        node.name
        for path in sorted(TESTS.glob("test_*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not node.name.startswith("test_control_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


_ROW = (
    "| [a/shop#7](https://github.com/a/shop/issues/7) | said | done | `engine/core/model.py` "
    "| `test_shop_7_x` `test_control_shop_7_y` |"
)
_WRITTEN = ["test_shop_7_x", "test_control_shop_7_y"]


@pytest.mark.parametrize(
    ("markdown", "written", "found"),
    [
        (_ROW, [*_WRITTEN, "test_shop_8_z"], "test_shop_8_z is written and not told"),
        (_ROW, _WRITTEN[1:], "test_shop_7_x is told and not written"),
        (_ROW.replace("`test_shop_7_x` ", ""), _WRITTEN[1:], "a/shop#7 has no test"),
        (_ROW.replace("model", "gone"), _WRITTEN, "engine/core/gone.py does not exist"),
        (_ROW.replace("7", "8", 2), _WRITTEN, "test_shop_7_x is not named after a/shop#8"),
        (f"{_ROW}\n{_ROW}", _WRITTEN, "test_shop_7_x is told twice"),
    ],
    ids=["untold", "unwritten", "untested", "homeless", "misnamed", "twice"],
)
def test_a_difference_is_found(markdown: str, written: list[str], found: str) -> None:
    assert differences(_ROW, _WRITTEN) == []
    assert found in differences(markdown, written)
