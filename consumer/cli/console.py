"""Where the commands print, and the options that they share."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaException
from rich.console import Console

from consumer.errors import Fault, RetryLater
from consumer.ledger.engine import Refused

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


def named(attributes: Sequence[str] | None) -> Mapping[str, str]:
    """Values by name. Raises `BadParameter` where one of them is not of the form `name=value`."""
    pairs = [item.partition("=") for item in attributes or ()]
    if bad := [name for name, equals, _ in pairs if not equals]:
        raise typer.BadParameter(f"`{bad[0]}` is not of the form name=value", param_hint="--attribute")
    return {name: value for name, _, value in pairs}


def _end(text: str, status: int) -> None:
    err.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(status)
