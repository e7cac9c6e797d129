"""However many tenants there are, and whatever waits: at most so many series, and none is lost in the sum."""

from consumer.errors import Reason
from consumer.ledger.port.overview import Tally
from consumer.maintenance import certificates
from consumer.maintenance.series import MOST, OTHER, Tallies, Waits, folded, known
from consumer.observe import labels
from consumer.policy.guard import Guarded

CLASSES = ("urgent", "normal")


def waits(due: Tallies | None = None, held: Tallies | None = None, parked: Tallies | None = None) -> Waits:
    return Waits(due or {}, held or {}, parked or {})


def everything(tenants: int) -> Waits:
    """The worst: each tenant waits in every class, for every reason, with every kind."""

    def of(parts: tuple[str, ...]) -> Tallies:
        return {(f"t{n}", part): Tally(1, float(n)) for n in range(tenants) for part in parts}

    return Waits(of(CLASSES), of(tuple(Reason)), of(tuple(Guarded)))


def series(of: Waits) -> int:
    return 2 * sum(map(len, of.all))


def names(of: Waits) -> set[str]:
    return {tenant for tallies in of.all for tenant, _ in tallies}


def test_a_few_tenants_have_their_own_series() -> None:
    some = waits(due={("a", "normal"): Tally(3, 5.0)}, held={("b", "consent_missing"): Tally(2, 9.0)})
    assert folded(some, tenants=200) == some


def test_200_tenants_with_two_classes_a_hold_and_two_kinds_each_keep_their_names() -> None:
    few = Waits(
        {(f"t{n}", part): Tally(1, 1.0) for n in range(200) for part in CLASSES},
        {(f"t{n}", "consent_missing"): Tally(1, 1.0) for n in range(200)},
        {(f"t{n}", "suspend_account"): Tally(1, 1.0) for n in range(200)},
    )
    shown = folded(few, tenants=200)
    assert len(names(shown) - {OTHER}) == 200
    assert series(shown) <= MOST


def test_200_tenants_stay_within_2000_series_whatever_waits() -> None:
    assert series(folded(everything(200), tenants=200)) <= MOST
    assert MOST + certificates.MOST + 1 + len(labels.CERTIFICATE_USE.values) <= 2_000


def test_1000_tenants_stay_within_2000_series_and_the_setting() -> None:
    many = Waits({(f"t{n}", "normal"): Tally(1, float(n)) for n in range(1_000)}, {}, {})
    shown = folded(many, tenants=200)
    assert names(shown) == {f"t{n}" for n in range(800, 1_000)} | {OTHER}
    assert series(folded(everything(1_000), tenants=1_000)) <= MOST


def test_what_the_others_have_is_added_up_with_the_age_of_the_oldest() -> None:
    due = {("a", "normal"): Tally(1, 9.0), ("b", "normal"): Tally(2, 8.0), ("c", "normal"): Tally(4, 7.0)}
    assert folded(waits(due), tenants=1).due == {("a", "normal"): Tally(1, 9.0), (OTHER, "normal"): Tally(6, 8.0)}


def test_without_room_all_are_added_up() -> None:
    assert names(folded(everything(3), tenants=0)) == {OTHER}


def test_each_kind_of_wait_names_who_has_waited_longest_by_it() -> None:
    mixed = waits(
        due={
            ("quick", "normal"): Tally(1, 2.0),
            ("slow", "normal"): Tally(1, 300.0),
            ("leaver", "urgent"): Tally(1, 20.0),
        },
        held={(f"old{n}", "account_conflict"): Tally(1, 1e6 + n) for n in range(9)},
        parked={("mass", "suspend_account"): Tally(80, 60.0)},
    )
    assert names(folded(mixed, tenants=4)) == {"leaver", "slow", "old8", "mass", OTHER}


def test_a_reason_of_a_newer_version_is_another() -> None:
    found = {("a", "gravity"): Tally(1, 5.0), ("a", "levity"): Tally(2, 3.0), ("a", "throttled"): Tally(1, 1.0)}
    assert known(found, tuple(Reason)) == {("a", OTHER): Tally(3, 5.0), ("a", "throttled"): Tally(1, 1.0)}
