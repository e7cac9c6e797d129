"""The list of accounts to adopt: what is read, and what is said of a bad one."""

from pathlib import Path

import pytest

from consumer.reconcile.matches import BadList, Match, read_matches


def file(folder: Path, *lines: str) -> Path:
    path = folder / "matches.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_each_line_names_a_student_and_an_account(tmp_path: Path) -> None:
    path = file(tmp_path, "student_id,account", "s1,maria@north.example", "", '"s,2", o2 ')
    assert read_matches(path) == [Match(2, "s1", "maria@north.example"), Match(4, "s,2", "o2")]


def test_a_byte_order_mark_of_a_spreadsheet_is_no_part_of_a_column(tmp_path: Path) -> None:
    path = tmp_path / "matches.csv"
    path.write_text("student_id,account\r\ns1,o1\r\n", encoding="utf-8-sig")
    assert read_matches(path) == [Match(2, "s1", "o1")]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("student;account", "s1;o1"), "line 1: the columns must be `student_id,account`"),
        ((), "line 1: the columns must be"),
        (("student_id,account",), "no lines below the first"),
        (("student_id,account", "s1"), "line 2: it has 1 columns instead of 2"),
        (("student_id,account", ",o1"), "line 2: `student_id` is empty"),
        (("student_id,account", "s1,"), "line 2: `account` must be one object id or one address"),
        (("student_id,account", "s1,o 1"), "line 2: `account` must be one"),
        (("student_id,account", "s1,o1", "s1,o2"), "line 3: its student is in line 2 already"),
        (("student_id,account", '"s1,o1'), "it is not CSV"),
    ],
)
def test_a_bad_file_is_refused_by_line_with_what_to_do(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadList, match=said.replace("(", "\\(")) as refused:
        read_matches(file(tmp_path, *lines))
    assert str(refused.value).rstrip(".").count(".") >= 1


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadList) as refused:
        read_matches(file(tmp_path, "student_id,account", "s1", ",o2"))
    assert [line.partition(":")[0].partition(", ")[2] for line in str(refused.value).splitlines()] == [
        "line 2",
        "line 3",
    ]


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "matches.csv"
    path.write_bytes("student_id,account\nÄ,o1\n".encode("latin-1"))
    with pytest.raises(BadList, match="not in UTF-8"):
        read_matches(path)
