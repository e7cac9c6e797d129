"""Calls at the same time: all are waited for, and the fault that is raised is the one that counts."""

import pytest

from consumer.errors import Fault, Hold, Reason, Throttled
from consumer.providers.together import together


async def answer(value: int) -> int:
    return value


async def fails(fault: Exception) -> int:
    raise fault


async def test_the_answers_come_in_the_order_of_the_calls() -> None:
    assert await together(answer(1), answer(2)) == [1, 2]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("lesser", "greater"),
    [
        (Throttled("Later.", after=10), Throttled("Later.", after=30)),
        (Throttled("Later.", after=None), Throttled("Later.", after=1)),
        (Throttled("Later.", after=30), Hold("Act.", reason=Reason.CONSENT_MISSING)),
    ],
)
async def test_the_longest_wait_counts_and_what_no_wait_ends_counts_more(
    lesser: Fault, greater: Fault, *, turned: bool
) -> None:
    faults = (greater, lesser) if turned else (lesser, greater)
    with pytest.raises(type(greater)) as raised:
        await together(answer(1), *map(fails, faults))
    assert raised.value is greater


async def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        await together(answer(1), fails(ZeroDivisionError()))
