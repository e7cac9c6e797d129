import pytest

from consumer.events import Provider, ProviderAction
from consumer.policy.decision import Act, Conditional, Decision, DecisionTable, Refusal, Refuse, Skip, SkipReason
from consumer.tenants import Outline, StatusRow, Tenant, UnlistedStatus
from tests.policy.tenants import tenant

SEVENTH = StatusRow(
    id="promoted",
    name="Promoted",
    type="Registered",
    when={"grade": ("7", "8"), "school": ("north",)},
    provider_action=ProviderAction.CREATE_ACCOUNT,
)
NORTH = StatusRow(id="promoted", name="Promoted", type="Registered", when={"school": ("north",)})
EVERYONE = StatusRow(id="promoted", name="Promoted", type="Registered", provider_action=ProviderAction.CREATE_ACCOUNT)
CREATE = Act(ProviderAction.CREATE_ACCOUNT, (Provider.MICROSOFT,))
NOTHING = Skip(SkipReason.NO_ACTION)


def promoting(*rows: StatusRow, unlisted: UnlistedStatus = UnlistedStatus.DEAD_LETTER) -> Tenant:
    one = tenant("athens", unlisted=unlisted)
    return one.model_copy(update={"statuses": (*one.statuses, *rows)})


TABLE = DecisionTable.of(
    [
        tenant("athens", microsoft=True, google=True),
        tenant("valletta", google=True, microsoft=False, unlisted=UnlistedStatus.SKIP),
    ]
)


def decided(tenant_id: str, status_id: str, *, disabled: bool = False) -> Decision:
    return TABLE.decide(tenant_id, status_id, external_sync_disabled=disabled, attributes={})


def promoted(one: Tenant, *, disabled: bool = False, **attributes: str) -> Decision:
    table = DecisionTable.of([one])
    return table.decide("athens", "promoted", external_sync_disabled=disabled, attributes=attributes)


def test_a_mapped_status_acts_at_every_provider_of_the_tenant() -> None:
    assert decided("athens", "registered") == Act(ProviderAction.CREATE_ACCOUNT, (Provider.MICROSOFT, Provider.GOOGLE))


def test_tenants_do_not_see_each_others_providers() -> None:
    assert decided("valletta", "registered") == Act(ProviderAction.CREATE_ACCOUNT, (Provider.GOOGLE,))


def test_a_listed_status_without_an_action_does_nothing() -> None:
    assert decided("athens", "admission") == Skip(SkipReason.NO_ACTION)


def test_an_unknown_tenant_is_refused() -> None:
    assert decided("nowhere", "registered") == Refuse(Refusal.UNKNOWN_TENANT)


def test_the_tenants_that_are_known_are_those_with_a_file_usable_or_not() -> None:
    table = DecisionTable.of([tenant("athens", microsoft=True)], unreadable=["thebes"])
    assert set(table.tenants) == {"athens", "thebes"}


def test_an_unlisted_status_is_refused_unless_the_tenant_says_skip() -> None:
    assert decided("athens", "unheard-of") == Refuse(Refusal.UNLISTED_STATUS)
    assert decided("valletta", "unheard-of") == Skip(SkipReason.UNLISTED_STATUS)


def test_the_id_is_matched_exactly_and_the_name_never() -> None:
    assert decided("athens", "Registered") == Refuse(Refusal.UNLISTED_STATUS)
    assert decided("athens", " registered") == Refuse(Refusal.UNLISTED_STATUS)


@pytest.mark.parametrize("status_id", ["registered", "unheard-of"])
def test_a_student_without_external_sync_is_neither_acted_on_nor_refused(status_id: str) -> None:
    assert decided("athens", status_id, disabled=True) == Skip(SkipReason.EXTERNAL_SYNC_DISABLED)


def test_a_student_without_external_sync_is_not_suspended_either() -> None:
    leaving = StatusRow(id="left", name="Left", type="Left", provider_action=ProviderAction.SUSPEND_ACCOUNT)
    one = tenant("athens")
    table = DecisionTable.of([one.model_copy(update={"statuses": (*one.statuses, leaving)})])
    decision = table.decide("athens", "left", external_sync_disabled=True, attributes={})
    assert decision == Skip(SkipReason.EXTERNAL_SYNC_DISABLED)


