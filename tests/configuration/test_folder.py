"""The tenants' files while the service runs: what has changed is read again, and a bad version never takes the place of a good one."""

import shutil
from pathlib import Path

import pytest

from consumer.configuration.mistakes import Misconfigured
from consumer.configuration.tenant_file import Serves
from tests.configuration.watched import NORTH, SOUTH, Watched

NAME = "North High School"
BROKEN = "id: south-high\n name: x"


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_without_a_change_nothing_is_read(watched: Watched) -> None:
    look = watched.folder.look()
    assert (look.reread, look.came, look.left, watched.read) == ({}, {}, frozenset(), [])


def test_a_changed_file_comes_into_force_and_no_other_is_read(watched: Watched) -> None:
    watched.rename(watched.south, NAME, "South")
    look = watched.folder.look()
    assert watched.read == [SOUTH]
    assert list(look.came) == [SOUTH]
    assert watched.in_force() == {NORTH: NAME, SOUTH: "South"}


def test_a_file_that_is_written_again_as_it_was_is_no_change(watched: Watched) -> None:
    """A volume of Kubernetes has all its files anew when one of them changes."""
    before = watched.folder.snapshot()
    for file in (watched.north, watched.south, watched.secret):
        copy = file.with_name(f".{file.name}")
        shutil.copyfile(file, copy)
        copy.rename(file)
    look = watched.folder.look()
    assert (look.reread, look.came, watched.read) == ({}, {}, [])
    now = watched.folder.snapshot()
    assert now.tenants[SOUTH] is before.tenants[SOUTH]


def test_a_comment_is_read_and_changes_nothing(watched: Watched) -> None:
    watched.south.write_text(f"# for the new term\n{watched.south.read_text()}")
    look = watched.folder.look()
    assert (list(look.reread), look.came) == ([SOUTH], {})


def test_a_new_file_is_a_new_tenant(watched: Watched) -> None:
    watched.files.copy("west-high", ("students.north-high", "students.west-high"))
    assert list(watched.folder.look().came) == ["west-high"]
    assert watched.folder.snapshot().tenants.keys() == {NORTH, SOUTH, "west-high"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id: south-high", "id: south-high\n name: x"),
        ("usage_location: GR", "usage_location: Greece"),
        ("{given}.{family}", "{given}.{surname}"),
        ("env:NORTH_HIGH_MAILGUN_KEY", "env:NOT_SET"),
        ("region: eu", "ca_file: /nowhere/ca.pem"),
    ],
    ids=["yaml", "value", "pattern", "secret", "certificates"],
)
def test_the_last_good_version_stays_in_force_while_the_newest_cannot_be_used(
    watched: Watched, old: str, new: str
) -> None:
    good = watched.folder.snapshot().tenants[SOUTH]
    watched.files.replace(watched.south, old, new)
    look = watched.folder.look()
    assert look.came == {}
    assert look.reread[SOUTH].newest.unusable
    assert watched.folder.snapshot().tenants[SOUTH] is good
    assert watched.folder.look().reread == {}


