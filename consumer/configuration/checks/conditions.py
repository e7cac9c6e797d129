"""`when`, in `statuses` and `rules`: conditions that match no student, and what they leave undecided."""

from collections import defaultdict
from collections.abc import Iterator

from consumer.configuration.document import Document
from consumer.configuration.mistakes import Mistake
from consumer.configuration.reading import Reading
from consumer.policy.condition import covers
from consumer.tenants import Tenant, UnlistedStatus

_LEFT_OUT = {
    UnlistedStatus.DEAD_LETTER: "the events of other students go to the dead-letter topic (`unlisted_status`)",
    UnlistedStatus.SKIP: "nothing is done for other students (`unlisted_status` is `skip`)",
}


def mistakes(reading: Reading[Tenant], tenant: Tenant) -> Iterator[Mistake]:
    """Each makes a row or a rule as good as absent."""
    right = "List the values that match, or leave the attribute out."
    for key, kind, parts in (("statuses", "row", tenant.statuses), ("rules", "rule", tenant.rules)):
        for number, part in enumerate(parts):
            for name, values in part.when.items():
                if not values:
                    wrong = f"lists no value, so the {kind} never applies"
                    yield from reading.mistake((key, number, "when", name), wrong, right)


def notices(tenant: Tenant, document: Document) -> Iterator[str]:
    """What is allowed, and worth a look: rows behind one for all of their students, and statuses that are not for every student."""
    rows = tenant.statuses
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        alike[row.id].append(number)
    for ident, numbers in alike.items():
        for number in numbers:
            first = next(n for n in numbers if covers(rows[n].when, rows[number].when))
            if first < number:
                what = f"row {number + 1} of `{tenant.id}`'s statuses never decides: row {first + 1} is for all of its students"
                yield f"{_where(document, number)}: {what}."
        if rows[numbers[-1]].when:
            what = (
                f"every row of the status `{ident}` of `{tenant.id}` has a `when`: {_LEFT_OUT[tenant.unlisted_status]}"
            )
            yield f"{_where(document, numbers[-1])}: {what}."


def _where(document: Document, number: int) -> str:
    return f"{document.file}:{document.line(('statuses', number))}"
