"""Every command that the documentation prints, as it is printed."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cli.tree import commands

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("**/*.md")),
)
SHELLS = ("sh", "bash", "console", "shell")

_OURS = {words for words, _ in commands() if words}
_PROGRAMS = {
    *("provisioner", "make", "docker", "docker-compose", "podman", "kubectl", "helm", "git", "pip", "pipx", "uv", "python", "python3"),
    *("openssl", "curl", "wget", "psql", "kcat", "java", "apt", "apt-get", "brew", "bash", "sh", "sudo", "systemctl"),
    *("cat", "cd", "chmod", "cp", "echo", "export", "mkdir", "mv", "printf", "rm", "source", "touch"),
}  # fmt: skip
_FENCE = re.compile(r"^( *)```(.*)\n((?:.*\n)*?) *```$", re.MULTILINE)
_INLINE = re.compile(r"`([^`]+)`")
_COMMENT = re.compile(r"\s+#\s.*$")
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `info` is what stands behind the fence, such as `sh` or `yaml config/tenants/x.yaml`."""

    info: str
    lines: tuple[str, ...]

    @property
    def language(self) -> str:
        """The first word of `info`."""
        return self.info.split(" ")[0]

    @property
    def commands(self) -> Sequence[str]:
        """The lines that are commands: in a shell's block all but comments, else those that begin with a program's name."""
        lines = [_COMMENT.sub("", line).strip() for line in self.lines]
        written = [line for line in lines if line and not line.startswith("#")]
        if self.language in SHELLS:
            return written
        return [] if self.language else [line for line in written if is_command(line)]


def blocks(text: str) -> Sequence[Block]:
    """The fenced blocks of a page, in order, their indentation taken off."""
    found: list[Block] = []
    for indent, info, body in _FENCE.findall(text):
        found.append(Block(info.strip(), tuple(line.removeprefix(indent) for line in body.splitlines())))
    return found


def in_page(text: str) -> Iterator[str]:
    """The commands of a Markdown page: those of its blocks, then those within its sentences."""
    for block in blocks(text):
        yield from block.commands
    for span in _INLINE.findall(_FENCE.sub("", text)):
        written = " ".join(span.split())
        if is_command(written):
            yield written


def in_composition(composition: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """Each service's name with what its container runs: its `command`, and its health check."""
    for name, service in composition["services"].items():
        if "command" in service:
            yield name, service["command"]
        if test := service.get("healthcheck", {}).get("test"):
            yield name, test[1:]


def is_command(text: str) -> bool:
    """Whether this is more than a name: a program with something behind it, or a command of ours without its first word."""
    try:
        words = shlex.split(text)
    except ValueError:
        return False
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    if len(words) < 2:
        return False
    return words[0] in _PROGRAMS or words[0].startswith(("./", ".venv/")) or tuple(words[:2]) in _OURS


def composition() -> Mapping[str, Any]:
    """docker-compose.yml."""
    found: Mapping[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def printed() -> Mapping[str, Sequence[str]]:
    """Every command of all pages, with the pages that print it."""
    found: dict[str, list[str]] = {}
    for page in PAGES:
        for command in in_page((ROOT / page).read_text()):
            pages = found.setdefault(command, [])
            if page not in pages:
                pages.append(page)
    return found
