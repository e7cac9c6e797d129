"""A service level objective, and the alerts on how fast its error budget is spent.

The windows and factors are those of the Site Reliability Workbook, chapter "Alerting on SLOs": 14.4 times the budget's rate for an hour
spends two per cent of a month's budget, 6 times for six hours five, once for three days ten. The short window of each pair ends the alert
soon after the trouble.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitoring.alert import Alert, Severity

_LEAST = 10
"""So many late ones within the long window make an alert. With few students a single one would."""
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
_PAIRS = {
    Severity.PAGE: (("1h", "5m", 14.4), ("6h", "30m", 6.0)),
    Severity.TICKET: (("1d", "2h", 3.0), ("3d", "6h", 1.0)),
}


@dataclass(frozen=True, slots=True)
class Objective:
    """The share `target` of `what` takes at most `within` seconds, by the histogram `metric` with these `labels`.

    `within` is one of the histogram's buckets. `name` is in CamelCase; the alerts are named after it.
    """

    name: str
    what: str
    metric: str
    within: int
    target: float
    labels: str = ""

    @property
    def time(self) -> str:
        """`within`, for people."""
        return f"{self.within} seconds" if self.within % 60 else f"{self.within // 60} minutes"

    def recorded(self, window: str) -> str:
        """The name of the recorded share of late ones within this window."""
        return f"provisioner:{_snake(self.name)}:late_ratio_rate{window}"

    def late_ratio(self, window: str) -> str:
        """PromQL: the share of late ones within this window, over all replicas; no series where there were none at all."""
        return f"1 - sum(rate({self._in_time}[{window}])) / (sum(rate({self._all}[{window}])) > 0)"

    def alerts(self) -> Iterator[Alert]:
        """A page where the budget is spent fast, a ticket where it is spent slowly."""
        budget = 1 - self.target
        for severity, pairs in _PAIRS.items():
            spent = [
                f"({self.recorded(long)} > {factor * budget:.6g} and {self.recorded(short)} > {factor * budget:.6g}"
                f" and {self._late(long)} >= {_LEAST})"
                for long, short, factor in pairs
            ]
            fast = "Slow" if severity is Severity.PAGE else "SlowForLong"
            yield Alert(
                name=f"{self.name}{fast}",
                severity=severity,
                when=" or ".join(spent),
                lasts="2m" if severity is Severity.PAGE else "15m",
                summary=f"{{{{ $value | humanizePercentage }}}} of {self.what} took more than {self.time}; "
                f"the objective is {100 * self.target:g} % in time.",
            )

    def _late(self, window: str) -> str:
        return f"(sum(increase({self._all}[{window}])) - sum(increase({self._in_time}[{window}])))"

    @property
    def _all(self) -> str:
        return f"{self.metric}_count{{{self.labels}}}" if self.labels else f"{self.metric}_count"

    @property
    def _in_time(self) -> str:
        bucket = f'le="{self.within}.0"'
        return f"{self.metric}_bucket{{{f'{self.labels},{bucket}' if self.labels else bucket}}}"


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")
