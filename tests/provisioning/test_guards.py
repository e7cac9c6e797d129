"""What a job asks the guard for, by what the ledger knows of the accounts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from consumer.events import Provider, ProviderAction, Status, StudentStatusChanged
from consumer.ledger.port.student import Account, AccountState, Desired, Job, Lease
from consumer.policy.guard import Guarded
from consumer.provisioning.guards import guards_of
from consumer.tenants import OnChange, Rule, Tenant
from tests.policy.tenants import student, tenant

NOW = datetime(2026, 9, 1, tzinfo=UTC)
ACCOUNT = Account(Provider.MICROSOFT, "m@x", "m", {}, object_id="o", licences=("sku",))


def following(*licences: str) -> Tenant:
    return tenant(rules=(Rule(licences=licences),)).model_copy(update={"on_change": OnChange.FOLLOW})


def job(action: ProviderAction, account: Account | None = ACCOUNT, *, asked: bool = True) -> Job:
    event = StudentStatusChanged(
        event_id="e",
        occurred_at=NOW,
        tenant_id="athens",
        version=1,
        status=Status(id="registered", name="Registered", type="Registered"),
        student=student(),
    )
    desired = Desired(event, action, (Provider.MICROSOFT,) if asked else (), NOW)
    return Job(
        Lease("athens", "S-1", 1), desired, NOW, 1, accounts={} if account is None else {account.provider: account}
    )


@pytest.mark.parametrize(
    ("action", "state", "takes"),
    [
        (ProviderAction.SUSPEND_ACCOUNT, AccountState.ACTIVE, True),
        (ProviderAction.SUSPEND_ACCOUNT, AccountState.SUSPENDED, False),
        (ProviderAction.DELETE_ACCOUNT, AccountState.SUSPENDED, True),
        (ProviderAction.DELETE_ACCOUNT, AccountState.DELETED, False),
        (ProviderAction.RELEASE_ACCOUNT, AccountState.ACTIVE, True),
        (ProviderAction.RELEASE_ACCOUNT, AccountState.RELEASED, False),
    ],
)
def test_an_event_asks_for_its_own_kind_and_takes_what_the_account_has(
    action: ProviderAction,
    state: AccountState,
    takes: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    asked = guards_of(following()).asked(job(action, replace(ACCOUNT, state=state)))
    assert asked == {Guarded(action.value): takes}


@pytest.mark.parametrize("action", [ProviderAction.CREATE_ACCOUNT, ProviderAction.UPDATE_ACCOUNT])
@pytest.mark.parametrize(
    ("account", "licences", "takes"),
    [
        (ACCOUNT, (), True),
        (ACCOUNT, ("sku",), False),
        (ACCOUNT, ("another",), True),
        (replace(ACCOUNT, licences=()), (), False),
        (replace(ACCOUNT, licences=(), licences_in_doubt=("sku",)), (), True),
        (replace(ACCOUNT, object_id=None), (), False),
        (None, (), False),
    ],
)
def test_one_that_wants_the_account_takes_licences_that_the_rules_give_no_more(
    action: ProviderAction,
    account: Account | None,
    licences: tuple[str, ...],
    takes: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    assert guards_of(following(*licences)).asked(job(action, account))[Guarded.REMOVE_LICENCES] is takes


def test_where_the_rules_are_not_followed_none_are_taken() -> None:
    asked = guards_of(tenant()).asked(job(ProviderAction.UPDATE_ACCOUNT))
    assert asked[Guarded.REMOVE_LICENCES] is False


def test_an_event_that_only_cancels_asks_for_nothing() -> None:
    assert guards_of(following()).asked(job(ProviderAction.SUSPEND_ACCOUNT, asked=False)) == {}
