"""`provisioner run`."""

import asyncio
import os
import resource
import signal
from collections.abc import Callable, Collection, Mapping, Sequence

import structlog
import typer
import uvloop

from consumer import collector
from consumer.app import App
from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile
from consumer.cli.traces import traced
from consumer.configuration.check import examine
from consumer.configuration.folder import Read, TenantFolder
from consumer.configuration.loading import read_settings
from consumer.configuration.mistakes import Misconfigured
from consumer.configuration.tenant_file import read_file
from consumer.failpoints import UNARMED, Failpoints, arm
from consumer.http.proxy import DIRECT, Proxies, open_proxies
from consumer.mail.template_check import TemplateCheck
from consumer.observe import logs
from consumer.secrets import SecretOpener, opener
from consumer.settings import Settings
from consumer.tenants import Outline, Tenant

app = typer.Typer(add_completion=False)

log = structlog.get_logger()

_OPEN_FILES = 65_536


@app.command()
def run(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """Run the service until SIGTERM or Ctrl-C; it then finishes the students in work and exits.

    A tenant whose file, secrets, keys or certificates cannot be used waits, and all others are served. Tenants' files, and the secrets and
    certificates that they name, are followed while it runs; SIGHUP looks at them at once.
    SIGUSR1 logs at level `debug`, and the next one at the configured level again.
    Exit status 1 where no tenant can be used, or the service file has a mistake.
    """
    collector.settle()  # reading a thousand tenants' files would have all modules looked through again and again
    findings = examine(config, os.environ, secrets=True)
    settings, files = findings.settings, findings.files
    if findings.service or settings is None or files is None:
        raise Misconfigured(findings.mistakes)
    tenants = [tenant for tenant, _ in files.loaded]
    if not {tenant.id for tenant in tenants} - findings.unusable.keys():
        raise Misconfigured(findings.mistakes)
    levels = logs.configure(settings.log.level, settings.log.format)
    for mistake in findings.mistakes:
        log.error("configuration_mistake", mistake=str(mistake))
    unreadable = {ident: broken.outline for ident, broken in files.broken.items()}
    open_secret = opener(os.environ)

    def reader() -> Read:
        templates = TemplateCheck(settings.templates_dir)
        return lambda paths: read_file(paths, templates, open_secret)

    proxies = open_proxies(settings.proxy, open_secret, os.environ)
    with traced(settings.tracing, open_secret):
        serve(
            settings,
            tenants,
            open_secret,
            failpoints=arm(os.environ),
            unreadable=unreadable,
            unusable=findings.unusable.keys(),
            proxies=proxies,
            folder=TenantFolder(settings.tenants_dir, findings.tenant_files, reader),
            restart_needed=lambda: read_settings(config, os.environ).model != settings,
            toggle_debug=levels.toggle,
        )


def serve(
    settings: Settings,
    tenants: Sequence[Tenant],
    open_secret: SecretOpener,
    *,
    failpoints: Failpoints = UNARMED,
    unreadable: Mapping[str, Outline | None] | None = None,
    unusable: Collection[str] = (),
    proxies: Proxies = DIRECT,
    folder: TenantFolder | None = None,
    restart_needed: Callable[[], bool] = lambda: False,
    toggle_debug: Callable[[], None] = lambda: None,
) -> None:
    """Runs one process until it is asked to stop. `unreadable` and `unusable`: see `Assembly`; the others: see `App`.

    `toggle_debug` is called on SIGUSR1. Raises `Stop`.
    """

    _allow_open_files()

    async def main() -> None:
        app = App(
            settings,
            tenants,
            open_secret,
            failpoints=failpoints,
            unreadable=unreadable,
            unusable=unusable,
            proxies=proxies,
            folder=folder,
            restart_needed=restart_needed,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, app.stop)
        loop.add_signal_handler(signal.SIGHUP, app.reload)
        loop.add_signal_handler(signal.SIGUSR1, toggle_debug)
        await app.run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def _allow_open_files() -> None:
    """Raises the soft limit as far as the system allows: each call to a vendor has a connection, and 1,024 is a common limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
