"""Find: an account that carries the student's marker and that the ledger does not know, before a change that needs one.

Nothing is created and nothing restored: where there is no account, there is nothing to change. A creation whose outcome is unknown may
still turn up; its verification finds the account then, and the change follows. One that was restored a moment ago is waited for.
The guard counts accounts that the ledger knows: what is to be done with one that was found begins anew.
"""

from consumer.errors import NotYet
from consumer.policy.guard import GuardState
from consumer.provisioning.case import Case
from consumer.provisioning.steps.address import refuse_to_leave_behind, reserved
from consumer.provisioning.steps.adopt import our_accounts
from consumer.provisioning.steps.create import adopt_marked
from consumer.provisioning.steps.restore import refuse_while_hidden


async def ensure_found(case: Case) -> None:
    """Returns when `case.account` is the student's live account, if one is shown. Raises `Hold` where it is none that may be taken."""
    if case.standing is not None:
        return
    live = next((one for one in await our_accounts(case) if not one.deleted), None)
    if live is not None:
        await adopt_marked(case, await reserved(case), live)
        if case.job.event_guard is GuardState.FREE:
            raise NotYet("The account was found only now: what is to be done begins anew, for the guard to count it.")
        return
    refuse_while_hidden(case)
    if case.account is not None:
        await refuse_to_leave_behind(case, case.account)
