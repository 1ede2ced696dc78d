"""Shows without a Docker engine that the Dockerfile's image would work, by running its steps.

Run it in the project's environment: `.venv/bin/python -m scripts.run_dockerfile_steps`.

Each stage is a folder of its own in a temporary place, and the image's absolute paths are paths
below that folder: /wheels of stage `build` is <temporary>/build/wheels. Only /bin, /dev, /etc,
/lib, /proc, /sbin, /sys, /tmp and /usr are the machine's own. A python image is a fresh virtual
environment in usr/local of its stage, first in the PATH, with an environment that has nothing of
the caller's but how to reach a package index. COPY honours .dockerignore; owners are not changed,
since that takes root: USER is only checked not to be root.

Then the image's own command makes what the documentation says to mount at /config, the last stage's
ENTRYPOINT is started on loopback ports, its HEALTHCHECK asked over TLS until it succeeds, and
SIGTERM sent: the exit code must be 0.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.dockerfile import DockerfileError, Stage, Step, ignore_patterns, is_ignored, parse

ROOT = Path(__file__).resolve().parent.parent
OWN_PATHS = r"(?<![\w./@-])/(?!(?:bin|dev|etc|lib|proc|sbin|sys|tmp|usr)(?:/|\b))(?=\w)"
PASSED_ON = re.compile(r"PIP_\w+|\w+_proxy|\w+_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|LANG")
PRINCIPALS = """
[[principals]]
name = "operator"
certificates = ["operator.example"]
[[principals.rules]]
commands = ["*"]
"""
READY_SECONDS = 60
STOP_SECONDS = 30


class Container:
    """A stage that is carried out in a folder."""

    def __init__(self, stage: Stage, folder: Path, others: "dict[str, Container]") -> None:
        self.stage = stage
        self.folder = folder
        self.others = others
        self.working_directory = folder
        self.environment = {
            name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)
        }
        self.environment["PATH"] = f"{folder}/usr/local/bin:/usr/bin:/bin"
        self.environment["HOME"] = str(folder)
        self.ignored = ignore_patterns((ROOT / ".dockerignore").read_text())

    def path(self, image_path: str) -> Path:
        """Where a path of the image is; a relative one starts at the working directory."""
        if image_path.startswith("/"):
            return self.folder / image_path.lstrip("/")
        return self.working_directory / image_path

    def mapped(self, text: str) -> str:
        """A text with the image's absolute paths replaced by where they are."""
        return re.sub(OWN_PATHS, f"{self.folder}/", text)

    def command(self, step: Step) -> list[str]:
        """The command of an ENTRYPOINT or HEALTHCHECK, found in the stage's own PATH."""
        program, *arguments = Step("", {}, step.text.removeprefix("CMD ")).words
        found = shutil.which(program, path=self.environment["PATH"])
        if found is None:
            raise DockerfileError(f"{step.keyword}: no program {program!r} in the image")
        return [found, *map(self.mapped, arguments)]

    def build(self) -> None:
        """Make the base image's stand-in and carry out the steps."""
        interpreter = base_interpreter(self.stage.image)
        print(f"--- {self.stage.name}: {self.stage.image}, played by {interpreter}", flush=True)
        subprocess.run([interpreter, "-m", "venv", str(self.folder / "usr/local")], check=True)
        for step in self.stage.steps:
            print(f"{step.keyword} {step.text}", flush=True)
            match step.keyword:
                case "WORKDIR":
                    self.working_directory = self.path(step.text)
                    self.working_directory.mkdir(parents=True, exist_ok=True)
                case "ENV":
                    name, _, value = step.text.partition("=")
                    self.environment[name] = self.mapped(value)
                case "COPY":
                    self.copy(step)
                case "RUN":
                    self.run(step)
                case _:
                    pass  # What is said about the image as a whole is looked at when it starts.

    def copy(self, step: Step) -> None:
        """Copy from the context, or from another stage."""
        *sources, destination = step.words
        into = self.path(destination)
        for name in sources:
            if "from" in step.options:
                source = self.others[step.options["from"]].path(name)
            else:
                source = ROOT / name
                if is_ignored(name, self.ignored):
                    raise DockerfileError(f"COPY {name}: .dockerignore leaves it out")
            if source.is_dir():
                shutil.copytree(source, into, dirs_exist_ok=True, ignore=self.left_out)
            else:
                target = into / source.name if destination.endswith("/") else into
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)

    def left_out(self, folder: str, names: list[str]) -> set[str]:
        """Which names in a folder of the context .dockerignore leaves out."""
        if not Path(folder).is_relative_to(ROOT):
            return set()
        beneath = Path(folder).relative_to(ROOT)
        return {name for name in names if is_ignored(str(beneath / name), self.ignored)}

    def run(self, step: Step) -> None:
        """Run a command line; a bind mount is there while it runs."""
        mount = dict(
            pair.split("=", 1) for pair in step.options.get("mount", "").split(",") if "=" in pair
        )
        if mount:
            target = self.path(mount["target"])
            target.symlink_to(self.others[mount["from"]].path(mount["source"]))
        subprocess.run(
            ["/bin/sh", "-ec", self.mapped(step.text)],
            check=True,
            cwd=self.working_directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
        )
        if mount:
            target.unlink()


