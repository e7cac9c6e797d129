"""What a tenant's file must not say: rows of the status table that are never reached. And what it need not: a cloud's addresses."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from consumer.configuration.loading import read_tenants
from consumer.tenants import MicrosoftSection, Outline
from tests.configuration.files import Files

ENROLLED = "{id: enrolled, name: Enrolled, type: Registered, provider_action: create_account}"
OTHERS = "{id: enrolled, name: Enrolled, type: Registered}"
SEVENTH = '{id: enrolled, name: Enrolled, type: Registered, when: {grade: ["7"]}}'
EIGHTH = '{id: enrolled, name: Enrolled, type: Registered, when: {grade: ["8"]}, provider_action: create_account}'
GUID = "1babcaad-604b-40ac-a9d7-9fd97c0b779f"
DIRECTORY = {"tenant_id": GUID, "client_id": GUID, "client_secret": "env:SECRET", "usage_location": "GR"}
EMPTY = "{id: enrolled, name: Enrolled, type: Registered, when: {}}"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def with_rows(files: Files, *rows: str) -> int:
    """The example's row `enrolled`, the second of its table, becomes these; returns the line of the first."""
    return files.replace(files.tenant, ENROLLED, "\n  - ".join(rows))


@pytest.mark.parametrize("rows", [(SEVENTH, EIGHTH, OTHERS), (SEVENTH, ENROLLED), (SEVENTH, EMPTY), (SEVENTH, EIGHTH)])
def test_rows_with_one_id_are_allowed_where_all_before_the_last_have_a_condition(
    files: Files, rows: Sequence[str]
) -> None:
    with_rows(files, *rows)
    assert files.messages() == []


@pytest.mark.parametrize("rows", [(ENROLLED, OTHERS), (SEVENTH, ENROLLED, OTHERS), (ENROLLED, EMPTY)])
def test_two_rows_for_every_student_are_a_mistake(files: Files, rows: Sequence[str]) -> None:
    line = with_rows(files, *rows) + len(rows) - 1
    (message,) = files.messages()
    last = len(rows) + 1
    assert f"north-high.yaml:{line}: `statuses.{last}.id` is `enrolled` again, as in row {last - 1}" in message
    assert "Keep one of the two rows, or give the first a `when`." in message


def test_a_row_with_a_condition_behind_the_one_for_every_student_is_a_mistake(files: Files) -> None:
    line = with_rows(files, SEVENTH, OTHERS, EIGHTH) + 2
    (message,) = files.messages()
    assert f"north-high.yaml:{line}: `statuses.4.when` comes after row 3, which has no `when`" in message
    assert "Move this row above that one." in message


def test_a_condition_that_cannot_be_read_makes_no_other_mistake(files: Files) -> None:
    with_rows(files, SEVENTH.replace('{grade: ["7"]}', "seventh"), OTHERS)
    (message,) = files.messages()
    assert "`statuses.2.when` has a value of the wrong kind" in message


def test_a_table_that_contradicts_itself_is_no_status_table(files: Files) -> None:
    with_rows(files, OTHERS, EIGHTH)
    assert read_tenants(files.tenant.parent).broken["north-high"].outline is None


def test_the_outline_of_a_file_with_a_mistake_elsewhere_has_the_conditions(files: Files) -> None:
    with_rows(files, SEVENTH, ENROLLED)
    files.replace(files.tenant, "usage_location: GR", "usage_location: Greece")
    outline = read_tenants(files.tenant.parent).broken["north-high"].outline
    assert outline is not None
    assert [row.when for row in outline.statuses if row.id == "enrolled"] == [{"grade": ("7",)}, {}]


def test_an_outline_says_which_of_its_rows_is_not_reached() -> None:
    row = {"id": "enrolled", "name": "Enrolled", "type": "Registered"}
    data = {"id": "north-high", "statuses": [row, row], "google": {}, "microsoft": {"tenant_id": "x"}}
    with pytest.raises(ValidationError, match=r"statuses\.1\.id is `enrolled` again, as in row 1"):
        Outline.model_validate(data)


@pytest.mark.parametrize(
    ("cloud", "graph", "authority"),
    [
        ("global", "https://graph.microsoft.com", "https://login.microsoftonline.com"),
        ("us_government", "https://graph.microsoft.us", "https://login.microsoftonline.us"),
        ("us_defense", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
        ("china", "https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"),
    ],
)
def test_a_cloud_is_known_by_its_name(cloud: str, graph: str, authority: str) -> None:
    section = MicrosoftSection.model_validate({**DIRECTORY, "cloud": cloud})
    assert (section.graph_url, section.authority_url) == (graph, authority)


def test_an_address_of_one_s_own_comes_before_the_cloud_s() -> None:
    section = MicrosoftSection.model_validate({**DIRECTORY, "cloud": "china", "graph_url": "https://graph.example"})
    assert (section.graph_url, section.authority_url) == (
        "https://graph.example",
        "https://login.partner.microsoftonline.cn",
    )
