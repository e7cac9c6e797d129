"""The catalogue: complete, named as Prometheus wants it, and the source of docs/metrics.md."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families,  # pyright: ignore[reportUnknownVariableType]  it has no types
)

from consumer.codec.dead_letters import DeadLetterReason
from consumer.errors import Reason
from consumer.events import Provider, ProviderAction, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import StepState
from consumer.mail.mailgun import SERVICE as MAILGUN
from consumer.maintenance.series import OTHER
from consumer.observe import labels
from consumer.observe.catalogue import entries
from consumer.observe.entries import CounterEntry, Entry, Label, Unit
from consumer.observe.metrics import Metrics
from consumer.policy.decision import SkipReason
from consumer.policy.guard import Guarded
from consumer.policy.work_class import WorkClass
from consumer.providers.names import GOOGLE_LICENCES
from consumer.provisioning.steps.verify import Finding
from consumer.reconcile.finding import Kind
from tests.observe.page import PAGE, page

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"provisioner_[a-z0-9]+(?:_[a-z0-9]+)*")
NO_METRICS = {"provisioner_outbox", "provisioner_work", "provisioner_migration"}
"""Channels of NOTIFY, and a role of PostgreSQL: other names that begin so."""
SUFFIX = re.compile(r"_(total|bucket|sum|count|created)$")

CODE = {
    labels.PROVIDER: set(Provider),
    labels.SERVICE: {*Provider, GOOGLE_LICENCES, MAILGUN},
    labels.READ_DISPOSITION: {
        Disposition.PENDING,
        Disposition.SUPERSEDED,
        Disposition.DUPLICATE,
        Disposition.SKIPPED,
    },
    labels.FINAL_DISPOSITION: {Disposition.APPLIED, Disposition.FAILED},
    labels.SKIP_REASON: set(SkipReason),
    labels.LETTER_REASON: set(DeadLetterReason),
    labels.STEP: set(StepName),
    labels.STEP_STATE: set(StepState) - {StepState.STARTED},
    labels.ACTION: set(ProviderAction),
    labels.REASON: set(Reason),
    labels.OUTCOME_REASON: {"", *Reason},
    labels.VERIFICATION: set(Finding),
    labels.DIFFERENCE: set(Kind),
    labels.WORK_CLASS: {work_class.name.lower() for work_class in WorkClass},
    labels.GUARDED: {*Guarded, OTHER},
    labels.HELD_REASON: {*Reason, OTHER},
    labels.UNKNOWN_PROVIDER: {*Provider, OTHER},
}
"""What the code calls the values of a label."""


each_entry = pytest.mark.parametrize("entry", list(entries()), ids=lambda entry: entry.name)


def mentioned() -> Iterator[tuple[str, str]]:
    """Names of metrics in code, tests and pages, with the file."""
    for pattern in ("*.py", "*.md", "*.yaml", "*.yml"):
        for path in ROOT.rglob(pattern):
            if not {".venv", ".cache", ".git"}.intersection(path.parts) and path.name != "CHANGELOG.md":
                for name in NAME.findall(path.read_text("utf-8")):
                    yield name, str(path.relative_to(ROOT))


def test_the_page_says_what_the_catalogue_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.observe.page`"


def test_each_metric_is_made_by_each_process() -> None:
    made = {family.name for family in Metrics(CollectorRegistry()).registry.collect()}
    assert made == {entry.name for entry in entries()}


def test_every_metric_that_code_and_pages_name_is_in_the_catalogue() -> None:
    known = {entry.name for entry in entries()}
    unknown = {(name, at) for name, at in mentioned() if name not in known and SUFFIX.sub("", name) not in known}
    assert {(name, at) for name, at in unknown if name not in NO_METRICS} == set()


@each_entry
def test_a_name_ends_with_its_unit(entry: Entry) -> None:
    assert NAME.fullmatch(entry.name)
    assert not SUFFIX.search(entry.name)
    for unit in (Unit.TIMESTAMP, Unit.SECONDS, Unit.RATIO):
        if entry.name.endswith(f"_{unit}"):
            assert entry.unit is unit
            return
    assert entry.unit in {Unit.COUNT, Unit.STATE}


@each_entry
def test_its_help_is_one_sentence_and_its_purpose_is_given(entry: Entry) -> None:
    for text in (entry.help, entry.purpose):
        assert re.fullmatch(r"[^\n]+[^.]\.|[^\n]+`\.", text)
    assert ". " not in entry.help


@each_entry
def test_every_label_is_bounded(entry: Entry) -> None:
    assert [label.name for label in entry.labels if bool(label.values) == bool(label.source)] == []
    assert len(set(entry.label_names)) == len(entry.labels)


def test_no_label_is_one_that_prometheus_adds_to_each_target() -> None:
    assert {label.name for entry in entries() for label in entry.labels}.isdisjoint({"job", "instance"})


def test_no_counter_counts_for_ever_upwards_under_a_gauges_name() -> None:
    assert [entry.name for entry in entries() if isinstance(entry, CounterEntry) and entry.unit is not Unit.COUNT] == []


@pytest.mark.parametrize(("label", "values"), [pytest.param(*one, id=one[0].name) for one in CODE.items()])
def test_a_closed_set_is_that_of_the_code(label: Label, values: set[str]) -> None:
    assert set(label.values) == values


def test_all_of_it_can_be_read_as_open_metrics() -> None:
    metrics = Metrics(CollectorRegistry())
    expose, _ = choose_encoder("application/openmetrics-text; version=1.0.0")
    families = {family.name for family in text_string_to_metric_families(expose(metrics.registry).decode())}
    assert families == {entry.name for entry in entries()}


def test_no_series_says_when_another_began() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.published.labels("outcomes").inc()
    exposed = generate_latest(metrics.registry).decode()
    assert "provisioner_published_total" in exposed
    assert "_created" not in exposed
