"""Fair shares of the free slots, over tenants that have work."""

from collections.abc import Mapping
from datetime import UTC, datetime

from consumer.ledger.port.work import Backlog, Due
from consumer.provisioning.scheduler import Scheduler, Share
from consumer.provisioning.slots import Slots

AT = datetime(2026, 9, 1, tzinfo=UTC)


def due(*tenants: str, oldest: float = 0, **waits: float) -> Due:
    return Due(AT, {tenant: Backlog(oldest, waits) for tenant in tenants})


def scheduler(limit: int = 16, *, tenants: str = "abc", **limits: int) -> Scheduler:
    shares = {tenant: Share(limits.get(tenant, limit), ("microsoft",)) for tenant in tenants}
    return Scheduler(shares, overdue=900)


def with_work(*tenants: str, limit: int = 16, **limits: int) -> Scheduler:
    of = scheduler(limit, tenants="".join(tenants), **limits)
    of.saw(due(*tenants), 0, everything=True)
    return of


def places(of: Scheduler, free: int, now: float = 0) -> Mapping[str, int]:
    return {tenant: room.places for tenant, room in of.room(Slots(free), now).items()}


def test_free_slots_are_shared_out_over_the_tenants_that_have_work() -> None:
    of = scheduler()
    of.saw(due("a", "c"), 0, everything=True)
    assert places(of, 9) == {"a": 5, "c": 4}


def test_no_tenant_gets_more_than_its_own_limit() -> None:
    assert places(with_work("a", limit=2), 9) == {"a": 2}


def test_a_tenant_with_a_higher_limit_gets_a_larger_share() -> None:
    assert places(with_work("a", "b", a=30, b=10), 8) == {"a": 6, "b": 2}


def test_a_tenant_that_has_most_in_work_is_served_last() -> None:
    of = with_work("a", "b")
    for _ in range(4):
        of.started("a")
    assert places(of, 4) == {"b": 4}
    assert places(of, 6) == {"b": 5, "a": 1}


def test_where_there_are_more_tenants_than_slots_they_take_turns() -> None:
    of = with_work(*"abcde")
    assert [*places(of, 2), *places(of, 2), *places(of, 2)] == ["a", "b", "c", "d", "e", "a"]


def test_a_tenant_that_had_fewer_students_than_there_was_room_for_has_no_more_work() -> None:
    of = with_work("a", "b")
    of.claimed(of.room(Slots(8), 0), ["a", "b", "b", "b", "b"])
    assert places(of, 4) == {"b": 4}


def test_a_tenant_at_its_limit_is_ready_again_when_one_of_its_students_ends() -> None:
    of = with_work("a", limit=1)
    of.started("a")
    assert places(of, 4) == {}
    of.ended("a")
    assert places(of, 4) == {"a": 1}


def test_a_tenant_whose_service_waits_is_ready_again_when_the_wait_is_over() -> None:
    of = scheduler()
    of.saw(due("a", microsoft=30), 100, everything=True)
    assert places(of, 4, 129) == {}
    assert of.next_wait_ends() == 130
    assert places(of, 4, 130) == {"a": 4}


def test_a_tenant_one_of_whose_services_can_be_called_is_ready() -> None:
    of = Scheduler({"a": Share(16, ("microsoft", "google"))}, overdue=900)
    of.saw(due("a", microsoft=30), 100, everything=True)
    assert places(of, 4, 100) == {"a": 4}


def test_a_wait_that_was_lifted_ends_with_the_next_look() -> None:
    of = scheduler()
    of.saw(due("a", microsoft=86_400), 0, everything=True)
    of.saw(due("a"), 5, everything=True)
    assert places(of, 4, 5) == {"a": 4}
    assert of.next_wait_ends() is None


def test_a_student_who_must_be_reported_makes_a_waiting_tenant_ready() -> None:
    of = scheduler()
    of.saw(due("a", oldest=900, microsoft=30), 0, everything=True)
    assert of.room(Slots(4), 0)["a"].overdue == 900


def test_a_look_at_everything_forgets_who_has_no_work() -> None:
    of = with_work("a", "b")
    of.saw(due("b"), 5, everything=True)
    assert places(of, 4) == {"b": 4}


def test_a_look_at_what_is_new_forgets_no_one() -> None:
    of = with_work("a")
    of.saw(due(), 5, everything=False)
    assert places(of, 4) == {"a": 4}


def test_a_tenant_that_left_the_configuration_is_not_served() -> None:
    of = scheduler(tenants="a")
    of.saw(due("a", "gone"), 0, everything=True)
    assert places(of, 4) == {"a": 4}


def test_tenants_whose_vendor_is_slow_take_no_slots_of_the_others() -> None:
    of, slots = with_work("a", "b", limit=8), Slots(4)
    for student in range(4):
        of.started("a")
        slots.take(student, "a", 0)
    assert of.room(slots, 2.9) == {}
    room = of.room(slots, 3)
    assert {tenant: one.places for tenant, one in room.items()} == {"b": 4, "a": 4}


def test_a_tenant_that_leaves_is_not_served_any_more() -> None:
    of = with_work("a", "b")
    of.started("b")
    of.reconfigure({"a": Share(16)})
    assert places(of, 4) == {"a": 4}
    of.ended("b")
    assert places(of, 4) == {"a": 4}


def test_a_tenant_that_leaves_while_it_is_full_is_not_served_when_a_student_ends() -> None:
    of = with_work("a", limit=1)
    of.started("a")
    of.reconfigure({})
    of.ended("a")
    assert places(of, 4) == {}


def test_a_tenant_that_leaves_while_its_services_wait_is_not_served_when_the_wait_is_over() -> None:
    of = scheduler()
    of.saw(due("a", microsoft=30), 100, everything=True)
    of.reconfigure({})
    assert of.next_wait_ends() is None
    assert places(of, 4, 130) == {}


def test_a_tenant_that_is_added_is_served_from_the_next_look() -> None:
    of = with_work("a")
    of.reconfigure({"a": Share(16), "d": Share(16)})
    of.saw(due("a", "d"), 1, everything=True)
    assert places(of, 4) == {"a": 2, "d": 2}


def test_a_new_limit_counts_at_once_with_the_students_that_are_in_work() -> None:
    of = with_work("a", limit=2)
    for _ in range(2):
        of.started("a")
    of.reconfigure({"a": Share(3)})
    assert places(of, 9) == {"a": 1}
    of.reconfigure({"a": Share(1)})
    assert places(of, 9) == {}
