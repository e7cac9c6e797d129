"""The catalogue of log lines, the code, and docs/logs.md say the same."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import consumer
from consumer.observe.log_lines import ALWAYS, FIELDS, LIBRARY, LIBRDKAFKA, OF_RECORD, OF_STUDENT, lines
from tests.observe.log_page import PAGE, page

_LEVELS = {"debug", "info", "warning", "error", "log"}
_NAMES = {
    "ended": {"student_held", "student_failed"},
    "what": {"partitions_assigned", "partitions_revoked", "partitions_lost"},
    "LIBRARY": {LIBRARY},
    "LIBRDKAFKA": {LIBRDKAFKA},
}
"""Where a call names its line by a variable."""


@cache
def calls() -> Sequence[tuple[str, ast.Call]]:
    """Each call that logs, with the lines that it may log."""
    return list(_calls())


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for file in Path(consumer.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level)) if level in _LEVELS:
                    yield from ((name, node) for name in _named(node.args[-1]))
                case _:
                    pass


def _named(name: ast.expr) -> set[str]:
    match name:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=body, orelse=other):
            return _named(body) | _named(other)
        case ast.Name(id=variable):
            return _NAMES[variable]
        case _:
            raise AssertionError(ast.unparse(name))


@cache
def logged() -> Mapping[str, set[str]]:
    """The fields that the code gives each line. An exception's type becomes `error`."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, call in calls():
        fields = {keyword.arg for keyword in call.keywords if keyword.arg}
        found[name] |= {"error" if field == "exc_info" else field for field in fields}
    return found


def test_every_line_that_the_code_logs_is_listed_and_no_other() -> None:
    assert set(logged()) == set(lines())


def test_every_field_that_the_code_gives_a_line_is_listed_for_it() -> None:
    missing = {name: fields - set(lines()[name].fields) for name, fields in logged().items()}
    assert {name: fields for name, fields in missing.items() if fields} == {}


def test_a_line_has_the_fields_of_its_calls_and_of_what_is_bound() -> None:
    bound = {*OF_STUDENT, *OF_RECORD, "error"}
    unused = {name: set(line.fields) - logged()[name] - bound for name, line in lines().items()}
    assert {name: fields for name, fields in unused.items() if fields} == {}


def test_every_level_is_the_one_that_the_code_uses() -> None:
    used: defaultdict[str, set[str]] = defaultdict(set)
    for name, call in calls():
        assert isinstance(call.func, ast.Attribute)
        used[name].add(call.func.attr)
    assert {name: {line.level} for name, line in lines().items() if name not in {LIBRARY, LIBRDKAFKA}} == {
        name: levels for name, levels in used.items() if name not in {LIBRARY, LIBRDKAFKA}
    }


def test_every_field_is_explained_once_and_none_is_unused() -> None:
    assert {field for line in lines().values() for field in line.fields} == set(FIELDS)
    assert not set(FIELDS) & set(ALWAYS)


def test_the_page_is_as_it_is_written() -> None:
    assert PAGE.read_text() == page(), "run `python -m tests.observe.log_page`"
