"""A read-only root: the service and its commands write, make and remove no file anywhere."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from consumer.events import Provider
from proof.stories.campus import campus, event
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import ROOT

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
HARBOUR = Institution("harbour-college", "Harbour College", (Provider.GOOGLE,))
MODULE = "tests.whole.read_only"

COMMANDS = (
    ("topics", "create", "--replication", "1"),
    ("schemas", "register"),
    ("db", "upgrade"),
    ("keys", "check"),
    ("keys", "rotate"),
    ("tenant", "resume", NORTH.id),
    ("config", "check"),
)
TRIES = (
    "open('made', 'w')",
    "os.mkdir('made')",
    "os.rename('there', 'made')",
    "os.remove('there')",
    "open('there', 'a')",
)


@pytest.mark.parametrize("way", ["seal()", "sys.addaudithook(_refuse)"], ids=["as it is here", "without Landlock"])
@pytest.mark.parametrize("attempt", TRIES)
def test_what_is_sealed_cannot_write(tmp_path: Path, attempt: str, way: str) -> None:
    there = tmp_path / "there"
    there.write_text("kept")
    program = f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); from {MODULE} import _refuse, seal; {way}; {attempt}"
    done = subprocess.run(  # noqa: S603  ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "PermissionError" in done.stderr or "Read-only file system" in done.stderr
    assert there.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [there]


@pytest.mark.long(seconds=30)
@pytest.mark.parts
async def test_students_are_provisioned_and_commands_do_their_work_without_writing_a_file(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NORTH, HARBOUR), tmp_path, clock=time.time, seed=1)
    events = [event(school.id, f"S{number}") for school in (NORTH, HARBOUR) for number in range(3)]
    async with campus(world, kafka=kafka, database=database_url, name=unique_name) as here:
        await asyncio.gather(*(here.service.command(*words, module=MODULE) for words in COMMANDS))
        replica = await here.start(module=MODULE)
        await here.put(*events)
        await here.until_applied(events)
        assert replica.restarts == 0
