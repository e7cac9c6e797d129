"""`provisioner demo`."""

import asyncio
from typing import Annotated

import typer
import uvloop

from consumer.cli.console import out
from consumer.observe import logs
from sandbox.demo.run import run_demo

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    *,
    keep: Annotated[bool, typer.Option(help="Stay up at the end, with the metrics open.")] = False,
    students: Annotated[int, typer.Option(min=30, help="How many students.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same students.")] = 1,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port of health and metrics; 0 takes a free one.")
    ] = 0,
) -> None:
    """Run the whole service on this machine for some hundred made-up students, and check the result.

    It brings its own PostgreSQL, Kafka and vendors, and needs no configuration. Exit status 1 if an event did not end as it should.
    """
    logs.configure("error", "console")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        well = runner.run(run_demo(out, students=students, seed=seed, keep=keep, port=port))
    if not well:
        raise typer.Exit(1)
