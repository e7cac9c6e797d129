"""I28: an address that an account has had is given to no account of another student."""

from collections.abc import Iterator

from proof.checker.index import PROVIDERS, Index, Student, of
from proof.checker.report import Violation
from proof.history import Call, Operation

_GIVES = frozenset({Operation.CREATE, Operation.RENAME})


def kept(index: Index) -> Iterator[Violation]:
    """No run lasts as long as a quarantine. A ledger that has forgotten its reservations is not judged."""
    if index.history.forgot_at is not None:
        return
    had: dict[tuple[str, str], tuple[Student, int]] = {}
    for call in _given(index):
        owner = index.owner_of_call(call)
        if owner is None:
            continue
        first, number = had.setdefault((call.service, call.address or ""), (owner, call.number))
        if first != owner:
            wrong = f"call {call.number} gave it an address that call {number} gave to {of(first)}"
            yield Violation("I28", of(owner, call.service), wrong)


def looked_at(index: Index) -> int:
    """How many addresses calls gave."""
    return sum(1 for _ in _given(index))


def _given(index: Index) -> Iterator[Call]:
    for call in index.history.calls:
        if call.operation in _GIVES and call.effective and call.service in PROVIDERS and call.address:
            yield call
