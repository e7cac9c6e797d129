"""A change of a file is seen by `stat` alone."""

from pathlib import Path

from consumer.stamp import Seen, stamp


def test_a_file_that_was_written_or_replaced_has_another_stamp(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("a")
    stamps = {stamp(file), stamp(file)}
    file.write_text("ab")
    stamps.add(stamp(file))
    (tmp_path / "two.yaml").write_text("ab")
    (tmp_path / "two.yaml").rename(file)
    stamps.add(stamp(file))
    assert len(stamps) == 3


def test_a_link_that_leads_elsewhere_has_another_stamp(tmp_path: Path) -> None:
    """As Kubernetes exchanges the files of a volume."""
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").write_text(name)
    data, file = tmp_path / "..data", tmp_path / "key"
    data.symlink_to("before")
    file.symlink_to("..data/key")
    seen = stamp(file)
    (tmp_path / "next").symlink_to("after")
    (tmp_path / "next").rename(data)
    assert stamp(file) not in {seen, None}


def test_what_is_not_there_has_none(tmp_path: Path) -> None:
    assert stamp(tmp_path / "none") is None
    assert stamp("a\0b") is None
    assert stamp(tmp_path) is None
    assert Seen.of(tmp_path / "none") == Seen(None, None)


def test_a_file_that_was_written_again_as_it_was_has_the_same_digest(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("a")
    before = Seen.of(file)
    (tmp_path / "two.yaml").write_text("a")
    (tmp_path / "two.yaml").rename(file)
    after = Seen.of(file)
    assert after.stamp != before.stamp
    assert after.digest == before.digest
    file.write_text("b")
    assert Seen.of(file).digest != before.digest
