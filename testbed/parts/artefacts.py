"""Java archives from Maven's central repository, without Maven: pinned, verified, and cached for all runs of the checkout."""

import fcntl
import hashlib
import os
import tarfile
import tempfile
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jgo.maven import Dependency, MavenContext, PythonResolver
from jgo.parse import Coordinate

Say = Callable[[str], None]
"""Tells people how far long work is."""

_TIMEOUT = 60
_DOWNLOADS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Artefact:
    """One pinned thing to fetch. `digest` is the SHA-256 over the names and SHA-256 sums of all its files, in order of their names."""

    name: str
    group: str
    artefact: str
    version: str
    megabytes: int
    digest: str


KAFKA = Artefact(
    name="Apache Kafka",
    group="org.apache.kafka",
    artefact="kafka_2.13",
    version="4.1.1",
    megabytes=43,
    digest="393b6183ea30541e740d0c3b0ac8a681298e703cb63da7602a9fcf4df3ad0aa6",
)

KAFKA_TOOLS = Artefact(
    name="Apache Kafka's tools",
    group="org.apache.kafka",
    artefact="kafka-tools",
    version="4.1.1",
    megabytes=1,
    digest="42b35a586a42ba7655a20f3779bc05d2961b7f6af3e35323d912c61d568d7ea5",
)

APICURIO = Artefact(
    name="Apicurio Registry",
    group="io.apicurio",
    artefact="apicurio-registry-app",
    version="3.3.3",
    megabytes=158,
    digest="0bf46bea407341bc5cc35b01fb72338a16472ffe506ca53a26bd8af8a41157cb",
)


def cache_dir() -> Path:
    """Where downloads are kept: `$PROVISIONER_CACHE`, or `.cache` in the checkout."""
    return Path(os.environ.get("PROVISIONER_CACHE") or Path(__file__).parents[2] / ".cache")


def kafka_jars(say: Say) -> Path:
    return jars(KAFKA, say)


def kafka_tools(say: Say) -> Path:
    """The folder of the jar with what Kafka's scripts run, such as `kafka-acls.sh`; it needs `kafka_jars` beside it.

    Downloaded on first use. Raises RuntimeError where it is not what was pinned.
    """
    return _cached(KAFKA_TOOLS, _download_jar, say)


def jars(artefact: Artefact, say: Say) -> Path:
    """The folder of the artefact's jar and all that it needs, downloaded on first use.

    Raises RuntimeError where a file is not what was pinned.
    """
    return _cached(artefact, _download_jars, say)


def apicurio_app(say: Say) -> Path:
    """The unpacked Apicurio application (`quarkus-run.jar` is in it), downloaded on first use.

    Raises RuntimeError where the archive is not what was pinned.
    """
    return _cached(APICURIO, _download_archive, say)


def _cached(artefact: Artefact, download: Callable[[Artefact, MavenContext, Path], Path], say: Say) -> Path:
    """The artefact's folder; downloaded beside it and moved there in one step, so that it is whole wherever it exists."""
    home = cache_dir() / "java"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / f"{artefact.artefact}-{artefact.version}"
    with locked(home / f"{folder.name}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=home, prefix="downloading-") as staging:
                repository = Path(staging) / "repository"
                context = MavenContext(_resolver(artefact, say), repository, timeout=_TIMEOUT)
                say(f"downloading {artefact.name} {artefact.version} ({artefact.megabytes} MB) …")
                download(artefact, context, Path(staging)).rename(folder)
                say(f"{artefact.name} {artefact.version} is in {folder}")
    return folder


def _download_jars(artefact: Artefact, context: MavenContext, staging: Path) -> Path:
    dependency = context.create_dependency(
        Coordinate(groupId=artefact.group, artifactId=artefact.artefact, version=artefact.version, scope="compile")
    )
    direct, transitive = context.resolver.resolve([dependency])
    needed = [*direct, *(each for each in transitive if each.scope in {"compile", "runtime"})]
    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        files = list(pool.map(_resolve, needed))
    _verify(artefact, files)
    jars = staging / "jars"
    jars.mkdir()
    for file in files:
        file.rename(jars / file.name)
    return jars


def _resolve(dependency: Dependency) -> Path:
    return dependency.artifact.resolve()


def _download_jar(artefact: Artefact, context: MavenContext, staging: Path) -> Path:
    jar = context.project(artefact.group, artefact.artefact).at_version(artefact.version).artifact().resolve()
    _verify(artefact, [jar])
    alone = staging / "jar"
    alone.mkdir()
    jar.rename(alone / jar.name)
    return alone


def _download_archive(artefact: Artefact, context: MavenContext, staging: Path) -> Path:
    component = context.project(artefact.group, artefact.artefact).at_version(artefact.version)
    archive = component.artifact("all", "tar.gz").resolve()
    _verify(artefact, [archive])
    unpacked = staging / "unpacked"
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    return next(unpacked.rglob("quarkus-run.jar")).parent


def _verify(artefact: Artefact, files: list[Path]) -> None:
    total = hashlib.sha256()
    for file in sorted(files, key=lambda each: each.name):
        with file.open("rb") as stream:
            total.update(f"{file.name} {hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    if total.hexdigest() != artefact.digest:
        raise RuntimeError(
            f"{artefact.name} {artefact.version} as downloaded ({len(files)} files) is not what was pinned: "
            f"expected {artefact.digest}, got {total.hexdigest()}. Nothing of it was kept or run; try again."
        )


def _resolver(artefact: Artefact, say: Say) -> PythonResolver:
    """A resolver that tells of every tenth of a large file."""

    @contextmanager
    def progress(filename: str, size: int) -> Generator[Callable[[int], None]]:
        done = reported = 0

        def advance(count: int) -> None:
            nonlocal done, reported
            done += count
            if size > 20_000_000 and done * 10 // size > reported:
                reported = done * 10 // size
                say(f"downloading {artefact.name}: {filename} {reported * 10} %")

        yield advance

    return PythonResolver(progress_callback=progress)


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Alone among all processes of this machine; released with the process."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
