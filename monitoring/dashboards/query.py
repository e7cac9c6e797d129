"""PromQL made of the catalogue's entries. Windows are Prometheus durations or Grafana's variables."""

from collections.abc import Mapping

from consumer.observe.entries import BucketsEntry, Entry

RATE = "$__rate_interval"
"""Grafana's: the distance of two points, and at least four scrapes."""
RANGE = "$__range"
"""Grafana's: all of the time that the dashboard shows."""


def series(entry: Entry, where: str = "", suffix: str = "") -> str:
    """Its series. Of a histogram, `suffix` says which; `where` are label matchers."""
    matchers = f"{{{where}}}" if where else ""
    return f"{entry.exposed_name}{suffix}{matchers}"


def added(entry: Entry, *by: str, where: str = "") -> str:
    """The sum of a gauge."""
    return over("sum", by, series(entry, where))


def most(entry: Entry, *by: str, where: str = "") -> str:
    """The largest value of a gauge."""
    return over("max", by, series(entry, where))


def rate(entry: Entry, *by: str, where: str = "", window: str = RATE) -> str:
    """How often a second: a counter's growth, or a histogram's observations."""
    return over("sum", by, f"rate({_counted(entry, where)}[{window}])")


def happened(entry: Entry, *by: str, where: str = "", window: str = RATE) -> str:
    """How often within the window. A counter's series begins with its first event, which `increase` does not see: all that a series counts
    which was not there before the window happened within it."""
    counted = _counted(entry, where)
    return over("sum", by, f"({counted} unless {counted} offset {window}) or increase({counted}[{window}])")


def quantile(share: float, entry: BucketsEntry, *by: str, where: str = "", window: str = RATE) -> str:
    """The value that this share of observations does not exceed, as far as the buckets tell; no series where nothing was observed."""
    buckets = f"rate({series(entry, where, '_bucket')}[{window}])"
    return f"histogram_quantile({share:g}, {over('sum', ('le', *by), buckets)}) >= 0"


def over(operation: str, by: tuple[str, ...], what: str) -> str:
    """An aggregation."""
    return f"{operation} by ({', '.join(by)}) ({what})" if by else f"{operation}({what})"


def filled(query: str, values: Mapping[str, str]) -> str:
    """The query with these values in place of Grafana's variables, which are named without their `$`."""
    for name, value in values.items():
        query = query.replace(f"${name}", value)
    return query


def _counted(entry: Entry, where: str) -> str:
    return series(entry, where, "_count" if isinstance(entry, BucketsEntry) else "")
