"""The registry's client for commands."""

import os
from collections.abc import Generator
from contextlib import closing, contextmanager

from consumer.codec.registry import Registry, open_registry
from consumer.http.proxy import open_proxies
from consumer.secrets import opener
from consumer.settings import Settings


@contextmanager
def connected(settings: Settings) -> Generator[Registry]:
    """The configured registry. Raises `Stop` where a secret, a key or a certificate can't be opened."""
    open_secret = opener(os.environ)
    proxies = open_proxies(settings.proxy, open_secret, os.environ)
    with closing(open_registry(settings.registry, open_secret, proxies=proxies)) as registry:
        yield registry
