"""Fair shares of the free slots, over tenants that have work."""

from collections.abc import Mapping
from datetime import UTC, datetime

from consumer.ledger.port.work import Backlog, Due
from consumer.policy.work_class import WorkClass
from consumer.provisioning.scheduler import Scheduler, Share
from consumer.provisioning.slots import Slots

URGENT, NORMAL = WorkClass
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
    of.claimed(of.room(Slots(8), 0), [("a", NORMAL), *[("b", NORMAL)] * 4])
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


class InLine:
    """How many students wait for a vendor's limit, by the class of their work."""

    def __init__(self, urgent: int = 0, others: int = 0) -> None:
        self._counts = {URGENT: urgent, NORMAL: others}

    def __call__(self, _tenant: str, work_class: WorkClass) -> int:
        return self._counts[work_class]


def with_urgent_work(limit: int, *, in_work: int = 0, in_line: InLine | None = None, urgent: bool = True) -> Scheduler:
    of = Scheduler({"a": Share(limit)}, overdue=900, in_line=in_line or InLine())
    of.saw(Due(AT, {"a": Backlog(0, urgent=urgent)}), 0, everything=True)
    for _ in range(in_work):
        of.started("a")
    return of


def test_of_the_places_of_a_tenant_a_quarter_is_for_work_that_is_not_urgent() -> None:
    assert with_urgent_work(16).room(Slots(8), 0)["a"].others == 2


def test_where_places_become_free_one_by_one_every_fourth_is_for_work_that_is_not_urgent() -> None:
    of, others = with_urgent_work(16), list[int]()
    for _ in range(8):
        room = of.room(Slots(1), 0)
        others.append(room["a"].others)
        of.claimed(room, [("a", NORMAL if room["a"].others else URGENT)])
    assert others == [0, 0, 0, 1, 0, 0, 0, 1]


def test_a_place_that_no_other_work_took_is_offered_to_it_again() -> None:
    of = with_urgent_work(16)
    for _ in range(9):
        of.claimed(of.room(Slots(1), 0), [("a", URGENT)])
    assert of.room(Slots(1), 0)["a"].others == 1


def test_students_who_wait_in_line_take_no_place_from_urgent_work() -> None:
    of = with_urgent_work(4, in_work=4, in_line=InLine(others=3))
    room = of.room(Slots(8), 0)["a"]
    assert (room.places, room.classes) == (3, {URGENT})


def test_students_who_are_being_worked_keep_their_places() -> None:
    assert with_urgent_work(4, in_work=4).room(Slots(8), 0) == {}


def test_urgent_work_that_waits_in_line_keeps_its_places() -> None:
    assert with_urgent_work(4, in_work=4, in_line=InLine(urgent=4)).room(Slots(8), 0) == {}


def test_where_many_wait_in_line_only_urgent_work_is_claimed() -> None:
    room = with_urgent_work(16, in_work=8, in_line=InLine(others=8)).room(Slots(8), 0)["a"]
    assert (room.places, room.others, room.classes) == (8, 0, {URGENT})


def test_where_many_wait_in_line_nothing_is_claimed_of_a_tenant_without_urgent_work() -> None:
    of = with_urgent_work(16, in_work=8, in_line=InLine(others=8), urgent=False)
    assert of.room(Slots(8), 0) == {}


def test_where_much_urgent_work_waits_in_line_only_other_work_is_claimed() -> None:
    room = with_urgent_work(16, in_work=8, in_line=InLine(urgent=8)).room(Slots(8), 0)["a"]
    assert room.classes == {NORMAL}


def test_a_tenant_had_no_more_urgent_work_where_less_was_claimed_than_asked_for() -> None:
    of = with_urgent_work(4, in_work=4, in_line=InLine(others=3))
    of.claimed(of.room(Slots(8), 0), [("a", URGENT)])
    assert of.room(Slots(8), 0) == {}
