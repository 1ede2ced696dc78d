"""How the Dockerfile is read, and where the image's paths are when no engine runs its steps."""

from pathlib import Path

import pytest

from scripts.dockerfile import DockerfileError, is_ignored, parse
from scripts.run_dockerfile_steps import Container, check_image

SAFE = """
FROM python:3.13-slim AS build
# A comment.
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \\
    one && \\
    # Between two lines.
    two
FROM python:3.13-slim
USER 10001:10001
VOLUME ["/data"]
EXPOSE 7411
HEALTHCHECK --interval=10s CMD ["holdfast", "health"]
ENTRYPOINT ["holdfast", "serve"]
"""


def test_stages_steps_and_options_are_read() -> None:
    build, image = parse(SAFE)
    assert (build.name, image.name) == ("build", "1")
    assert build.steps[0].text == "one &&  two"
    assert build.steps[0].options["mount"].endswith("target=/wheels")
    health, entry_point = image.last("HEALTHCHECK"), image.last("ENTRYPOINT")
    assert health is not None
    assert (health.options, health.text) == ({"interval": "10s"}, 'CMD ["holdfast", "health"]')
    assert entry_point is not None
    assert entry_point.words == ["holdfast", "serve"]
    check_image(image)


@pytest.mark.parametrize("text", ["", "RUN early", "FROM a\nADD x /y", "FROM a\nRUN", "from a"])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(DockerfileError):
        parse(text)


@pytest.mark.parametrize(
    ("line", "replacement", "complaint"),
    [
        ("USER 10001:10001", "", "root"),
        ("USER 10001:10001", "USER root", "root"),
        ("USER 10001:10001", "USER 0:0", "root"),
        ('VOLUME ["/data"]', "", "VOLUME"),
        ("EXPOSE 7411", "", "EXPOSE"),
        ('HEALTHCHECK --interval=10s CMD ["holdfast", "health"]', "", "HEALTHCHECK"),
    ],
)
def test_an_image_that_breaks_a_rule_is_refused(
    line: str, replacement: str, complaint: str
) -> None:
    with pytest.raises(DockerfileError, match=complaint):
        check_image(parse(SAFE.replace(line, replacement))[-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pip install /wheels/*.whl", "pip install {}/wheels/*.whl"),
        ("mkdir -p /data/a /b", "mkdir -p {}/data/a {}/b"),
        ("cat /etc/hosts > /dev/null", "cat /etc/hosts > /dev/null"),
        ("pip wheel ./clients/python a/b", "pip wheel ./clients/python a/b"),
        ("/optional --to=/data", "{}/optional --to={}/data"),
        ("curl http://127.0.0.1:1/x", "curl http://127.0.0.1:1/x"),
    ],
)
def test_paths_of_the_image_are_below_the_folder_of_its_stage(
    tmp_path: Path, text: str, expected: str
) -> None:
    container = Container(parse(SAFE)[0], tmp_path, {})
    assert container.mapped(text) == expected.replace("{}", str(tmp_path))


@pytest.mark.parametrize(
    ("path", "patterns", "ignored"),
    [
        ("a/b", ["a"], True),
        ("a/b", ["*", "!a/b"], False),
        ("a/c", ["*", "!a/b"], True),
        ("a/b", ["!a", "*"], True),
        ("a/b/c.pyc", ["**/*.pyc"], True),
        ("c.pyc", ["**/*.pyc"], True),
        ("a/b", ["*b"], False),
    ],
)
def test_the_last_pattern_that_fits_decides(path: str, patterns: list[str], ignored: bool) -> None:
    assert is_ignored(path, patterns) is ignored
