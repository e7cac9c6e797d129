"""A share of a vendor's limits: charged to both."""

from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.pacing.limit import Limit
from consumer.pacing.share import AtShare
from consumer.pacing.terms import Cost

WHOLE = Limit("vendor/units/a", "units", 100, 10)
CALL = Call("vendor", "read", "GET", "https://vendor.example")


class Units:
    """Keeps `Terms`: every call costs two."""

    patience = None

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        del step, writes
        return {WHOLE: 2}

    def of_call(self, call: Call) -> Cost:
        del call
        return {WHOLE: 2}

    def refused(self, call: Call, answer: Answer) -> Limit | None:
        del call, answer
        return WHOLE

    def used(self, answer: Answer) -> float | None:
        del answer
        return 0.5


SHARED = AtShare(Units(), 0.25)


def test_a_call_costs_as_much_of_its_share_as_of_the_whole() -> None:
    assert SHARED.of_call(CALL) == SHARED.of_step(StepName.CREATE, writes=False)
    own, whole = SHARED.of_call(CALL).items()
    assert whole == (WHOLE, 2)
    assert own == (Limit("vendor/units/a/share", "units", 25, 10), 2)


def test_a_refusal_is_of_the_whole() -> None:
    assert SHARED.refused(CALL, Answer(429)) == WHOLE
    assert SHARED.used(Answer(200)) == 0.5


def test_a_share_is_never_less_than_one_call() -> None:
    (own, _), _ = AtShare(Units(), 0.001).of_call(CALL).items()
    assert own.amount == 1
