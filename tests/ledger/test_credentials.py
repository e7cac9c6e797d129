"""Keys are rotated on the real table: beside workers, in batches, and whatever is found there."""

import threading
from collections import Counter
from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, text

from consumer.events import Provider
from consumer.ledger.credentials import Credentials
from consumer.ledger.vault import Context, Vault

pytestmark = pytest.mark.parts

OLD, NEW = ("old", bytes(32)), ("new", bytes(range(32)))
BOTH = Vault([NEW, OLD])
SECRET = "Kd7mWq-3x9Rtb-Hn4cZp"


@pytest.fixture
def credentials(engine: Engine) -> Credentials:
    return Credentials(engine)


def context(student_id: str) -> Context:
    return Context("north", student_id, Provider.MICROSOFT, 0)


def put(engine: Engine, student_id: str, sealed: bytes) -> None:
    statement = "INSERT INTO credential VALUES ('north', :student, 'microsoft', 0, :sealed, now() + interval '1 day')"
    with engine.begin() as connection:
        connection.execute(text(statement), {"student": student_id, "sealed": sealed})


def put_all(engine: Engine, vault: Vault, students: Sequence[str]) -> None:
    for student_id in students:
        put(engine, student_id, vault.seal(SECRET, context(student_id)))


def secrets(engine: Engine, vault: Vault) -> set[str]:
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT student_id, sealed FROM credential")).all()
    return {vault.open(bytes(row.sealed), context(row.student_id)) for row in rows}


def rotate(credentials: Credentials, *, batch: int = 2) -> tuple[int, Counter[str]]:
    done, closed = 0, Counter[str]()
    for rewrapped in credentials.rewrap(BOTH, batch=batch):
        done += rewrapped.done
        closed.update(rewrapped.closed)
    return done, closed


def test_how_many_passwords_each_key_seals_is_known(engine: Engine, credentials: Credentials) -> None:
    assert credentials.by_key() == {}
    put_all(engine, Vault([OLD]), ["s1", "s2"])
    put_all(engine, Vault([NEW]), ["s3"])
    assert credentials.by_key() == {"old": 2, "new": 1}


def test_after_a_rotation_the_new_key_alone_opens_everything(engine: Engine, credentials: Credentials) -> None:
    put_all(engine, Vault([OLD]), ["s1", "s2", "s3", "s4", "s5"])
    put_all(engine, Vault([NEW]), ["s6"])
    assert rotate(credentials) == (5, Counter())
    assert credentials.by_key() == {"new": 6}
    assert secrets(engine, Vault([NEW])) == {SECRET}


def test_a_rotation_that_was_interrupted_keeps_what_it_did_and_is_finished_by_the_next(
    engine: Engine, credentials: Credentials
) -> None:
    put_all(engine, Vault([OLD]), ["s1", "s2", "s3", "s4", "s5"])
    next(iter(credentials.rewrap(BOTH, batch=2)))
    assert credentials.by_key() == {"old": 3, "new": 2}
    assert secrets(engine, BOTH) == {SECRET}
    assert rotate(credentials) == (3, Counter())


def test_a_rotation_changes_no_lifetime(engine: Engine, credentials: Credentials) -> None:
    put_all(engine, Vault([OLD]), ["s1"])
    with engine.begin() as connection:
        before = connection.execute(text("SELECT expires_at FROM credential")).scalar_one()
    rotate(credentials)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT expires_at FROM credential")).scalar_one() == before


def test_what_cannot_be_opened_stays_as_it_is_and_is_reported(engine: Engine, credentials: Credentials) -> None:
    put_all(engine, Vault([("lost", bytes([7] * 32))]), ["s1", "s2", "s3"])
    put(engine, "s4", b"")
    put_all(engine, Vault([OLD]), ["s5"])
    done, closed = rotate(credentials)
    assert done == 1
    assert closed == {
        "A sealed password needs the key `lost`, which is not under `vault`.": 3,
        "A sealed password is not in a form that this version knows.": 1,
    }
    assert credentials.by_key() == {"lost": 3, "new": 1}


def test_a_password_that_a_worker_is_destroying_is_not_waited_for(engine: Engine, credentials: Credentials) -> None:
    put_all(engine, Vault([OLD]), ["s1", "s2"])
    with engine.begin() as worker:
        worker.execute(text("DELETE FROM credential WHERE student_id = 's1'"))
        rotating = threading.Thread(target=rotate, args=(credentials,))
        rotating.start()
        rotating.join(10)
        assert not rotating.is_alive()
    assert credentials.by_key() == {"new": 1}


def test_two_rotations_at_once_do_not_meet(engine: Engine, credentials: Credentials) -> None:
    put_all(engine, Vault([OLD]), [f"s{number:03d}" for number in range(100)])
    both = [threading.Thread(target=rotate, args=(credentials,), kwargs={"batch": 7}) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    rotate(credentials)
    assert credentials.by_key() == {"new": 100}
    assert secrets(engine, Vault([NEW])) == {SECRET}
