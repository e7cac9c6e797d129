"""Who acts, and why: the options of every command that changes something for students. See docs/operations.md."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from consumer.ledger.acts import Operator

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

By = Annotated[
    str | None, typer.Option("--by", help="Who acts, for the record; by default the login of this command's user.")
]
Reason = Annotated[str, typer.Option("--reason", "--why", help="Why, for the record. No names of students.")]
NeededReason = Annotated[
    str, typer.Option("--reason", "--why", help="Why, for the record. No names of students.", show_default=False)
]
Why = Annotated[str, typer.Option("--why", help="Why, for the record. No names of students.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Since = Annotated[
    str | None,
    typer.Option(help="From then on: an age such as `90m`, `2h` or `7d`, or a time such as `2026-09-01T06:00` (UTC)."),
]


def operator(by: str | None, why: str, *, login: Callable[[], str] = getpass.getuser) -> Operator:
    """The one who acts. Raises `BadParameter` where neither the option nor the system names one, as in a container without a user."""
    name = by
    if name is None:
        try:
            name = login()
        except (KeyError, OSError, ImportError):
            name = ""
    if not name.strip():
        raise typer.BadParameter("the system has no login for this user: say who acts", param_hint="--by")
    return Operator(name.strip(), why.strip())


def needed(why: str) -> str:
    """The same text. Raises `BadParameter` where it says nothing."""
    if not why.strip():
        raise typer.BadParameter("say why, for the record", param_hint="--reason")
    return why


def moment(since: str | None, *, now: datetime) -> datetime | None:
    """The time that `--since` names. Raises `BadParameter` where it is none."""
    if since is None:
        return None
    number, unit = since[:-1], since[-1:]
    try:
        if number.isdecimal() and unit in _UNITS:
            return now - timedelta(**{_UNITS[unit]: int(number)})
        at = datetime.fromisoformat(since)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        said = f"`{since}` is neither an age such as `2h` nor a time such as `2026-09-01T06:00`"
        raise typer.BadParameter(said, param_hint="--since") from error
