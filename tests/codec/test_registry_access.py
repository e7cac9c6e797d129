"""Every way in which a registry may ask who we are, tried on the simulated one, and by another client besides ours."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from consumer.codec.registry import Registry, open_registry
from consumer.errors import Stop, Unavailable
from consumer.secrets import opener
from consumer.settings import RegistrySettings
from sandbox.simulators import registry
from sandbox.simulators.registry_gate import TOKEN_PATH, RegistryGate
from sandbox.simulators.request_handler import Vendor
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.server import VendorServer
from sandbox.simulators.tls import Authority
from sandbox.simulators.world import REGISTRY

CLUSTER, POOL = "lsrc-abc123", "pool-xyz"
SCHEMA = '{"type": "record", "name": "Thing", "fields": []}'
SECRETS = {"PASSWORD": "p@ss:word", "SECRET": "s3cret/+%", "KEY_PASSWORD": "key-password"}


@dataclass
class Clock:
    """Real time, or as far ahead of it as a test says."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Guarded:
    """A registry behind a gate."""

    gate: RegistryGate
    clock: Clock
    url: str
    authority: Authority

    @contextmanager
    def opened(self, **settings: Any) -> Generator[Registry]:
        """Our client of it."""
        model = RegistrySettings.model_validate({"url": self.url, "ca_file": self.authority.ca_file, **settings})
        opened = open_registry(model, opener(SECRETS))
        try:
            yield opened
        finally:
            opened.close()

    def oauth(self, **change: str) -> Mapping[str, Any]:
        """The section for the gate's token endpoint."""
        known = {
            "token_url": self.url + TOKEN_PATH,
            "client_id": "provisioner@school",
            "client_secret": "env:SECRET",
            "scope": "registry",
            "logical_cluster": CLUSTER,
            "identity_pool": POOL,
            "ca_file": str(self.authority.ca_file),
        }
        return {"oauth": {**known, **change}}


@pytest.fixture
def clients_only() -> bool:
    return False


@pytest.fixture
def guarded(tmp_path: Path, *, clients_only: bool) -> Iterator[Guarded]:
    authority, clock = Authority(tmp_path), Clock()
    gate = RegistryGate(clock=clock, headers={"target-sr-cluster": CLUSTER, "Confluent-Identity-Pool-Id": POOL})
    gate.scope = "registry"
    vendor = Vendor(REGISTRY, gate.guarded(registry.handlers(registry.SchemaStore())))
    context = authority.server_context(clients_only=clients_only)
    with ServedInThread(partial(VendorServer, [vendor], context=context, clock=clock)) as server:
        yield Guarded(gate, clock, server.url(REGISTRY), authority)


def registered(opened: Registry) -> bool:
    return opened.register("things", SCHEMA) == opened.id_of("things", SCHEMA)


def test_a_user_s_password_opens_it(guarded: Guarded) -> None:
    guarded.gate.users["school"] = SECRETS["PASSWORD"]
    with guarded.opened(username="school", password="env:PASSWORD") as opened:
        assert registered(opened)


def test_a_client_s_token_opens_it_and_is_kept(guarded: Guarded) -> None:
    guarded.gate.clients["provisioner@school"] = SECRETS["SECRET"]
    with guarded.opened(**guarded.oauth()) as opened:
        assert registered(opened)
    assert guarded.gate.given == 1


def test_a_token_that_is_refused_is_renewed_once(guarded: Guarded) -> None:
    guarded.gate.clients["provisioner@school"] = SECRETS["SECRET"]
    with guarded.opened(**guarded.oauth()) as opened:
        registered(opened)
        guarded.gate.revoke_all()
        assert registered(opened)
    assert guarded.gate.given == 2


