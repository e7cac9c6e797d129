"""Asks the schema registry how our schemas stand. Blocking; registers nothing."""

from collections.abc import Sequence

from consumer.codec import registration
from consumer.codec.registry import open_registry
from consumer.errors import Unavailable
from consumer.http.proxy import DIRECT, Proxies
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.registry import of_subjects, of_unreachable
from consumer.secrets import SecretOpener
from consumer.settings import Settings


def look(settings: Settings, open_secret: SecretOpener, proxies: Proxies = DIRECT) -> Sequence[Finding]:
    """What is wrong with the registry's subjects. Raises `Stop` where its credentials can't be opened."""
    registry = open_registry(settings.registry, open_secret, proxies=proxies)
    try:
        return list(of_subjects(registration.check(registry, settings.kafka.topics), settings.kafka.topics))
    except Unavailable as fault:
        return [of_unreachable(str(fault).rstrip("."), code=fault.code)]
    finally:
        registry.close()
