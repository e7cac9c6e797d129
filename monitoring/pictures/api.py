"""Prometheus' HTTP API, as far as pictures need it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

_TIMEOUT = 30.0


class QueryFailed(Exception):
    """Prometheus did not answer the query; the text has the query and what it says."""


@dataclass(frozen=True, slots=True)
class Series:
    """One answer's series: Unix times in seconds, with their values. NaN is a value."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


class PrometheusApi:
    """One server. Blocking; calls raise `QueryFailed`."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT)

    def newest(self, query: str, at: float) -> Sequence[Series]:
        """The values at this time, of each series one. A query that is a number alone has one series without labels."""
        found = self._ask("query", query, time=at)
        if found["resultType"] == "scalar":
            return [Series({}, [_point(found["result"])])]
        return [Series(each["metric"], [_point(each["value"])]) for each in found["result"]]

    def course(self, query: str, start: float, end: float, step: float) -> Sequence[Series]:
        """The values from `start` to `end`, `step` seconds apart."""
        found = self._ask("query_range", query, start=start, end=end, step=step)
        return [Series(each["metric"], [_point(pair) for pair in each["values"]]) for each in found["result"]]

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _ask(self, what: str, query: str, **parameters: float) -> Mapping[str, Any]:
        try:
            response = self._client.post(f"/api/v1/{what}", data={"query": query, **parameters})
            answer: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise QueryFailed(f"{query}: {type(error).__name__}") from error
        if answer["status"] != "success":
            raise QueryFailed(f"{query}: {answer['error']}")
        data: Mapping[str, Any] = answer["data"]
        return data


def _point(pair: Sequence[Any]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])
