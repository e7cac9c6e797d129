"""Programs from Debian's packages, without root: fetched by `apt-get download`, unpacked by `dpkg-deb -x`, cached for all runs."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from testbed.parts.artefacts import Say, cache_dir, locked

_TOOLS = ("apt-get", "apt-cache", "dpkg-deb")
_DEADLINE = 120.0
_LIBRARY = re.compile(r"\s*\|?Depends: (lib(?!c6)[a-z0-9.+-]+)")


class Missing(Exception):
    """The program is not on this machine and cannot be fetched; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and what stands before it on its command line: where its libraries are, and where it is started."""

    path: Path
    libraries: Sequence[Path] = ()
    start_in: Path | None = None

    def command(self, *arguments: str) -> list[str]:
        """Its command line."""
        before = [f"--chdir={self.start_in}"] if self.start_in else []
        before += [f"LD_LIBRARY_PATH={':'.join(map(str, self.libraries))}"] if self.libraries else []
        return [*(["env", *before] if before else []), str(self.path), *arguments]


def program(name: str, say: Say, *, package: str | None = None, path: str | None = None) -> Program:
    """The program of this name: the one on the PATH (or on `path`), else that of Debian's `package` (without: the one of this name).

    Raises `Missing`.
    """
    package = package or name
    if installed := shutil.which(name, path=path):
        return Program(Path(installed))
    lacking = [tool for tool in _TOOLS if shutil.which(tool, path=path) is None]
    if lacking:
        raise Missing(f"`{name}` is not on the PATH, and to fetch it `{lacking[0]}` is missing")
    home = cache_dir() / "debian"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / package
    with locked(home / f"{package}.lock"):
        if not folder.exists():
            say(f"fetching {package} from Debian's packages …")
            with tempfile.TemporaryDirectory(dir=home, prefix="downloading-") as staging:
                _unpack(package, Path(staging)).rename(folder)
    found = _found(name, folder)
    done = _run([*found.command("--version")])
    if done.returncode:
        raise Missing(f"`{name}` is not on the PATH, and that of {folder} does not run: {_last_line(done)}")
    return found


def relocated(program: Program, built_in: str) -> Program:
    """The program with the files that it looks for in the folder `built_in`: those of its package, where that is not installed.

    The path is built into it, so a copy of it has another one in its place: the same, from where it is started.
    """
    if Path(built_in).exists():
        return program
    copy = program.path.with_name(f"{program.path.name}.relocated")
    with locked(copy.with_suffix(".lock")):
        if not copy.exists():
            there, here = built_in.encode(), f"{built_in.removeprefix('/')}/".encode()
            staging = copy.with_suffix(".staging")
            staging.write_bytes(program.path.read_bytes().replace(there, here))
            staging.chmod(0o755)
            staging.rename(copy)
    return replace(program, path=copy, start_in=program.path.parents[2])


def _found(name: str, folder: Path) -> Program:
    path = next(path for place in ("usr/sbin", "usr/bin") if (path := folder / place / name).exists())
    libraries = sorted({path.parent for path in folder.glob("**/*.so.*")})
    return Program(path, libraries)


def _unpack(name: str, staging: Path) -> Path:
    """Fetches the package and the libraries that it depends on. A machine that has never updated its lists gets some of our own."""
    packages = [name, *_libraries(name, [])]
    done = _download(packages, staging, [])
    if done.returncode:
        apart = _lists_of_our_own(staging)
        updated = _run(["apt-get", *apart, "update"])
        packages = [name, *_libraries(name, apart)]
        done = _download(packages, staging, apart)
        if done.returncode:
            why = _last_line(updated) if updated.returncode else _last_line(done)
            raise Missing(f"Debian's package `{name}` cannot be fetched: {why}")
    unpacked = staging / "unpacked"
    for package in staging.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(unpacked)], check=True)  # noqa: S603, S607  our own command
    return unpacked


def _libraries(name: str, options: Sequence[str]) -> Sequence[str]:
    listing = _run(["apt-cache", *options, "depends", name]).stdout
    return sorted({match[1] for line in listing.splitlines() if (match := _LIBRARY.match(line))})


def _download(packages: Sequence[str], folder: Path, options: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return _run(["apt-get", *options, "download", *packages], cwd=folder)


def _lists_of_our_own(staging: Path) -> Sequence[str]:
    for folder in ("lists/partial", "cache/archives/partial"):
        (staging / folder).mkdir(parents=True)
    user = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
    return ["-o", f"Dir::State::lists={staging / 'lists'}", "-o", f"Dir::Cache={staging / 'cache'}", *user]


def _run(command: Sequence[str], *, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(  # noqa: S603  our own command
            command, capture_output=True, text=True, check=False, cwd=cwd, timeout=_DEADLINE
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer within {_DEADLINE:.0f} s")


def _last_line(done: "subprocess.CompletedProcess[str]") -> str:
    return (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1]
