"""Database: PostgreSQL restarts, is unavailable, loses answers, and refuses."""

import asyncio

import psycopg

from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK


@BOOK.row(
    57,
    "PostgreSQL restarts again and again, crashed or stopped",
    expected="0 violations; 0 restarts of ours",
)
async def restarts(experiment: Experiment) -> None:
    database = experiment.installation.database
    loop = asyncio.get_running_loop()
    until = loop.time() + experiment.window
    hard = True
    while loop.time() < until:
        await asyncio.sleep(experiment.rng.uniform(1, 4))
        await database.stop(hard=hard)
        experiment.fire("crash of PostgreSQL" if hard else "restart of PostgreSQL")
        await database.start()
        hard = not hard
    experiment.expect(experiment.exits() == 0, "a replica ended")


@BOOK.row(
    58,
    "PostgreSQL is down",
    expected="intake pauses and keeps its place in the group; nothing is acknowledged; 0 restarts",
)
async def down(experiment: Experiment) -> None:
    await experiment.settled(0.05)
    await experiment.installation.database.stop(hard=True)
    experiment.fire("PostgreSQL down")
    await asyncio.sleep(2)  # what was committed before may still be acknowledged
    before = await experiment.installation.watch.committed()
    await experiment.sleep()
    experiment.expect(
        await experiment.installation.watch.committed() == before, "offsets moved while PostgreSQL was down"
    )
    await experiment.installation.database.start()
    experiment.expect(experiment.exits() == 0, "a replica ended")


@BOOK.row(59, "commits whose answer is lost", expected="read again; no effect twice")
async def commit_lost(experiment: Experiment) -> None:
    proxy = experiment.installation.database.proxy
    before = proxy.counts["lost_answers"]
    for _ in range(10):
        proxy.lose_answer(lambda chunk: b"COMMIT" in chunk, times=2)
        await experiment.sleep(0.1)
    experiment.fire("COMMIT without answer", proxy.counts["lost_answers"] - before)


_TROUBLE = """
    CREATE SEQUENCE proof_troubles;
    CREATE FUNCTION proof_trouble() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF random() < 0.05 THEN
        PERFORM nextval('proof_troubles');
        IF random() < 0.5 THEN RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'could not serialize access'; END IF;
        RAISE EXCEPTION USING ERRCODE = '40P01', MESSAGE = 'deadlock detected';
      END IF;
      RETURN NULL;
    END $$;
"""
_TROUBLES = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM proof_troubles"
_TROUBLED = ("inbox", "student", "step", "account", "outbox", "address")


@BOOK.row(60, "deadlocks and serialisation failures in 5 % of statements", expected="tried again, within bounds")
async def conflicts(experiment: Experiment) -> None:
    def alter(statement: str) -> None:
        with psycopg.connect(experiment.installation.database.straight, autocommit=True) as connection:
            connection.execute(statement.encode())

    await asyncio.to_thread(alter, _TROUBLE)
    for table in _TROUBLED:
        trigger = f"CREATE TRIGGER proof_trouble AFTER INSERT OR UPDATE ON {table} EXECUTE FUNCTION proof_trouble()"
        await asyncio.to_thread(alter, trigger)
    await experiment.sleep()
    for table in _TROUBLED:
        await asyncio.to_thread(alter, f"DROP TRIGGER proof_trouble ON {table}")
    experiment.fire("40001 or 40P01", await experiment.installation.watch.count(_TROUBLES))
    await asyncio.to_thread(alter, "DROP FUNCTION proof_trouble; DROP SEQUENCE proof_troubles")
    experiment.expect(experiment.exits() == 0, "a replica ended")
