"""The year in words and tables, for the page that keeps the latest results."""

from collections.abc import Mapping, Sequence

from bench.year.assumptions import HOUR, Year
from bench.year.capacity import Capacity
from bench.year.record import Record
from bench.year.schools import Size
from bench.year.vendors import allowances
from bench.year.waits import Waits
from consumer.events import Provider

BEGIN, END = "<!-- year: begin -->", "<!-- year: end -->"
_HEADER = (
    "| replicas | small schools | medium | large | rest of the year, all | waiting at most; schools at their vendor's limit "
    "| used in the busiest hour | time in which they waited for |"
)
_MINUTE = 60


def page(year: Year, capacity: Capacity, records: Sequence[Record], shared: Record) -> str:
    """`shared`: with one Entra application for all schools."""
    lines = [
        *(f"- {sentence}" for sentence in year.sentences()),
        "",
        f"Waits from event to account, p50 / p99 / worst, in steps of {year.step} s:",
        "",
        _HEADER,
        "|---|---|---|---|---|---|---|---|",
        *(_line(f"{record.replicas}", record) for record in records),
        _line(f"{shared.replicas}, one Entra application for all", shared),
        "",
        "| limit | accounts a second | reached with |",
        "|---|---|---|",
        *(f"| {what} | {rate:,.0f} | {rate / capacity.accounts:.1f} replicas |" for what, rate in ceilings(capacity)),
        "",
        ledger(year, capacity, records[0]),
    ]
    return "\n".join(lines) + "\n"


def ceilings(capacity: Capacity) -> Sequence[tuple[str, float]]:
    """What the parts that are there once can do, in accounts a second, the narrowest first."""
    application = allowances(Provider.MICROSOFT, one_application=True).common.rate
    rates = {
        "one Entra application for all schools, if it is shared": application,
        f"one database: commits ({capacity.commits:,.0f}/s)": capacity.database_commits,
        f"one database: {capacity.database_cores} cores, {capacity.database_use:.0%} used": capacity.database_processors,
        f"one relay ({capacity.outcomes:,.0f} outcomes/s)": capacity.relay,
    }
    return sorted(rates.items(), key=lambda limit: limit[1])


def ledger(year: Year, capacity: Capacity, record: Record) -> str:
    """How large the ledger is, at most and after the year."""
    by_day = record.accounts_by_day
    events, outcomes = (
        _most_within(year, by_day, round(days)) for days in (capacity.events_kept, capacity.outcomes_kept)
    )
    kept = record.accounts * capacity.ever
    return (
        f"The ledger after the year: {kept / 1e9:.0f} GB of students and accounts, which stay; besides, at most "
        f"{events * capacity.as_events / 1e9:.0f} GB of events and attempts ({capacity.events_kept:.0f} days) and "
        f"{outcomes * capacity.as_outcomes / 1e9:.0f} GB of outcomes ({capacity.outcomes_kept:.0f} days)."
    )


def summary(record: Record) -> str:
    """In a line."""
    intake = Waits.of_all([record.waits[True, size] for size in Size])
    rest = Waits.of_all([record.waits[False, size] for size in Size])
    return f"intake week {_waits(intake)}; rest of the year {_waits(rest)}; {_limited(record)}"


def _line(name: str, record: Record) -> str:
    rest = Waits.of_all([record.waits[False, size] for size in Size])
    used = ", ".join(f"{what} {share:.0%}" for what, share in record.used.items())
    cells = [
        name,
        *(_waits(record.waits[True, size]) for size in Size),
        _waits(rest),
        f"{record.most_waiting:,}; {record.most_at_vendors}",
        used,
        _limited(record),
    ]
    return f"| {' | '.join(cells)} |"


def _limited(record: Record) -> str:
    """For how long in the year anyone waited for what."""
    return ", ".join(f"{what} {shown(seconds)}" for what, seconds in record.limited.items()) or "nothing but vendors"


def _waits(waits: Waits) -> str:
    return " / ".join(shown(seconds) for seconds in (waits.quantile(0.5), waits.quantile(0.99), waits.worst))


def _most_within(year: Year, by_day: Mapping[int, int], days: int) -> int:
    """Accounts made within so many days in a row, at most."""
    return max(sum(by_day.get(day, 0) for day in range(last - days, last + 1)) for last in range(year.days))


def shown(seconds: float) -> str:
    """In the unit that it is said in."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"
