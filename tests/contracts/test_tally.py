"""What a run of tests says that it has proven."""

from pathlib import Path

from consumer.http.client import USER_AGENT
from sandbox.simulators.journal import Journal, Sent
from tests.contracts.tally import REQUESTS, ROUTES, Tally, invalid, of_the_service


def sent(path: str = "/v1.0/users/1", *, client: str = USER_AGENT, body: str = "", service: str = "graph") -> Sent:
    return Sent(client, service, "graph.users.update", "PATCH", path, body)


def noted(folder: Path, *requests: Sent) -> None:
    journal = Journal(folder / "1.jsonl")
    for one in requests:
        journal.add(one)


def test_requests_of_one_form_are_one(tmp_path: Path) -> None:
    noted(tmp_path, sent(body='{"employeeId": "S1"}'), sent("/v1.0/users/2", body='{"employeeId": "S2"}'))
    assert len(of_the_service(tmp_path)) == 1


def test_requests_with_other_fields_are_of_other_forms(tmp_path: Path) -> None:
    noted(
        tmp_path, sent(body='{"employeeId": "S1"}'), sent(body='{"accountEnabled": false}'), sent("/v1.0/users/1?$x=1")
    )
    assert len(of_the_service(tmp_path)) == 3


def test_only_the_service_s_own_requests_to_vendors_count(tmp_path: Path) -> None:
    noted(tmp_path, sent(client="python-httpx/0.28"), sent(service="registry"), sent(body='{"employeeId": "S1"}'))
    assert [one.body for one in of_the_service(tmp_path)] == ['{"employeeId": "S1"}']


def test_what_the_vendor_does_not_describe_is_invalid() -> None:
    known, unknown_field, unknown_path = (
        sent(body='{"employeeId": "S1"}'),
        sent(body='{"employeeNumber": "S1"}'),
        sent("/v1.0/people/1", body="{}"),
    )
    assert list(invalid([known])) == []
    assert list(invalid([unknown_field])) == ["graph.users.update: PATCH /users/{id}.employeeNumber is not documented"]
    assert list(invalid([unknown_path])) == ["graph.users.update: not described"]


def test_what_is_invalid_is_not_proven() -> None:
    tally = Tally()
    tally.of_requests([sent(), sent()], ["graph.users.update: not described"])
    tally.all[ROUTES], tally.proven[ROUTES] = 3, 3
    assert [line.partition(" r")[0] for line in tally.lines()] == ["1 of 2", "3 of 3"]
    assert tally.all[REQUESTS] == 2