def test_a_file_that_is_half_written_counts_once_it_is_complete(watched: Watched) -> None:
    watched.rename(watched.south, NAME, "South")
    whole = watched.south.read_text()
    watched.south.write_text(whole[: len(whole) // 2])
    assert watched.folder.look().came == {}
    watched.south.write_text(whole)
    assert list(watched.folder.look().came) == [SOUTH]
    assert watched.in_force()[SOUTH] == "South"


def test_a_file_that_was_put_back_as_it_was_is_usable_and_no_change(watched: Watched) -> None:
    whole = watched.south.read_text()
    watched.south.write_text(BROKEN)
    watched.folder.look()
    watched.south.write_text(whole)
    look = watched.folder.look()
    assert look.came == {}
    assert not look.reread[SOUTH].newest.unusable


def test_a_new_file_with_mistakes_counts_as_far_as_it_can_be_read(watched: Watched) -> None:
    west = watched.files.copy("west-high", ("usage_location: GR", "usage_location: Greece"))
    watched.folder.look()
    assert watched.folder.snapshot().outlines.keys() == {"west-high"}
    west.write_text(BROKEN)
    watched.folder.look()
    assert watched.folder.snapshot().outlines.keys() == {"west-high"}, "its status table is forgotten"


def test_a_new_file_of_which_nothing_can_be_read_counts_as_that(watched: Watched) -> None:
    watched.north.with_name("west-high.yaml").write_text(BROKEN)
    watched.folder.look()
    assert watched.folder.snapshot().unreadable == {"west-high"}


def test_a_new_secret_opens_the_tenant_anew(watched: Watched) -> None:
    before = watched.folder.snapshot().tenants
    watched.secret.write_text("two")
    assert list(watched.folder.look().came) == [SOUTH]
    now = watched.folder.snapshot().tenants
    assert now[SOUTH] == before[SOUTH]
    assert now[SOUTH] is not before[SOUTH]
    assert now[NORTH] is before[NORTH]


def test_a_secret_that_is_gone_changes_nothing_until_it_is_back(watched: Watched) -> None:
    watched.secret.unlink()
    look = watched.folder.look()
    (mistake,) = look.reread[SOUTH].newest.unusable
    assert "There is no such file" in str(mistake)
    assert look.came == {}
    watched.secret.write_text("two")
    assert list(watched.folder.look().came) == [SOUTH]


def test_a_tenant_without_its_secret_is_held_until_it_is_there(watched: Watched) -> None:
    watched.secret.unlink()
    watched.folder = watched.opened()
    assert watched.folder.in_force[SOUTH].serves is Serves.HELD
    watched.secret.write_text("one")
    watched.folder.look()
    assert watched.folder.in_force[SOUTH].serves is Serves.STUDENTS


def test_a_tenant_leaves_when_its_file_is_missing_at_two_looks(watched: Watched) -> None:
    text = watched.south.read_text()
    watched.south.unlink()
    assert watched.folder.look().left == frozenset()
    watched.south.write_text(text)
    assert watched.folder.look().came == {}
    watched.south.unlink()
    assert watched.folder.look().left == frozenset()
    assert watched.folder.look().left == {SOUTH}
    assert watched.folder.snapshot().ids == {NORTH}
    watched.south.write_text(text)
    assert list(watched.folder.look().came) == [SOUTH]


@pytest.mark.parametrize("gone", ["empty", "missing", "a file"])
def test_a_folder_that_is_gone_or_empty_removes_no_tenant(watched: Watched, gone: str) -> None:
    folder, aside = watched.north.parent, watched.files.root / "aside"
    folder.rename(aside)
    if gone == "empty":
        folder.mkdir()
    elif gone == "a file":
        folder.write_text("x")
    for _ in range(3):
        with pytest.raises(Misconfigured, match="All tenants stay as they were"):
            watched.folder.look()
    assert watched.folder.snapshot().ids == {NORTH, SOUTH}
    if folder.exists():
        folder.unlink() if folder.is_file() else folder.rmdir()
    aside.rename(folder)
    look = watched.folder.look()
    assert (look.came, look.left, watched.read) == ({}, frozenset(), [])


def test_a_second_file_of_a_tenant_keeps_the_version_that_there_was(watched: Watched) -> None:
    second = watched.south.with_suffix(".yml")
    second.write_text(watched.south.read_text())
    look = watched.folder.look()
    assert look.came == {}
    assert "two files for this tenant" in str(look.reread[SOUTH].newest.unusable[0])
    watched.south.unlink()
    assert not watched.folder.look().reread[SOUTH].newest.unusable


def test_a_domain_that_two_tenants_share_without_saying_so_is_reported_once(watched: Watched) -> None:
    watched.files.replace(watched.south, "students.south-high", "students.north-high")
    assert len(watched.folder.look().mistakes) == 2, "one at each of the two"
    watched.rename(watched.north, NAME, "North")
    assert watched.folder.look().mistakes == []


def test_a_file_that_brings_a_defect_to_light_keeps_no_other_from_being_read(watched: Watched) -> None:
    watched.defect = NORTH
    watched.rename(watched.north, NAME, "North")
    watched.rename(watched.south, NAME, "South")
    look = watched.folder.look()
    assert list(look.came) == [SOUTH]
    assert "ZeroDivisionError" in str(look.reread[NORTH].newest.unusable[0])
    assert watched.in_force() == {NORTH: NAME, SOUTH: "South"}
