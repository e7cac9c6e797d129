"""Runs the service, as `provisioner run` does, until it has settled so many events; tells its reading.

python -m bench.service CONFIG COUNT
"""

import asyncio
import sys
from pathlib import Path

import uvloop
from prometheus_client import Counter

from bench.course import Course
from bench.parts import say
from consumer.app import App
from consumer.configuration.loading import load_settings, load_tenants
from consumer.observe import logs
from consumer.secrets import opener

_LOOK_EVERY = 0.1
_REPORTS = 10


async def main(config: str, count: str) -> None:
    """See the module."""
    settings = load_settings(Path(config), {})
    logs.configure(settings.log.level, settings.log.format)
    app = App(settings, [tenant for tenant, _ in load_tenants(settings.tenants_dir)], opener({}))
    running = asyncio.create_task(app.run())
    course, reported = Course(int(count)), 0
    while not running.done() and not course.reached(settled := _total(app.metrics.settled)):
        if settled * _REPORTS // int(count) > reported:
            reported = int(settled * _REPORTS // int(count))
            say(f"  {settled:,.0f} of {count} students are settled")
        await asyncio.sleep(_LOOK_EVERY)
    app.stop()
    await running
    course.reading().tell()


def _total(metric: Counter) -> float:
    """The counter's sum over all its labels."""
    samples = (sample for family in metric.collect() for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
