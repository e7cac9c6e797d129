"""Where and how the commands print, and the options that they share."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from confluent_kafka import KafkaException
from rich.console import Console

from consumer.errors import Fault, RetryLater
from consumer.ledger.faults import Refused

out = Console()
err = Console(stderr=True)

ServiceFile = Annotated[
    Path, typer.Option("--config", "-c", help="The service's file.", envvar="PROVISIONER_CONFIG", show_default=True)
]
DEFAULT_SERVICE_FILE = Path("config/service.yaml")

Attributes = Annotated[
    list[str] | None,
    typer.Option("--attribute", help="An attribute of the student as `name=value`. Repeatable."),
]

AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of text.")]

FAILED = 1
"""Exit status: something must be put right before the command can succeed."""

DIFFERENT = 3
"""Exit status: the command did what it was asked for, and found differences."""

INTERRUPTED = 130
"""Exit status: Ctrl-C, as shells have it."""

TEMPORARY = 75
"""Exit status: a dependency is unavailable; the same command may succeed later (EX_TEMPFAIL of sysexits.h)."""

_FILE_ERRORS = (PermissionError, FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)


@contextmanager
def faults_reported() -> Generator[None]:
    """Ends the process with a message and an exit status instead of a traceback, if a dependency or the configuration is at fault."""
    try:
        yield
    except Fault as fault:
        temporary = isinstance(fault, RetryLater) and not isinstance(fault, Refused)
        _end(str(fault), TEMPORARY if temporary else FAILED)
    except KafkaException as failure:
        error = failure.args[0]
        _end(f"Kafka refused the request ({error.name()}: {error.str()}).", TEMPORARY if error.retriable() else FAILED)
    except _FILE_ERRORS as error:
        _end(f"{error.filename}: {error.strerror}.", FAILED)


def say(line: str) -> None:
    """Prints a line as it is, on standard output. What a producer wrote is made `printable` by the caller."""
    out.print(line, soft_wrap=True, markup=False, highlight=False)


def warn(line: str) -> None:
    """The same on standard error, for a person to notice."""
    err.print(line, style="yellow", soft_wrap=True, markup=False, highlight=False)


def document(value: object, *, indent: int | None = 2) -> None:
    """Prints a dataclass, or a list of some, as JSON: times in ISO 8601, all that is not ASCII escaped. Without `indent`, on one line."""
    typer.echo(json.dumps(value, default=_plain, indent=indent))


def named(attributes: Sequence[str] | None) -> Mapping[str, str]:
    """Values by name. Raises `BadParameter` where one of them is not of the form `name=value`."""
    pairs = [item.partition("=") for item in attributes or ()]
    if bad := [name for name, equals, _ in pairs if not equals]:
        raise typer.BadParameter(f"`{bad[0]}` is not of the form name=value", param_hint="--attribute")
    return {name: value for name, _, value in pairs}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return asdict(cast("Any", value))
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _end(text: str, status: int) -> None:
    err.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(status)
