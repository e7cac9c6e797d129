"""The list of accounts to adopt, as a CSV file: which student, and which account. Pure, but for the reading."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from consumer.errors import Stop
from consumer.events import Identifier

COLUMNS = ("student_id", "account")
_MOST_MISTAKES = 20
_IDENT: TypeAdapter[str] = TypeAdapter(Identifier)


@dataclass(frozen=True, slots=True)
class Match:
    """One line: the account is named by its object id, or by its address, which has an `@`."""

    line: int
    student_id: str
    account: str


class BadList(Stop):
    """The file cannot be used. The text says what is wrong, in which lines, and what to do; it quotes no line."""


def read_matches(path: Path) -> Sequence[Match]:
    """All lines, in their order. Raises `BadList` with what is wrong in all of them, and `OSError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadList(f"{path}: it is not in UTF-8. Save it as CSV in UTF-8.") from error
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    matches, mistakes = list[Match](), list[str]()
    try:
        header = [name.strip() for name in next(rows, list[str]())]
        if header != [*COLUMNS]:
            raise BadList(f"{path}, line 1: the columns must be `{','.join(COLUMNS)}`. Put them in the first line.")
        for row in rows:
            if any(cell.strip() for cell in row):
                read = _match(rows.line_num, row)
                (matches if isinstance(read, Match) else mistakes).append(read)  # pyright: ignore[reportArgumentType]
    except csv.Error as error:
        raise BadList(f"{path}, line {rows.line_num}: it is not CSV ({error}). Close the quotation marks.") from error
    mistakes += _repeated(matches)
    if mistakes:
        shown = [f"{path}, {mistake}" for mistake in mistakes[:_MOST_MISTAKES]]
        more = len(mistakes) - len(shown)
        raise BadList("\n".join([*shown, *([f"and {more} more."] if more else [])]))
    if not matches:
        raise BadList(f"{path}: it has no lines below the first. Add one for each student.")
    return matches


def _match(line: int, row: Sequence[str]) -> Match | str:
    if len(row) != len(COLUMNS):
        return f"line {line}: it has {len(row)} columns instead of {len(COLUMNS)}. Quote values that hold a comma."
    student_id, account = (cell.strip() for cell in row)
    try:
        _IDENT.validate_python(student_id)
    except ValidationError:
        return (
            f"line {line}: `student_id` is empty, too long or holds control characters. Use the id that the SIS sends."
        )
    if not account or len(account.split()) != 1:
        return f"line {line}: `account` must be one object id or one address. Remove blanks, or remove the line."
    return Match(line, student_id, account)


def _repeated(matches: Sequence[Match]) -> Iterator[str]:
    first: dict[str, int] = {}
    for match in matches:
        before = first.setdefault(match.student_id, match.line)
        if before != match.line:
            yield f"line {match.line}: its student is in line {before} already. Keep one of the two lines."
