"""`provisioner keys`. How a key is rotated, step by step: docs/operations.md."""

import os
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table

from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, err, out
from consumer.cli.ledger import opened
from consumer.configuration.loading import load_settings
from consumer.ledger.credentials import Credentials
from consumer.ledger.vault import Vault, open_vault
from consumer.secrets import opener
from consumer.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check and rotate the keys that seal passwords.")


@app.callback()
def keys() -> None:
    """The keys that seal passwords."""


@app.command()
def check(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """Show how many passwords each key still seals. Exit status 1 if a key that is needed is not under `vault`."""
    settings = load_settings(config, os.environ)
    with _opened(settings) as (credentials, vault):
        sealed = credentials.by_key()
    known = [key.id for key in settings.vault]
    table = Table("key", "passwords", "state")
    for ident in [*known, *sorted(set(sealed) - set(known))]:
        table.add_row(ident, f"{sealed.get(ident, 0):,}", _state(ident, sealed, known, vault))
    out.print(table)
    if set(sealed) - set(known):
        raise typer.Exit(1)


@app.command()
def rotate(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Passwords in one transaction.")] = 500,
) -> None:
    """Wrap every sealed password with the first key of `vault`. Safe while replicas run, and safe to interrupt and repeat.

    Exit status 1 where some could not be opened.
    """
    settings = load_settings(config, os.environ)
    done, closed = 0, Counter[str]()
    with _opened(settings) as (credentials, vault):
        with out.status("") as status:
            for rewrapped in credentials.rewrap(vault, batch=batch):
                done += rewrapped.done
                closed.update(rewrapped.closed)
                status.update(f"{done:,} passwords wrapped with `{vault.sealing}`")
        left = sum(number for ident, number in credentials.by_key().items() if ident != vault.sealing)
    out.print(f"{done:,} passwords are wrapped with `{vault.sealing}` now; {left:,} are not.")
    for why, number in closed.items():
        err.print(f"{number:,} could not be opened. {why}", style="red", markup=False)
    if closed:
        raise typer.Exit(1)


@contextmanager
def _opened(settings: Settings) -> Generator[tuple[Credentials, Vault]]:
    vault = open_vault(settings.vault, opener(os.environ))
    with opened(settings, name="keys") as engine:
        yield Credentials(engine), vault


def _state(ident: str, sealed: Mapping[str, int], known: list[str], vault: Vault) -> str:
    if ident not in known:
        return "missing: these passwords cannot be opened"
    if ident == vault.sealing:
        return "seals"
    return "still needed: `provisioner keys rotate`" if sealed.get(ident) else "can go"
