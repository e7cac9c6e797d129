"""`provisioner run`."""

import asyncio
import os
import signal
from collections.abc import Sequence

import uvloop

from consumer.app import App
from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile
from consumer.configuration.check import check
from consumer.configuration.loading import load_settings, load_tenants
from consumer.configuration.mistakes import Misconfigured
from consumer.failpoints import UNARMED, Failpoints, arm
from consumer.observe import logs
from consumer.secrets import SecretOpener, opener
from consumer.settings import Settings
from consumer.tenants import Tenant


def run(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """Run the service: take events in, provision, publish. SIGTERM and SIGINT end it gracefully."""
    if mistakes := check(config, os.environ, secrets=True):
        raise Misconfigured(mistakes)
    settings = load_settings(config, os.environ)
    tenants = [tenant for tenant, _ in load_tenants(settings.tenants_dir)]
    logs.configure(settings.log.level, settings.log.format)
    serve(settings, tenants, opener(os.environ), failpoints=arm(os.environ))


def serve(
    settings: Settings, tenants: Sequence[Tenant], open_secret: SecretOpener, *, failpoints: Failpoints = UNARMED
) -> None:
    """Runs one process until it is told to stop. Raises `Stop`."""

    async def main() -> None:
        app = App(settings, tenants, open_secret, failpoints=failpoints)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, app.stop)
        await app.run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
