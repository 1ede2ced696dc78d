"""Reads the part of the Dockerfile language that this project's Dockerfile uses."""

import json
import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

KEYWORDS = frozenset(
    "FROM WORKDIR COPY RUN ENV USER VOLUME EXPOSE HEALTHCHECK ENTRYPOINT".split()  # noqa: SIM905
)


class DockerfileError(Exception):
    """The Dockerfile says something that this reader does not know."""


@dataclass(frozen=True)
class Step:
    """One instruction: its keyword, its `--name=value` options, and the rest of its text."""

    keyword: str
    options: dict[str, str]
    text: str

    @property
    def words(self) -> list[str]:
        """The text as words: the items of a JSON array, or split as a shell would."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)


@dataclass
class Stage:
    """A FROM and the steps that follow it."""

    image: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def last(self, keyword: str) -> Step | None:
        """The instruction of this kind that counts: the last one."""
        return next((step for step in reversed(self.steps) if step.keyword == keyword), None)


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile, in order. DockerfileError names a line that is not understood."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    stages: list[Stage] = []
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        keyword, _, rest = line.partition(" ")
        if keyword not in KEYWORDS or not rest.strip():
            raise DockerfileError(f"not understood: {line!r}; known are {sorted(KEYWORDS)}")
        options, rest = _options(rest.strip())
        if keyword == "FROM":
            words = rest.split()
            stages.append(Stage(words[0], words[2] if len(words) > 2 else str(len(stages))))
        elif stages:
            stages[-1].steps.append(Step(keyword, options, rest))
        else:
            raise DockerfileError(f"before the first FROM: {line!r}")
    if not stages:
        raise DockerfileError("there is no FROM")
    return stages


def _options(text: str) -> tuple[dict[str, str], str]:
    """Split leading `--name=value` words off an instruction's text."""
    options: dict[str, str] = {}
    while match := re.match(r"--([a-z-]+)=(\S+)\s+", text):
        options[match[1]] = match[2]
        text = text[match.end() :]
    return options, text


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether .dockerignore leaves a path of the context out: the last pattern that fits decides.

    A pattern fits a path if it matches it or one of the folders above it.
    """
    parts = Path(path).parts
    candidates = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    ignored = False
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        forms = [bare, bare.removeprefix("**/")]
        if any(_fits(candidate, form) for candidate in candidates for form in forms):
            ignored = not pattern.startswith("!")
    return ignored


def _fits(path: str, pattern: str) -> bool:
    """Whether a pattern matches a path; `*` stays within one folder, unless it is `**`."""
    if "**" in pattern:
        return fnmatch(path, pattern)
    parts, forms = path.split("/"), pattern.split("/")
    return len(parts) == len(forms) and all(map(fnmatch, parts, forms))


def ignore_patterns(text: str) -> list[str]:
    """The patterns of a .dockerignore."""
    lines = (line.strip().rstrip("/") for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