def base_interpreter(image: str) -> str:
    """The Python that plays a python image: that version if it is here, else the running one."""
    match = re.match(r"python:(\d+\.\d+)", image)
    if not match:
        raise DockerfileError(f"FROM {image}: only python images can be played")
    for candidate in (f"python{match[1]}", sys.executable):
        path = shutil.which(candidate)
        works = path and subprocess.run([path, "-c", ""], check=False, capture_output=True)
        if path and works and works.returncode == 0:
            return path
    raise DockerfileError(f"FROM {image}: no interpreter")


def check_image(stage: Stage) -> None:
    """The rules for the last stage that can be read off it."""
    user = stage.last("USER")
    if user is None or user.text.split(":")[0] in {"root", "0"}:
        raise DockerfileError("the image would run as root: give it a USER")
    for keyword in ("HEALTHCHECK", "VOLUME", "EXPOSE", "ENTRYPOINT"):
        if stage.last(keyword) is None:
            raise DockerfileError(f"the image has no {keyword}")


def free_port() -> int:
    """A loopback port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_and_stop(container: Container) -> None:
    """Start the entry point, wait until the health check succeeds, stop it by SIGTERM."""
    entry_point, health = container.stage.last("ENTRYPOINT"), container.stage.last("HEALTHCHECK")
    if entry_point is None or health is None:
        raise DockerfileError("the image has no ENTRYPOINT or no HEALTHCHECK")
    port = free_port()
    container.environment |= {
        "HOLDFAST_LISTEN": f"127.0.0.1:{port}",
        "HOLDFAST_METRICS_LISTEN": "127.0.0.1:0",
        "HOLDFAST_ADDRESS": f"localhost:{port}",
    }
    mount_configuration(container)
    command = container.command(entry_point)
    print(f"--- starting: {shlex.join(command)}", flush=True)
    with subprocess.Popen(
        command,
        cwd=container.working_directory,
        env=container.environment,
        stdin=subprocess.DEVNULL,
    ) as node:
        try:
            wait_until_healthy(node, container, container.command(health))
            print("--- healthy; sending SIGTERM", flush=True)
            node.send_signal(signal.SIGTERM)
            code = node.wait(timeout=STOP_SECONDS)
        finally:
            node.kill()
    if code != 0:
        raise DockerfileError(f"the node ended with exit code {code} after SIGTERM")


def mount_configuration(container: Container) -> None:
    """Put at /config what the documentation says, made by the image's own command."""
    folder = container.path("/config")
    step = Step("RUN", {}, f"holdfast auth certificates --to {folder}")
    subprocess.run(container.command(step), check=True, env=container.environment)
    (folder / "principals.toml").write_text(PRINCIPALS)


def wait_until_healthy(
    node: subprocess.Popen[bytes], container: Container, check: list[str]
) -> None:
    """Ask the health check, a few times a second, until it says yes."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if node.poll() is not None:
            raise DockerfileError(f"the node ended by itself, exit code {node.returncode}")
        answer = subprocess.run(check, check=False, env=container.environment, capture_output=True)
        if answer.returncode == 0:
            return
        time.sleep(0.3)
    raise DockerfileError(
        f"not healthy within {READY_SECONDS} s; the health check said: "
        f"{(answer.stdout + answer.stderr).decode(errors='replace').strip()}"
    )


def main() -> int:
    """Build every stage, then start the last one."""
    stages = parse((ROOT / "Dockerfile").read_text())
    containers: dict[str, Container] = {}
    with tempfile.TemporaryDirectory(prefix="holdfast-image-") as scratch:
        try:
            check_image(stages[-1])
            for stage in stages:
                containers[stage.name] = Container(stage, Path(scratch) / stage.name, containers)
                containers[stage.name].build()
            start_and_stop(containers[stages[-1].name])
        except (DockerfileError, subprocess.SubprocessError) as error:
            print(f"The image would not work: {error}", file=sys.stderr)
            return 1
    print(
        "The image would work: every step succeeded, the node was healthy, and it stopped with 0."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
