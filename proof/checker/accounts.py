"""I1, I7 and I8: whose accounts there are, and who writes to them, call by call."""

from collections import defaultdict
from collections.abc import Iterator

from proof.checker.index import PROVIDERS, Index, Spot, of
from proof.checker.report import Violation
from proof.history import WRITES, Call, HeldAccount, Operation

_CHANGES = WRITES - {Operation.CREATE, Operation.SEND, Operation.NOTICE}


def one_each(index: Index) -> Iterator[Violation]:
    """I1: goes through the calls as the vendors dealt with them, and through what hands did in between."""
    walk = _Walk(index)
    for call in index.history.calls:
        walk.hands(until=call.at)
        if call.effective and call.object_id is not None and call.tenant_id is not None and call.service in PROVIDERS:
            walk.call(call, (call.tenant_id, call.service, call.object_id))
    walk.hands(until=float("inf"))
    yield from walk.found


class _Walk:
    """The live accounts of every student at an instant. A student is named by a marker, as the vendor knows none of us."""

    def __init__(self, index: Index) -> None:
        self.found: list[Violation] = []
        self._index = index
        self._live: dict[Spot, dict[str, str]] = defaultdict(dict)
        self._marks: dict[Spot, str] = {}
        self._reported: set[Spot] = set()
        self._hands = sorted(_by_hand(index), key=lambda deed: deed[0])
        self._next = 0

    def hands(self, *, until: float) -> None:
        """Deeds that no call did, up to that time."""
        while self._next < len(self._hands) and self._hands[self._next][0] <= until:
            _, spot, held = self._hands[self._next]
            self._next += 1
            if held is None:
                self._gone(spot)
            elif held.marker is not None:
                self._there(spot, held.marker, "made by hand")

    def call(self, call: Call, spot: Spot) -> None:
        """An effective one."""
        match call.operation:
            case Operation.CREATE | Operation.RESTORE | Operation.MARK:
                if call.marker is not None:
                    self._there(spot, call.marker, f"call {call.number}")
            case Operation.DELETE | Operation.RELEASE:
                self._gone(spot)
            case _:
                pass

    def _there(self, spot: Spot, mark: str, by: str) -> None:
        tenant_id, provider, object_id = spot
        if self._marks.get(spot, mark) != mark:
            self._gone(spot)
        self._marks[spot] = mark
        place = (tenant_id, provider, mark)
        live = self._live[place]
        live[object_id] = by
        owner = self._index.owners.get(place)
        if len(live) > 1 and owner is not None and place not in self._reported:
            self._reported.add(place)
            self.found.append(
                Violation("I1", of(owner, provider), f"{len(live)} accounts at once: {', '.join(live.values())}")
            )

    def _gone(self, spot: Spot) -> None:
        tenant_id, provider, object_id = spot
        if mark := self._marks.get(spot):
            self._live[tenant_id, provider, mark].pop(object_id, None)


def _by_hand(index: Index) -> Iterator[tuple[float, Spot, HeldAccount | None]]:
    for spot, held in index.held.items():
        if spot not in index.made:
            yield held.created_at if held.created_at is not None else float("-inf"), spot, held
        if held.deleted and held.deleted_at is not None:
            yield held.deleted_at, spot, None


def ours_alone(index: Index) -> Iterator[Violation]:
    """I7: a change by a call is of an object that a call made, or that bears a known student's marker; and names it by its id.

    Changes that were refused count too: none should have been requested.
    """
    for call in index.history.calls:
        if call.operation in _CHANGES and call.object_id is not None and call.tenant_id is not None:
            spot = (call.tenant_id, call.service, call.object_id)
            if call.by_name:
                yield Violation(
                    "I7", _object(index, spot), f"call {call.number} ({call.operation}) names it by address"
                )
            elif spot not in index.made and not (call.operation is not Operation.MARK and index.shows_ours(spot, call)):
                yield Violation(
                    "I7", _object(index, spot), f"call {call.number} ({call.operation}) is not ours to make"
                )
    for row in index.history.ledger.accounts:
        spot = (row.tenant_id, row.provider.value, row.object_id or "")
        held = index.held.get(spot)
        if held is not None and spot not in index.made | index.released and held.marker != row.marker:
            owner = (row.tenant_id, row.student_id)
            yield Violation(
                "I7", of(owner, spot[1]), f"the ledger takes object {spot[2]} for theirs, which is unmarked"
            )


def _object(index: Index, spot: Spot) -> str:
    owner = index.owner(spot)
    return of(owner, spot[1]) if owner else f"{spot[0]}, object {spot[2]} at {spot[1]}"


def own_tenant(index: Index) -> Iterator[Violation]:
    """I8: a call bears the credential of the tenant whose directory or mail domain it reaches, about that tenant's own."""
    for call in index.history.calls:
        if call.tenant_id is None:
            continue
        if call.credential_of is not None and call.credential_of != call.tenant_id:
            yield Violation("I8", call.tenant_id, f"call {call.number} bears the credential of {call.credential_of}")
    tenants_of: dict[str, set[str]] = defaultdict(set)
    for tenant_id, address in index.at_address:
        tenants_of[address].add(tenant_id)
    for number, mail in enumerate(index.history.mails):
        if mail.address in tenants_of and mail.tenant_id not in tenants_of[mail.address]:
            yield Violation("I8", mail.tenant_id, f"mail {number} is about an account of another tenant's")
