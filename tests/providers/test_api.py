"""One call behind a token: what is sent, how often, and for how long at most."""

import asyncio
from collections.abc import Sequence

import pytest

from consumer.errors import AddressTaken, Fault, Hold, NotYet, OutcomeUnknown, Reason, Scope, Unavailable
from consumer.http.answer import Answer
from consumer.http.deadline import Deadline
from consumer.providers.api import Api
from consumer.providers.google.answers import fault_of
from consumer.providers.tokens import Fetch, TokenSource
from proof.simulation.clock import Clock, run
from testbed.fakes.http import ScriptedHttp, json_answer

URL = "https://vendor.example/users"
REFUSED = Answer(401)
MISSING = json_answer(
    404, error={"code": 404, "message": "Resource Not Found: userKey", "errors": [{"reason": "notFound"}]}
)


class Tokens:
    """Gives `token-1`, `token-2`, …"""

    def __init__(self) -> None:
        self.given = 0

    def fetch(self) -> tuple[str, float]:
        self.given += 1
        return f"token-{self.given}", 3_600


def api(vendor: ScriptedHttp, tokens: Tokens | None = None, *, token_takes: float = 0) -> Api:
    async def ask(fetch: Fetch) -> tuple[str, float]:
        await asyncio.sleep(token_takes)
        return fetch()

    source = TokenSource((tokens or Tokens()).fetch, run=ask)
    return Api("vendor", "https://vendor.example", http=vendor, tokens=source, classify=fault_of)


async def test_a_call_carries_the_token_and_its_body_as_json() -> None:
    vendor = ScriptedHttp(json_answer(id="1"))
    assert await api(vendor).call("create", "POST", URL, body={"name": "Ġorġ"}, deadline=Deadline(5)) == {"id": "1"}
    (call,) = vendor.calls
    assert (call.service, call.operation, call.writes) == ("vendor", "create", True)
    assert call.headers["Authorization"] == "Bearer token-1"
    assert call.headers["Content-Type"] == "application/json"
    assert call.content == '{"name": "Ġorġ"}'.encode()


async def test_a_read_has_no_body_and_changes_nothing() -> None:
    vendor = ScriptedHttp(json_answer(id="1"))
    await api(vendor).call("read", "GET", URL, deadline=Deadline(5))
    (call,) = vendor.calls
    assert (call.content, call.writes) == (None, False)
    assert "Content-Type" not in call.headers


async def test_a_call_may_have_headers_of_its_own_beside_the_token() -> None:
    vendor = ScriptedHttp(REFUSED, json_answer(id="1"))
    await api(vendor).call("read", "GET", URL, deadline=Deadline(5), headers={"ConsistencyLevel": "eventual"})
    assert [call.headers["ConsistencyLevel"] for call in vendor.calls] == ["eventual"] * 2
    assert vendor.calls[1].headers["Authorization"] == "Bearer token-2"


async def test_a_refusal_is_reported_without_the_words_of_the_request() -> None:
    said = "The name Żofia is taken, as nowak in north, by an operator."
    vendor = ScriptedHttp(json_answer(400, error={"code": 400, "message": said, "errors": [{"reason": "strange"}]}))
    body = {"name": {"givenName": "Żofia"}, "ids": [{"value": "NOWAK"}], "password": "taken"}
    with pytest.raises(Hold) as held:
        await api(vendor).call("create", "POST", f"{URL}/north", body=body, deadline=Deadline(5))
    assert held.value.code == "400 strange: The name … is … as … in … by an operator."


async def test_a_refusal_names_the_call_as_the_vendor_does() -> None:
    request_id = "b0ec2b5d-2c5e-4b7a-9d39-4f1d3f0a2a11"
    refusal = Answer(403, {"request-id": request_id}, b'{"error": {"code": 403, "message": "Forbidden"}}')
    with pytest.raises(Hold) as held:
        await api(ScriptedHttp(refusal)).call("read", "GET", URL, deadline=Deadline(5))
    assert held.value.request_id == request_id


