"""Students are found by what people have in hand of them."""

import hashlib

import pytest

from bench.plans import scanned
from consumer.events import Provider
from consumer.ledger.lookup import Handle, Lookup, Whose
from consumer.mail.message_id import message_id
from tests.ledger.conftest import Given, OnPostgres, event

pytestmark = pytest.mark.parts

S1 = Whose("north", "s1")
ADDRESS = "INSERT INTO address (provider, address, tenant_id, student_id, refused) VALUES ('{}', '{}', '{}', '{}', {})"
MANY = """
    INSERT INTO address (provider, address, tenant_id, student_id)
      SELECT 'microsoft', 's' || n || '@x.example', 't' || n % 100, 's' || n FROM generate_series(1, 20000) AS n;
    INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, object_id, licences, groups, settled_version)
      SELECT 't' || n % 100, 's' || n, 'microsoft', '', '', '{}', 0, 'o' || n, '{}', '{}', 1 FROM generate_series(1, 20000) AS n;
    INSERT INTO inbox (tenant_id, event_id, student_id, version, digest, topic, partition, kafka_offset, occurred_at, received_at,
                       disposition)
      SELECT 't' || n % 100, 'e' || n, 's' || n, 1, '', 'events', 0, n, now(), now(), 'applied' FROM generate_series(1, 20000) AS n;
    INSERT INTO outbox (event_id, topic, key, value, headers, created_at)
      SELECT gen_random_uuid(), 'outcomes', '', '', '{}', now() FROM generate_series(1, 20000) AS n;
    INSERT INTO step (tenant_id, student_id, provider, name, state, version, attempt, request_hash, started_at, deadline, lease_epoch)
      SELECT 't' || n % 100, 's' || n, 'microsoft', CASE WHEN n % 2 = 0 THEN 'welcome' ELSE 'create' END, 'done', 1, 1,
             sha256(n::text::bytea), now(), now(), 1
      FROM generate_series(1, 20000) AS n;
    ANALYZE address; ANALYZE account; ANALYZE inbox; ANALYZE outbox; ANALYZE step
"""


@pytest.fixture
def lookup(on_postgres: OnPostgres) -> Lookup:
    return Lookup(on_postgres.engine)


def has_address(
    ledger: OnPostgres, address: str, *, at: str = "google", tenant: str = "north", refused: bool = False
) -> None:
    ledger.execute(ADDRESS.format(at, address, tenant, "s1", refused))


def has_step(ledger: OnPostgres, name: str, sent: str) -> None:
    ledger.execute(
        "INSERT INTO step (tenant_id, student_id, provider, name, state, version, attempt, request_hash, started_at, deadline, lease_epoch)"
        " VALUES ('north', 's1', 'google', :name, 'done', 1, 1, :hash, now(), now(), 1)",
        name=name,
        hash=hashlib.sha256(sent.encode()).digest(),
    )


def test_by_an_address_however_it_is_written(lookup: Lookup, on_postgres: OnPostgres) -> None:
    has_address(on_postgres, "m.rossi@x.example")
    assert lookup.students(Handle.ADDRESS, " M.Rossi@x.example ") == [S1]


def test_an_address_at_both_vendors_is_one_student_s(lookup: Lookup, on_postgres: OnPostgres) -> None:
    has_address(on_postgres, "m.rossi@x.example")
    has_address(on_postgres, "m.rossi@x.example", at="microsoft")
    assert lookup.students(Handle.ADDRESS, "m.rossi@x.example") == [S1]


def test_a_refused_address_is_another_account_s(lookup: Lookup, on_postgres: OnPostgres) -> None:
    has_address(on_postgres, "m.rossi@x.example", refused=True)
    assert lookup.students(Handle.ADDRESS, "m.rossi@x.example") == []


def test_an_address_that_two_tenants_gave_at_two_vendors_is_both_students(
    lookup: Lookup, on_postgres: OnPostgres
) -> None:
    has_address(on_postgres, "m.rossi@x.example")
    has_address(on_postgres, "m.rossi@x.example", at="microsoft", tenant="south")
    assert lookup.students(Handle.ADDRESS, "m.rossi@x.example") == [S1, Whose("south", "s1")]


@pytest.mark.parametrize("written", ["8e1f-ab", "8E1F-AB"])
def test_by_an_object_id(lookup: Lookup, on_postgres: OnPostgres, written: str) -> None:
    on_postgres.execute(
        "INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, object_id, licences, groups,"
        " settled_version) VALUES ('north', 's1', 'microsoft', '', '', '{}', 0, '8e1f-ab', '{}', '{}', 1)"
    )
    assert lookup.students(Handle.OBJECT_ID, written) == [S1]


def test_by_an_event_of_whichever_tenant(lookup: Lookup, on_postgres: OnPostgres) -> None:
    Given(on_postgres).accept(
        event("e1"),
        event("e2", student_id="s2"),
        event("e2", student_id="s2", tenant_id="south"),
        event("e3", tenant_id="west"),
    )
    assert lookup.students(Handle.EVENT_ID, "e1") == [S1]
    assert lookup.students(Handle.EVENT_ID, "e2") == [Whose("north", "s2"), Whose("south", "s2")]


def test_by_an_outcome(lookup: Lookup, on_postgres: OnPostgres) -> None:
    ident = "0190d4b2-7c6e-7000-8000-000000000001"
    on_postgres.execute(
        "INSERT INTO outbox (event_id, topic, key, value, headers, created_at)"
        " VALUES (CAST(:ident AS uuid), 'outcomes', 'north/s/1', '', '{}', now())",
        ident=ident,
    )
    assert lookup.students(Handle.EVENT_ID, ident.upper()) == [Whose("north", "s/1")]


@pytest.mark.parametrize("form", ["{}", "<{}>"])
@pytest.mark.parametrize(("name", "kind"), [("welcome", "welcome"), ("notice", "deletion")])
def test_by_the_message_id_of_a_mail(lookup: Lookup, on_postgres: OnPostgres, name: str, kind: str, form: str) -> None:
    sent = message_id(kind, "north", "s1", Provider.GOOGLE, "0", domain="x.example")
    has_step(on_postgres, name, sent)
    assert lookup.students(Handle.MESSAGE_ID, form.format(sent)) == [S1]


def test_what_is_no_mail_has_no_message_id(lookup: Lookup, on_postgres: OnPostgres) -> None:
    has_step(on_postgres, "create", "body")
    assert lookup.students(Handle.MESSAGE_ID, "body") == []


@pytest.mark.parametrize("handle", list(Handle))
def test_what_is_not_known_is_no_one_s(lookup: Lookup, handle: Handle) -> None:
    assert lookup.students(handle, "x") == []


def test_no_table_is_scanned(lookup: Lookup, on_postgres: OnPostgres) -> None:
    for statement in MANY.split(";"):
        on_postgres.execute(statement)
    (outcome,) = on_postgres.execute("SELECT event_id::text FROM outbox LIMIT 1")
    wanted = [
        (Handle.ADDRESS, "s7@x.example"),
        (Handle.OBJECT_ID, "o7"),
        (Handle.EVENT_ID, "e7"),
        (Handle.EVENT_ID, outcome.event_id),
        (Handle.MESSAGE_ID, "8"),
    ]
    assert [len(lookup.students(*one)) for one in wanted] == [1, 1, 1, 1, 1]
    assert scanned(on_postgres.engine, lambda: [lookup.students(*one) for one in wanted]) == set()
