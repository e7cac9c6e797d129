"""What Entra's answers mean for a check."""

import pytest

from consumer.http.answer import Answer
from consumer.preflight.judgement import entra
from consumer.preflight.judgement.answers import UNREACHED
from consumer.settings import SecretRef
from consumer.tenants import MicrosoftSection
from testbed.fakes.http import json_answer
from tests.policy.tenants import tenant as a_tenant

DIRECTORY = "1babcaad-604b-40ac-a9d7-9fd97c0b779f"
SECTION = MicrosoftSection(
    tenant_id=DIRECTORY, client_id=DIRECTORY, client_secret=SecretRef("env:SECRET"), usage_location="GR"
)
OURS = json_answer(issuer=f"https://login.microsoftonline.com/{DIRECTORY.upper()}/v2.0")
MANAGED = json_answer(account_type="Managed")


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("AADSTS7000215", "microsoft.client_secret"),
        ("AADSTS7000222", "microsoft.client_secret"),
        ("AADSTS700016", "microsoft.client_id"),
        ("AADSTS700038", "microsoft.client_id"),
        ("AADSTS7000112", "microsoft.client_id"),
        ("AADSTS7000229", "microsoft.client_id"),
        ("AADSTS500011", "microsoft.graph_url"),
        ("AADSTS53003", "microsoft.client_id"),
        ("AADSTS700027", "microsoft"),
        ("AADSTS70021, AADSTS700213", "microsoft"),
        ("AADSTS999", "microsoft"),
        ("invalid_request", "microsoft"),
        (None, "microsoft"),
    ],
)
def test_a_refused_token_concerns_the_key_that_entra_s_number_names(code: str | None, place: str) -> None:
    assert ".".join(map(str, entra.of_refused_token(code).place)) == place


def test_a_number_that_is_not_known_here_can_be_looked_up() -> None:
    assert "error?code=999" in entra.of_refused_token("AADSTS999").right


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (OURS, None),
        (json_answer(400, error="invalid_tenant"), "tenant_id"),
        (Answer(UNREACHED, {}, b"no route"), "authority_url"),
        (Answer(200, {}, b"<html>"), "authority_url"),
        (json_answer(404), "authority_url"),
        (Answer(400, {}, b"<html>"), "authority_url"),
        (json_answer(503), "authority_url"),
    ],
)
def test_the_directory_s_metadata_tells_whether_it_is_entra_and_knows_it(answer: Answer, place: str | None) -> None:
    assert [one.place[-1] for one in entra.of_directory(answer)] == ([place] if place else [])


@pytest.mark.parametrize(
    ("known", "realm", "wrong", "note"),
    [
        (OURS, MANAGED, None, False),
        (OURS, json_answer(account_type="Federated"), "is federated", False),
        (OURS, json_answer(account_type="Unknown"), "could not be checked", True),
        (OURS, Answer(UNREACHED), "could not be checked", True),
        (json_answer(503), MANAGED, "could not be checked", True),
        (json_answer(400, error="invalid_tenant"), json_answer(account_type="Unknown"), "is not verified", False),
        (Answer(400, {}, b"<html>"), MANAGED, "could not be checked", True),
        (
            json_answer(issuer="https://login.microsoftonline.com/another/v2.0"),
            MANAGED,
            "is verified in another",
            False,
        ),
    ],
)
def test_a_domain_is_judged_by_its_directory_and_its_realm(
    known: Answer, realm: Answer, wrong: str | None, *, note: bool
) -> None:
    found = entra.of_domain(known, realm, a_tenant(), SECTION)
    assert [(one.wrong.startswith(wrong or "?"), one.note) for one in found] == ([(True, note)] if wrong else [])