async def test_a_token_is_kept_for_the_next_call() -> None:
    tokens = Tokens()
    one = api(ScriptedHttp(json_answer(id="1"), json_answer(id="1")), tokens)
    for _ in range(2):
        await one.call("read", "GET", URL, deadline=Deadline(5))
    assert tokens.given == 1


async def test_a_refused_token_is_renewed_and_the_call_repeated() -> None:
    vendor = ScriptedHttp(REFUSED, json_answer(id="1"))
    assert await api(vendor).call("create", "POST", URL, body={"a": 1}, deadline=Deadline(5)) == {"id": "1"}
    first, second = vendor.calls
    assert (first.headers["Authorization"], second.headers["Authorization"]) == ("Bearer token-1", "Bearer token-2")
    assert first.content == second.content


async def test_a_token_that_is_refused_twice_holds_the_whole_tenant() -> None:
    vendor = ScriptedHttp(REFUSED, REFUSED)
    with pytest.raises(Hold) as held:
        await api(vendor).call("read", "GET", URL, deadline=Deadline(5))
    assert (held.value.reason, held.value.scope is Scope.TENANT) == (Reason.CREDENTIALS_INVALID, True)
    assert len(vendor.calls) == 2


async def test_what_is_missing_is_none_where_the_caller_wants_that() -> None:
    vendor = ScriptedHttp(MISSING, MISSING)
    assert await api(vendor).call("read", "GET", URL, deadline=Deadline(5), missing_is_none=True) is None
    with pytest.raises(NotYet):
        await api(vendor).call("read", "GET", URL, deadline=Deadline(5))


async def test_a_404_that_the_vendor_did_not_write_does_not_tell_that_something_is_missing() -> None:
    vendor = ScriptedHttp(Answer(404, {}, b"<html>no such host here</html>"))
    with pytest.raises(Unavailable):
        await api(vendor).call("read", "GET", URL, deadline=Deadline(5), missing_is_none=True)


@pytest.mark.parametrize(("method", "fault"), [("GET", Unavailable), ("POST", OutcomeUnknown)])
async def test_an_answer_that_cannot_be_read_is_unknown_only_for_what_may_have_been_changed(
    method: str, fault: type[Fault]
) -> None:
    vendor = ScriptedHttp(Answer(200, {}, b'{"id": "1'))
    with pytest.raises(fault):
        await api(vendor).call("any", method, URL, deadline=Deadline(5))


async def test_what_the_wire_raises_reaches_the_caller_and_nothing_is_sent_again() -> None:
    vendor = ScriptedHttp(OutcomeUnknown("no answer"))
    with pytest.raises(OutcomeUnknown):
        await api(vendor).call("create", "POST", URL, body={}, deadline=Deadline(5))
    assert len(vendor.calls) == 1


async def test_a_call_may_have_meanings_of_its_own() -> None:
    def every_answer_is_a_conflict(
        answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()
    ) -> Fault | None:
        del answer, writes, now, asked
        return AddressTaken()

    with pytest.raises(AddressTaken):
        await api(ScriptedHttp(json_answer(id="1"))).call(
            "create", "POST", URL, deadline=Deadline(5), classify=every_answer_is_a_conflict
        )


@pytest.mark.parametrize(("token_takes", "left"), [(0, 5), (2, 3)])
def test_what_the_token_took_is_gone_for_the_call(token_takes: float, left: float) -> None:
    async def scenario(_: Clock) -> None:
        vendor = ScriptedHttp(json_answer(id="1"))
        await api(vendor, token_takes=token_takes).call("read", "GET", URL, deadline=Deadline(5))
        assert vendor.timeouts == [left]

    run(scenario, start=0)


def test_a_token_that_does_not_come_in_time_keeps_the_call_from_being_sent() -> None:
    async def scenario(clock: Clock) -> None:
        vendor = ScriptedHttp()
        with pytest.raises(Unavailable):
            await api(vendor, token_takes=60).call("create", "POST", URL, body={}, deadline=Deadline(5))
        assert (vendor.calls, clock.time()) == ([], 5)

    run(scenario, start=0)
