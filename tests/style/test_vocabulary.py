"""The vocabulary lint: which words it finds, and where."""

from pathlib import Path

import pytest

from tests.style.vocabulary import WORDS, Finding, WordList

ROOT = Path(__file__).parents[2]
LIST = WordList({"nobody": "no one", "goes on": "continues", "lot": "outcome"}, exceptions={"vendor": ["nobody"]})


def found(source: str, path: str = "module.py") -> list[tuple[int, str]]:
    return [(finding.line, finding.word) for finding in LIST.in_python(path, source)]


@pytest.mark.parametrize(
    "source",
    [
        "nobody = 1\n",
        "def tells_nobody(): ...\n",
        "class TellsNobody: ...\n",
        "NOBODY_WAITS = 1\n",
        "call()  # Nobody waits\n",
        '"""Nobody waits."""\n',
        'x = "nobody"\n',
        "x = f'nobody {1}'\n",
    ],
)
def test_identifiers_comments_docstrings_and_strings_are_read(source: str) -> None:
    assert found(source) == [(1, "nobody")]


@pytest.mark.parametrize("source", ["slot = 1\n", "allotted = 1\n", "x = 'a slot, pilots'\n", "SLOTS = 1\n"])
def test_a_part_of_a_word_is_not_the_word(source: str) -> None:
    assert found(source) == []


@pytest.mark.parametrize("source", ["it_goes_on = 1\n", "class ItGoesOn: ...\n", "# it goes on\n"])
def test_a_phrase_is_found(source: str) -> None:
    assert found(source) == [(1, "goes on")]


def test_a_phrase_is_found_across_lines_and_reported_where_it_begins() -> None:
    assert found('"""First.\n\nThe loop goes\non.\n"""\n') == [(3, "goes on")]


def test_an_excepted_word_is_accepted_below_its_path_only() -> None:
    assert found("nobody = 1\n", "vendor/linux.py") == []
    assert found("nobody = 1\n", "vendors/linux.py") == [(1, "nobody")]
    assert found("it_goes_on = 1\n", "vendor/linux.py") == [(1, "goes on")]


def test_markdown_is_read_with_its_lines() -> None:
    assert list(LIST.in_markdown("page.md", "# Title\n\nNobody.\n")) == [Finding("page.md", 3, "nobody", "no one")]


def test_only_python_and_markdown_of_the_listed_folders_are_read(tmp_path: Path) -> None:
    for name in ("a/one.py", "a/b/two.md", "a/three.txt", "c/four.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# nobody\n")
    checked = WordList({"nobody": "no one"}, ["a"])
    assert {finding.path for finding in checked.in_folders(tmp_path)} == {"a/one.py", "a/b/two.md"}


def test_an_exception_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text('folders = []\n[words]\n[[exceptions]]\npath = "a"\nwords = ["*"]\nreason = ""\n')
    with pytest.raises(KeyError):
        WordList.load(path)


def test_every_listed_folder_exists() -> None:
    assert [folder for folder in WordList.load(WORDS).folders if not (ROOT / folder).exists()] == []


def test_the_style_page_lists_every_rejected_word() -> None:
    page = (ROOT / "docs/style.md").read_text(encoding="utf-8")
    assert [word for word in WordList.load(WORDS).words if f"| {word} |" not in page] == []
