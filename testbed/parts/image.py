"""The image's build steps in a plain directory: what can be known of a Dockerfile where there is no container engine.

Every `COPY` and every `RUN` of the file is carried out with this machine's Python instead of the base image's, absolute paths moved
under one folder. What needs root in the image (its user) is left out, and what the base image holds besides Python goes unproved.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

_TOP = ("/opt/", "/src", "/app", "/var/")
_NEEDS_ROOT = "useradd"


@dataclass(slots=True)
class PlainImage:
    """The stage `target` as it was left: its files under `root`, its environment, its working directory and its user."""

    root: Path
    context: Path
    target: str
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    workdir: Path = Path("/")
    user: str = "root"
    entrypoint: str = ""
    _stage: str = ""

    def build(self, dockerfile: Path) -> None:
        """Carry out the file's steps. Raises RuntimeError with a failed step's output, ValueError for a step unknown here."""
        steps = _steps(dockerfile)
        needed = _needed(steps, self.target)
        stage = ""
        for instruction, rest in steps:
            if instruction == "FROM":
                base, _, stage = rest.partition(" AS ")
                if stage in needed:
                    self._begin(stage, base)
            elif stage in needed:
                self._step(dockerfile, instruction, rest)

    def _step(self, dockerfile: Path, instruction: str, rest: str) -> None:
        match instruction:
            case "WORKDIR":
                self.workdir = self._inside(rest)
                self.workdir.mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(*rest.split())
            case "RUN":
                self._run(rest)
            case "ENV":
                settings = (each.partition("=") for each in rest.split())
                self.env |= {name: self._moved(os.path.expandvars(value)) for name, _, value in settings}
            case "USER":
                self.user = rest
            case "ENTRYPOINT":
                self.entrypoint = rest
            case "EXPOSE" | "HEALTHCHECK" | "CMD":
                pass
            case _:
                raise ValueError(f"{dockerfile.name}: {instruction} is not known here")

    def _begin(self, stage: str, base: str) -> None:
        """Each stage has `root` while it is built, as scripts in it hold absolute paths, and another place afterwards."""
        if self._stage:
            self.root.rename(self._left(self._stage))
        self._stage = stage
        if self._left(base).exists():
            self._left(base).rename(self.root)
            return
        self.root.mkdir(parents=True)
        self.workdir = self.root
        self.user = "root"

    def _left(self, stage: str) -> Path:
        return self.root.with_name(f"left-{stage}")

    def _copy(self, *arguments: str) -> None:
        *sources, target = arguments
        if sources[0].startswith("--from="):
            # Moved, and back to the same absolute path: an environment's scripts hold theirs.
            destination = self._inside(target)
            destination.parent.mkdir(parents=True, exist_ok=True)
            stage = sources[0].removeprefix("--from=")
            (self._left(stage) / sources[1].lstrip("/")).rename(destination)
            return
        allowed = (self.context / ".dockerignore").read_text().splitlines()
        for source in sources:
            if f"!{source}" not in allowed:
                raise RuntimeError(f"COPY {source}: .dockerignore keeps it out of the build's context")
            path = self.context / source
            if path.is_dir():
                shutil.copytree(path, self.workdir / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, self.workdir / target)

    def _run(self, command: str) -> None:
        if command.startswith(_NEEDS_ROOT):
            return
        moved = self._moved(command.replace("python -m", f"{sys.executable} -m", 1))
        done = subprocess.run(  # noqa: S602 - our own Dockerfile, as a shell reads it there too
            moved, shell=True, cwd=self.workdir, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"RUN {command}\n{done.stdout}\n{done.stderr}")

    def _inside(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _moved(self, text: str) -> str:
        return " ".join(_prefixed(word, self.root) for word in text.split(" "))


def _prefixed(word: str, root: Path) -> str:
    return f"{root}{word}" if word.startswith(_TOP) else word


def _needed(steps: list[tuple[str, str]], target: str) -> set[str]:
    """The stages that `target` is built from, as BuildKit has it: others are left out."""
    uses: dict[str, set[str]] = {}
    stage = ""
    for instruction, rest in steps:
        if instruction == "FROM":
            base, _, stage = rest.partition(" AS ")
            uses[stage] = {base}
        elif instruction == "COPY" and rest.startswith("--from="):
            uses[stage].add(rest.removeprefix("--from=").split()[0])
    needed, open_ones = set[str](), {target}
    while open_ones:
        stage = open_ones.pop()
        needed.add(stage)
        open_ones |= uses[stage] & uses.keys() - needed
    return needed


def _steps(dockerfile: Path) -> list[tuple[str, str]]:
    lines = [line for line in dockerfile.read_text().splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]
