"""The `provisioner` command."""

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup

from consumer import __version__
from consumer.cli.console import faults_reported, out
from consumer.cli.extensions import GROUP, extensions, load

_TRY, _SET_UP, _RUN = "Try it out", "Set up", "Run and operate"
_OURS = {
    "config": _SET_UP,
    "plan": _SET_UP,
    "topics": _SET_UP,
    "schemas": _SET_UP,
    "db": _SET_UP,
    "run": _RUN,
    "status": _RUN,
    "student": _RUN,
    "mail": _RUN,
    "held": _RUN,
    "tenant": _RUN,
    "guard": _RUN,
    "dead-letters": _RUN,
    "acts": _RUN,
    "reconcile": _RUN,
    "adopt": _RUN,
    "keys": _RUN,
}
"""Under which heading the help lists each, in the order in which they are needed. Each is `app` of the module of its name."""


class _Commands(TyperGroup):
    """Those of installed extensions and our own. One is imported when it is asked for: the libraries of all take a second."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002  the signature is Typer's
        """All names."""
        return [*extensions(), *_OURS]

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002  the signature is Typer's
        """The command of this name; None where there is none."""
        if panel := _OURS.get(cmd_name):
            module = f"consumer.cli.{cmd_name.replace('-', '_')}"
            return load(EntryPoint(cmd_name, f"{module}:app", GROUP), panel=panel)
        entry = extensions().get(cmd_name)
        return load(entry, panel=_TRY) if entry else None


def _print_version(value: bool) -> None:  # noqa: FBT001  the signature is Typer's
    if value:
        out.print(f"provisioner {__version__}", highlight=False)
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Creates students' accounts in Microsoft 365 and Google Workspace from status events on Kafka.",
    epilog="For the first time? docs/first-school.md leads from an empty folder to the first account.",
)


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Creates students' accounts in Microsoft 365 and Google Workspace from status events on Kafka."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; the process's own arguments where none are given. Faults end a command with a message: see `faults_reported`."""
    with faults_reported():
        app(arguments)
