import pytest

from consumer.events import Provider, ProviderAction
from consumer.policy.decision import Act, Decision, DecisionTable, Refusal, Refuse, Skip, SkipReason
from consumer.tenants import Outline, UnlistedStatus
from tests.policy.tenants import tenant

TABLE = DecisionTable.of(
    [
        tenant("athens", microsoft=True, google=True),
        tenant("valletta", google=True, microsoft=False, unlisted=UnlistedStatus.SKIP),
    ]
)


def decided(tenant_id: str, status_id: str, *, disabled: bool = False) -> Decision:
    return TABLE.decide(tenant_id, status_id, external_sync_disabled=disabled)


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


def test_a_status_that_does_nothing_says_so_even_without_external_sync() -> None:
    assert decided("athens", "admission", disabled=True) == Skip(SkipReason.NO_ACTION)


def test_a_tenant_whose_file_cannot_be_read_is_not_an_unknown_one() -> None:
    table = DecisionTable.of([tenant("athens")], unreadable=["sparta"])
    assert table.decide("sparta", "registered", external_sync_disabled=False) == Refuse(Refusal.TENANT_UNUSABLE)
    assert table.decide("thebes", "registered", external_sync_disabled=False) == Refuse(Refusal.UNKNOWN_TENANT)


def test_a_tenant_of_which_only_the_outline_is_known_is_decided_as_any() -> None:
    whole = tenant("athens", microsoft=True, google=True)
    outline = Outline.model_validate({**whole.model_dump(mode="json"), "rules": 7, "welcome_email": None})
    for status in ("registered", "admission", "expelled"):
        decisions = [
            DecisionTable.of([one]).decide("athens", status, external_sync_disabled=False) for one in (whole, outline)
        ]
        assert decisions[0] == decisions[1]


def test_an_unknown_tenant_is_refused_even_without_external_sync() -> None:
    assert decided("nowhere", "registered", disabled=True) == Refuse(Refusal.UNKNOWN_TENANT)


def test_deciding_hands_out_decisions_that_exist_already() -> None:
    assert decided("athens", "registered") is decided("athens", "registered")
    assert decided("nowhere", "registered") is decided("nirgends", "registered")
