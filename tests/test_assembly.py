"""What is built for tenants that cannot be used: nothing that keeps the others waiting."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from consumer.assembly import Assembly, decisions
from consumer.clients import LiveClients
from consumer.configuration.loading import load_settings, read_tenants
from consumer.errors import Reason
from consumer.events import Provider, ProviderAction
from consumer.observe.metrics import Metrics
from consumer.policy.decision import Act, Refusal, Refuse
from consumer.provisioning.institution import Institution
from consumer.secrets import opener
from tests.configuration.files import SECRETS, Files

GOOGLE = "google: {service_account: env:GOOGLE_KEY, admin_subject: a@b.example}\naddresses:\n"


class Process:
    """What a process builds from the files."""

    def __init__(self, files: Files, environ: Mapping[str, str]) -> None:
        settings = load_settings(files.service, {})
        tenants = read_tenants(settings.tenants_dir)
        open_secret = opener(environ)
        self.registry = CollectorRegistry()
        self.assembly = Assembly(
            settings,
            [tenant for tenant, _ in tenants.loaded],
            open_secret,
            metrics=Metrics(self.registry),
            beat=lambda _: None,
            stopping=lambda: False,
            name="test",
            unreadable={ident: broken.outline for ident, broken in tenants.broken.items()},
        )
        self.clients = LiveClients(settings, open_secret, name="test", observe=_not_observed)

    def institutions(self) -> Mapping[str, Institution]:
        return self.assembly.institutions(self.clients)

    def unusable(self, tenant_id: str) -> float | None:
        return self.registry.get_sample_value("provisioner_tenant_unusable", {"tenant": tenant_id})


def _not_observed(_service: str, _operation: str, _outcome: str, _seconds: float) -> None:
    """Nothing is called here."""


@pytest.fixture
def files(tmp_path: Path) -> Files:
    files = Files(tmp_path)
    files.copy("south-high")
    files.copy("west-high")
    return files


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("env:NORTH_HIGH_CLIENT_SECRET", "env:NOT_SET"),
        ("env:NORTH_HIGH_MAILGUN_KEY", "file:/nowhere/key"),
        ("addresses:\n", GOOGLE),
        ("region: eu", "ca_file: /nowhere/ca.pem"),
        ("{given}.{family}", "{given}.{surname}"),
    ],
    ids=["secret", "file", "key", "certificates", "pattern"],
)
async def test_a_tenant_that_cannot_be_opened_is_held_and_the_others_are_worked_for(
    files: Files, old: str, new: str
) -> None:
    files.replace(files.tenant.with_name("south-high.yaml"), old, new)
    process = Process(files, {**SECRETS, "GOOGLE_KEY": '{"type": "service_account", "private_key": "none"}'})
    async with process.clients:
        institutions = process.institutions()
    assert {name: one.fault and one.fault.reason for name, one in institutions.items()} == {
        "north-high": None,
        "south-high": Reason.TENANT_UNUSABLE,
        "west-high": None,
    }
    assert [process.unusable(name) for name in institutions] == [0, 1, 0]
    assert "private_key" not in str(institutions["south-high"].fault)


async def test_what_acts_for_a_tenant_is_taken_in_as_long_as_its_status_table_can_be_read(files: Files) -> None:
    files.replace(files.tenant.with_name("south-high.yaml"), "usage_location: GR", "usage_location: Greece")
    files.tenant.with_name("west-high.yaml").write_text("id: west-high\n name: x")
    process = Process(files, SECRETS)
    async with process.clients:
        pass
    table = decisions(process.assembly.in_force.now)
    act = Act(ProviderAction.CREATE_ACCOUNT, (Provider.MICROSOFT,))
    assert [table.by_status(name, "enrolled") for name in ("north-high", "south-high", "west-high", "elsewhere")] == [
        act,
        act,
        Refuse(Refusal.TENANT_UNUSABLE),
        Refuse(Refusal.UNKNOWN_TENANT),
    ]
    assert [process.unusable(name) for name in ("south-high", "west-high")] == [1, 1]