@pytest.mark.parametrize("missing", ["logical_cluster", "identity_pool"])
def test_a_token_that_stays_refused_is_waited_for(guarded: Guarded, missing: str) -> None:
    guarded.gate.clients["provisioner@school"] = SECRETS["SECRET"]
    with (
        guarded.opened(**guarded.oauth(**{missing: "another"})) as opened,
        pytest.raises(Unavailable, match="HTTP 401"),
    ):
        opened.schema(1)
    assert guarded.gate.given == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_id": "stranger"}, "issued no token .HTTP 401, invalid_client"),
        ({"client_secret": "env:PASSWORD"}, "issued no token .HTTP 401, invalid_client"),
        ({"scope": "other"}, "issued no token .HTTP 400, invalid_scope"),
        ({"token_url": "https://127.0.0.1:1/token"}, "token endpoint can't be reached .connection refused"),
    ],
)
def test_what_the_token_endpoint_refuses_is_reported_and_waited_for(
    guarded: Guarded, change: dict[str, str], words: str
) -> None:
    guarded.gate.clients["provisioner@school"] = SECRETS["SECRET"]
    with guarded.opened(**guarded.oauth(**change)) as opened, pytest.raises(Unavailable, match=words) as fault:
        opened.schema(1)
    assert not any(secret in str(fault.value) for secret in SECRETS.values())


@pytest.mark.parametrize("clients_only", [True])
@pytest.mark.parametrize("password", [None, "key-password"])
def test_a_client_s_certificate_opens_it(guarded: Guarded, password: str | None) -> None:
    certificate, key = guarded.authority.issue("client", client=True, password=password)
    more = {"client_key_password": "env:KEY_PASSWORD"} if password else {}
    with guarded.opened(client_certificate=certificate, client_key=key, **more) as opened:
        assert registered(opened)


@pytest.mark.parametrize("clients_only", [True])
def test_without_a_certificate_it_is_unavailable(guarded: Guarded) -> None:
    with guarded.opened() as opened, pytest.raises(Unavailable):
        opened.schema(1)


@pytest.mark.parametrize("clients_only", [True])
def test_a_certificate_of_another_authority_is_refused(guarded: Guarded, tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path / "other").issue("client", client=True)
    with guarded.opened(client_certificate=certificate, client_key=key) as opened, pytest.raises(Unavailable):
        opened.schema(1)


def test_another_client_gets_in_by_the_same_rules(guarded: Guarded) -> None:
    guarded.gate.clients["provisioner"] = "secret"
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(guarded.authority.ca_file)
        given = session.post(
            guarded.url + TOKEN_PATH,
            data={"grant_type": "client_credentials", "scope": "registry"},
            auth=("provisioner", "secret"),
        ).json()
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        meant = {"target-sr-cluster": CLUSTER, "Confluent-Identity-Pool-Id": POOL}
        assert session.get(f"{guarded.url}/subjects", headers={**bearer, **meant}).status_code == 200
        assert session.get(f"{guarded.url}/subjects", headers=bearer).status_code == 401
        assert session.get(f"{guarded.url}/subjects", headers=meant).status_code == 401
        guarded.clock.ahead = 3_601
        assert session.get(f"{guarded.url}/subjects", headers={**bearer, **meant}).status_code == 401


def test_a_key_that_cannot_be_opened_stops_the_process_without_asking_at_the_terminal(guarded: Guarded) -> None:
    certificate, key = guarded.authority.issue("client", client=True, password="another")
    for more in ({}, {"client_key_password": "env:KEY_PASSWORD"}):
        with (
            pytest.raises(Stop, match="client_certificate"),
            guarded.opened(client_certificate=certificate, client_key=key, **more),
        ):
            pass


@pytest.mark.parametrize(
    "settings",
    [{"ca_file": "/nowhere.pem"}, {"username": "u", "password": "env:MISSING"}],
)
def test_what_is_missing_stops_the_process(guarded: Guarded, settings: dict[str, str]) -> None:
    with pytest.raises(Stop), guarded.opened(**settings):
        pass


OAUTH = {"token_url": "https://login.example/token", "client_id": "c", "client_secret": "env:S"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"username": "u"}, "`username` and `password`"),
        ({"username": "u", "password": "env:P", "oauth": OAUTH}, "give one of them"),
        ({"client_certificate": "c.pem"}, "`client_certificate` and `client_key`"),
        ({"client_key_password": "env:P"}, "without a `client_key`"),
        ({"url": "http://registry:8081", "oauth": OAUTH}, "has an `oauth` section, which plain http"),
        ({"url": "http://registry:8081", "client_certificate": "c", "client_key": "k"}, "plain http has no place for"),
        ({"oauth": {**OAUTH, "token_url": "http://login.example/token"}}, "https"),
    ],
)
def test_settings_that_contradict_each_other_are_mistakes(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RegistrySettings.model_validate({"url": "https://registry", **settings})
