"""The providers' names, as people read them."""

from collections.abc import Mapping

from consumer.events import Provider

PROVIDER_NAMES: Mapping[str, str] = {Provider.MICROSOFT: "Microsoft 365", Provider.GOOGLE: "Google Workspace"}
"""By `Provider`."""
