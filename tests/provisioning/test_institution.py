"""Tenants are opened each by itself: one that cannot be is held, and opened again when its cause may be gone."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry

from consumer.errors import Reason, Scope, Stop
from consumer.events import Provider
from consumer.observe.metrics import Metrics
from consumer.provisioning.institution import Institution, Institutions
from consumer.tenants import Tenant
from testbed.fakes.directory import FakeDirectory
from tests.policy.tenants import tenant


class Surroundings:
    """A clock, and the tenants whose secrets are missing."""

    def __init__(self, *missing: str) -> None:
        self.now = 1_000.0
        self.missing = set(missing)
        self.asked = 0
        self.registry = CollectorRegistry()
        self.tenants = {name: tenant(name) for name in ("athens", "sparta", "thebes")}

    def open(self, of: Tenant) -> Institution:
        self.asked += 1
        if of.id in self.missing:
            raise Stop("The secret `env:SECRET` cannot be opened.")
        return Institution(of, {Provider.MICROSOFT: FakeDirectory(Provider.MICROSOFT)}, None)

    def institutions(self) -> Mapping[str, Institution]:
        return Institutions(lambda: self.tenants, self.open, clock=lambda: self.now, metrics=Metrics(self.registry))

    def gauge(self, tenant_id: str) -> float | None:
        return self.registry.get_sample_value("provisioner_tenant_unusable", {"tenant": tenant_id})


def test_a_tenant_that_cannot_be_opened_is_held_by_itself() -> None:
    around = Surroundings("sparta")
    institutions = around.institutions()
    assert [name for name, one in institutions.items() if one.fault is None] == ["athens", "thebes"]
    assert institutions["sparta"].directories == {}
    assert institutions["sparta"].mailer is None
    assert (around.gauge("athens"), around.gauge("sparta")) == (0, 1)


def test_its_fault_holds_the_whole_tenant_and_names_no_file_or_variable_of_ours() -> None:
    fault = Surroundings("sparta").institutions()["sparta"].fault
    assert fault is not None
    assert (fault.reason, fault.scope) == (Reason.TENANT_UNUSABLE, Scope.TENANT)
    assert "env:SECRET" not in str(fault)


def test_it_is_opened_again_when_it_is_asked_for_and_at_most_once_a_minute() -> None:
    around = Surroundings("sparta")
    institutions = around.institutions()
    for _ in range(100):
        assert institutions["sparta"].fault is not None
    assert around.asked == 1
    around.now += 61
    for _ in range(100):
        assert institutions["sparta"].fault is not None
    assert around.asked == 2


def test_it_continues_without_a_restart_once_its_secret_is_there() -> None:
    around = Surroundings("sparta")
    institutions = around.institutions()
    around.missing.clear()
    around.now += 61
    assert institutions["sparta"].fault is None
    assert institutions["sparta"].directories
    assert around.gauge("sparta") == 0


def test_a_tenant_that_was_opened_is_not_opened_again_while_there_is_work_for_it() -> None:
    around = Surroundings()
    institutions = around.institutions()
    first = institutions["sparta"]
    around.missing.add("sparta")
    around.now += 3_500
    assert institutions["sparta"] is first


def test_a_tenant_is_opened_when_there_is_work_for_it_and_closed_after_an_hour_without() -> None:
    around = Surroundings()
    institutions = around.institutions()
    assert around.asked == 0
    first = institutions["athens"]
    around.now += 3_600
    assert institutions["thebes"].fault is None
    assert institutions["athens"] is not first


def test_a_tenant_that_has_changed_is_opened_anew_and_the_others_are_not() -> None:
    around = Surroundings()
    institutions = around.institutions()
    before = {name: institutions[name] for name in ("athens", "sparta")}
    around.tenants = around.tenants | {"sparta": tenant("sparta", google=True)}
    assert institutions["sparta"].tenant.google
    assert institutions["athens"] is before["athens"]
    assert before["sparta"].directories


def test_a_tenant_that_was_held_is_opened_at_once_when_it_has_changed() -> None:
    around = Surroundings("sparta")
    institutions = around.institutions()
    assert institutions["sparta"].fault is not None
    around.missing.clear()
    around.tenants = around.tenants | {"sparta": tenant("sparta")}
    assert institutions["sparta"].fault is None


def test_a_tenant_that_has_left_is_none_of_them() -> None:
    around = Surroundings()
    institutions = around.institutions()
    assert institutions["sparta"].fault is None
    around.tenants = {name: one for name, one in around.tenants.items() if name != "sparta"}
    assert institutions.get("sparta") is None
    assert list(institutions) == ["athens", "thebes"]
