"""The providers' names, as people read them, and the names of their services."""

from collections.abc import Mapping

from consumer.events import Provider

PROVIDER_NAMES: Mapping[str, str] = {Provider.MICROSOFT: "Microsoft 365", Provider.GOOGLE: "Google Workspace"}
"""By `Provider`."""

GOOGLE_LICENCES = f"{Provider.GOOGLE.value}/licences"
"""The service that gives Google's licences: a part of Google with limits, waits and tokens of its own, so that no account waits for it."""


def licence_service(provider: Provider) -> str:
    """The service that gives the provider's licences."""
    return GOOGLE_LICENCES if provider is Provider.GOOGLE else provider.value
