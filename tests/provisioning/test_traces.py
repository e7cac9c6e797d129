"""One trace, whichever attempt and whichever process it is."""

from testbed.fakes.mishaps import throttled
from testbed.spans import recorded, trace_of
from tests.provisioning.conftest import School

TRACE = "0af7651916cd43dd8448eb211c80319c"
CAME_WITH = f"00-{TRACE}-b7ad6b7169203331-01"


def traces_of_outcomes(school: School) -> set[str]:
    return {dict(row.headers)["traceparent"].decode().split("-")[1] for row in school.ledger.outcomes()}


async def test_each_attempt_is_in_the_trace_of_the_event_and_so_are_its_outcomes(school: School) -> None:
    school.directory.next_calls("create", throttled(5))
    with recorded() as spans:
        school.enrol(traceparent=CAME_WITH)
        await school.work_until_settled()
    assert {trace_of(span) for span in spans.all()} == {TRACE}
    attempts = [span for span in spans.all() if span.name == "provision student"]
    assert [(span.attributes or {})["provisioner.attempt"] for span in attempts][:2] == [1, 2]
    assert traces_of_outcomes(school) == {TRACE}


async def test_a_step_that_fails_says_why_by_a_type(school: School) -> None:
    school.directory.next_calls("create", throttled(5))
    with recorded() as spans:
        school.enrol(traceparent=CAME_WITH)
        await school.work()
    assert [(span.attributes or {}).get("error.type") for span in spans.all() if span.name == "step create"] == [
        "Throttled"
    ]


async def test_without_tracing_outcomes_bear_the_context_that_the_event_came_with(school: School) -> None:
    school.enrol(traceparent=CAME_WITH)
    await school.work_until_settled()
    assert {dict(row.headers)["traceparent"] for row in school.ledger.outcomes()} == {CAME_WITH.encode()}


async def test_no_span_holds_anything_of_a_person(school: School) -> None:
    with recorded() as spans:
        school.enrol(given_name="Maria", family_name="Rossi", traceparent=CAME_WITH)
        await school.work_until_settled()
    texts = "".join(span.to_json() for span in spans.all()).lower()
    assert "step welcome" in texts
    assert not {name for name in ("maria", "rossi", "@") if name in texts}