def test_a_status_that_does_nothing_says_so_even_without_external_sync() -> None:
    assert decided("athens", "admission", disabled=True) == Skip(SkipReason.NO_ACTION)


def test_a_tenant_whose_file_cannot_be_read_is_not_an_unknown_one() -> None:
    table = DecisionTable.of([tenant("athens")], unreadable=["sparta"])
    assert table.by_status("sparta", "registered") == Refuse(Refusal.TENANT_UNUSABLE)
    assert table.by_status("thebes", "registered") == Refuse(Refusal.UNKNOWN_TENANT)


def test_a_tenant_of_which_only_the_outline_is_known_is_decided_as_any() -> None:
    whole = promoting(SEVENTH, NORTH)
    outline = Outline.model_validate({**whole.model_dump(mode="json"), "rules": 7, "welcome_email": None})
    for status in ("registered", "admission", "promoted", "expelled"):
        decisions = [DecisionTable.of([one]).by_status("athens", status) for one in (whole, outline)]
        assert decisions[0] == decisions[1]


def test_an_unknown_tenant_is_refused_even_without_external_sync() -> None:
    assert decided("nowhere", "registered", disabled=True) == Refuse(Refusal.UNKNOWN_TENANT)


def test_deciding_hands_out_decisions_that_exist_already() -> None:
    assert decided("athens", "registered") is decided("athens", "registered")
    assert decided("nowhere", "registered") is decided("nirgends", "registered")


def test_of_several_rows_with_one_id_the_first_that_matches_decides() -> None:
    one = promoting(SEVENTH, NORTH, EVERYONE)
    assert promoted(one, school="north", grade="7") == CREATE
    assert promoted(one, school="north", grade="9") == NOTHING
    assert promoted(one, school="south", grade="7") == CREATE
    assert promoted(promoting(NORTH, SEVENTH), school="north", grade="7") == NOTHING


def test_a_student_without_the_attribute_is_decided_by_the_row_without_a_condition() -> None:
    assert promoted(promoting(NORTH, EVERYONE)) == CREATE


@pytest.mark.parametrize(
    ("unlisted", "decision"),
    [
        (UnlistedStatus.DEAD_LETTER, Refuse(Refusal.UNLISTED_STATUS)),
        (UnlistedStatus.SKIP, Skip(SkipReason.UNLISTED_STATUS)),
    ],
)
def test_a_student_whom_no_row_matches_is_decided_as_if_the_status_were_not_listed(
    unlisted: UnlistedStatus, decision: Decision
) -> None:
    assert promoted(promoting(SEVENTH, NORTH, unlisted=unlisted), school="south") == decision


def test_only_a_status_with_conditions_is_not_decided_by_itself() -> None:
    table = DecisionTable.of([promoting(NORTH, EVERYONE)])
    assert table.by_status("athens", "promoted") == Conditional((({"school": ("north",)}, NOTHING),), CREATE)
    assert table.by_status("athens", "registered") == CREATE
    assert DecisionTable.of([promoting(EVERYONE)]).by_status("athens", "promoted") == CREATE


def test_the_rows_of_one_id_need_not_be_together() -> None:
    apart = promoting(NORTH, EVERYONE.model_copy(update={"id": "returned"}), SEVENTH, EVERYONE)
    assert promoted(apart, school="north", grade="7") == NOTHING
    assert promoted(apart, school="south") == CREATE


def test_without_external_sync_attributes_lead_to_no_action_and_no_refusal() -> None:
    disabled = Skip(SkipReason.EXTERNAL_SYNC_DISABLED)
    assert promoted(promoting(NORTH, EVERYONE), disabled=True) == disabled
    assert promoted(promoting(NORTH), disabled=True) == disabled
    assert promoted(promoting(NORTH), disabled=True, school="north") == NOTHING


def test_tenants_with_equal_statuses_keep_their_own_conditions() -> None:
    other = tenant("sparta").model_copy(update={"statuses": (EVERYONE,)})
    table = DecisionTable.of([promoting(NORTH), other])
    decisions = [
        table.decide(ident, "promoted", external_sync_disabled=False, attributes={"school": "north"})
        for ident in ("athens", "sparta")
    ]
    assert decisions == [NOTHING, CREATE]
