"""The plan: which steps are missing between what is known of an account and what the student's newest event asks for.

Every step looks again before it acts, so a plan may name one that turns out to be done already; it never leaves one out. An action without
a plan does not get past the type checker.

One module, however long: what is known, and the plan of each action, are read together.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from consumer.events import ProviderAction, StepName
from consumer.policy.rules import ROOT, Grant, Withdrawal


class PlannedStep(StrEnum):
    """A step of a plan; `consumer.provisioning.steps` has a module for each."""

    CANCEL = "cancel"
    RECLAIM = "reclaim"
    VERIFY = "verify"
    REVISIT = "revisit"
    FIND = "find"
    ADDRESS = "address"
    CREATE = "create"
    MARK = "mark"
    SUSPEND = "suspend"
    UNIT = "unit"
    REACTIVATE = "reactivate"
    NEXT_ADDRESS = "next_address"
    RENAME = "rename"
    PROFILE = "profile"
    MOVE = "move"
    LICENCES = "licences"
    GROUPS = "groups"
    ADMIN_UNIT = "admin_unit"
    SESSIONS = "sessions"
    TAKE_LICENCES = "take_licences"
    LEAVE_GROUPS = "leave_groups"
    LEAVE_ADMIN_UNIT = "leave_admin_unit"
    SCHEDULE = "schedule"
    NOTICE = "notice"
    DELETE = "delete"
    RELEASE = "release"
    ANNOUNCE = "announce"
    REPORT = "report"
    WELCOME = "welcome"


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What the ledger knows of a student's account at one provider. The default: nothing yet.

    `exists`: its object id is known. `marked`: it has the current marker, or no marker was decided. `suspended`: we have blocked its
    sign-in, or begun to. `scheduled`: its deletion is, and `expired`: the time for it has come. `unannounced`: that is to be announced by
    now. `deleted`, `released`: we have done so, or begun to. `org_unit`: where it was moved to; `placed`: where we put it last, None where
    there are no units. `describes_student`: what was written to it of the student is what the newest event says. `renames`: its address is
    another name's, and follows the student's, or is about to. `announced_version`: the newest version that downstream was sent.
    `admin_units`: those that we put it into, one but while it changes. `licences_in_doubt`, `groups_in_doubt`, `admin_units_in_doubt`: what
    calls with an unknown outcome may have given besides. `unsure`: steps of which an attempt may still be carried out. `welcomed`: the mail
    was accepted, is not wanted, or failed permanently for this version. `revisit`: a reconciliation found it changed by others.
    """

    exists: bool = False
    marked: bool = True
    suspended: bool = False
    scheduled: bool = False
    expired: bool = False
    unannounced: bool = False
    deleted: bool = False
    released: bool = False
    org_unit: str | None = None
    placed: str | None = None
    describes_student: bool = True
    renames: bool = False
    announced_version: int = -1
    licences: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    admin_units: tuple[str, ...] = ()
    licences_in_doubt: tuple[str, ...] = ()
    groups_in_doubt: tuple[str, ...] = ()
    admin_units_in_doubt: tuple[str, ...] = ()
    unsure: frozenset[StepName] = frozenset()
    welcomed: bool = False
    revisit: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The missing steps in their order.

    `account`: taken at one provider after the other, since the accounts share an address. `grants`: where one of them must wait for a
    person, the account may be reported all the same. `news`: what is sent. `last`: grants that nothing else waits for, not even the news.
    """

    account: tuple[PlannedStep, ...] = ()
    grants: tuple[PlannedStep, ...] = ()
    news: tuple[PlannedStep, ...] = ()
    last: tuple[PlannedStep, ...] = ()

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """All of them."""
        return (*self.account, *self.grants, *self.news, *self.last)


def plan(
    action: ProviderAction | None,
    version: int,
    known: KnownAccount,
    given: Grant,
    withdrawn: Withdrawal,
    *,
    settled: bool,
    follow: bool = False,
    licences_last: bool = False,
) -> Plan:
    """The steps for the event of this version; `action` is None where it only cancels what came before.

    `given` is what the rules give a student who has the account, `withdrawn` what a suspension takes. `settled`: the event has been dealt
    with, and the student is looked at again because a step is unsure, or because a reconciliation asks for it. `follow`: an account that
    exists follows the rules and the student's names (`on_change`). `licences_last`: they are given and taken behind everything else
    (`consumer.policy.rules.licences_last`).
    """
    planned = _plan(action, version, known, given, withdrawn, settled=settled, follow=follow)
    return _with_licences_last(planned) if licences_last else planned


def _plan(
    action: ProviderAction | None,
    version: int,
    known: KnownAccount,
    given: Grant,
    withdrawn: Withdrawal,
    *,
    settled: bool,
    follow: bool,
) -> Plan:
    match action:
        case None:
            return Plan(account=(*_cancelled(known), *_verified(known, settled=settled)))
        case ProviderAction.CREATE_ACCOUNT:
            return _keep_account(version, known, given, settled=settled, create=True, follow=follow)
        case ProviderAction.UPDATE_ACCOUNT:
            return _keep_account(version, known, given, settled=settled, create=False, follow=follow)
        case ProviderAction.SUSPEND_ACCOUNT:
            return _suspend_account(version, known, withdrawn, settled=settled)
        case ProviderAction.DELETE_ACCOUNT:
            return _delete_account(version, known, withdrawn, settled=settled)
        case ProviderAction.RELEASE_ACCOUNT:
            return _release_account(version, known, settled=settled)
        case _:
            assert_never(action)


_LICENCES = frozenset({PlannedStep.LICENCES, PlannedStep.TAKE_LICENCES})


def _with_licences_last(planned: Plan) -> Plan:
    grants, last = (tuple(one for one in planned.grants if (one in _LICENCES) is late) for late in (False, True))
    return replace(planned, grants=grants, last=last)


def _keep_account(
    version: int, known: KnownAccount, given: Grant, *, settled: bool, create: bool, follow: bool
) -> Plan:
    """The account is enabled, has what the rules give, and the student knows of it. Unless `create`, this is so if there is one."""
    gone = known.deleted or StepName.DELETE in known.unsure
    revisited = known.exists and (known.revisit or gone or (not settled and 0 <= known.announced_version < version))
    made = not known.exists or revisited  # people may have deleted it
    # An attempt to suspend it may still be carried out, even after a reactivation.
    suspended = known.suspended or StepName.SUSPEND in known.unsure or StepName.REACTIVATE in known.unsure
    renames = known.renames or StepName.RENAME in known.unsure
    account = (
        *_before(known, settled=settled),
        *_when(revisited, PlannedStep.REVISIT),
        *_when(create and made, PlannedStep.ADDRESS, PlannedStep.CREATE),
        *_when(not create and not known.exists, PlannedStep.FIND),
        *_when(not known.marked, PlannedStep.MARK),
        *_when(known.revisit or (suspended and known.org_unit is not None), PlannedStep.UNIT),
        *_when(suspended, PlannedStep.REACTIVATE),
        *_when(renames, PlannedStep.NEXT_ADDRESS),
    )
    # What was taken by an attempt that may still be carried out is given again; where none is taken, this is not needed.
    unsure: frozenset[StepName] = known.unsure if settled or follow else frozenset()
    licences = made or StepName.LICENCES in unsure or not set(given.licences) <= set(known.licences)
    groups = made or StepName.GROUPS in unsure or not set(given.groups) <= set(known.groups)
    unit = made or StepName.ADMIN_UNIT in unsure or not set(given.admin_units) <= set(known.admin_units)
    grants = (
        # Before the names are written: a rename is due where those written last differ from the student's.
        *_when(renames, PlannedStep.RENAME),
        # An account may yet be made with what an earlier event said, as long as an attempt of then may be carried out.
        *(_changed(known, given, revisited=revisited) if follow else ()),
        *_when(bool(given.licences) and licences, PlannedStep.LICENCES),
        *_when(bool(given.groups) and groups, PlannedStep.GROUPS),
        *_when(bool(given.admin_units) and unit, PlannedStep.ADMIN_UNIT),
        *(_surplus(known, given, revisited=revisited) if follow else ()),
    )
    news = (
        *_when(known.announced_version < version, PlannedStep.ANNOUNCE),
        *_when(not known.welcomed or gone, PlannedStep.WELCOME),
    )
    return Plan(account, grants, news)


def _changed(known: KnownAccount, given: Grant, *, revisited: bool) -> tuple[PlannedStep, ...]:
    """What the account says of the student, and where it is placed, where that may be different from what the newest event wants."""
    moves = known.placed != (given.org_unit or ROOT) or StepName.UNIT in known.unsure
    return (
        *_when(revisited or not known.describes_student or StepName.PROFILE in known.unsure, PlannedStep.PROFILE),
        *_when(known.placed is not None and (revisited or moves), PlannedStep.MOVE),
    )


def _surplus(known: KnownAccount, given: Grant, *, revisited: bool) -> tuple[PlannedStep, ...]:
    """What this service gave, and the rules do not give any more. An account that is restored comes back with what it had."""
    licences, groups = {*known.licences, *known.licences_in_doubt}, {*known.groups, *known.groups_in_doubt}
    units = {*known.admin_units, *known.admin_units_in_doubt}
    return (
        *_when(bool(licences - set(given.licences)) or (revisited and bool(licences)), PlannedStep.TAKE_LICENCES),
        *_when(bool(groups - set(given.groups)) or (revisited and bool(groups)), PlannedStep.LEAVE_GROUPS),
        *_when(bool(units - set(given.admin_units)) or (revisited and bool(units)), PlannedStep.LEAVE_ADMIN_UNIT),
    )


def _suspend_account(version: int, known: KnownAccount, withdrawn: Withdrawal, *, settled: bool) -> Plan:
    """No one can sign in to the account, if there is one. It is blocked first: nothing else may keep it open."""
    account = (
        *_before(known, settled=settled),
        *_when(not known.exists, PlannedStep.FIND),
        PlannedStep.SUSPEND,
    )
    return Plan(account, _withdrawn(withdrawn), _when(known.announced_version < version, PlannedStep.REPORT))


def _withdrawn(withdrawn: Withdrawal) -> tuple[PlannedStep, ...]:
    return (
        *_when(withdrawn.sessions, PlannedStep.SESSIONS),
        *_when(withdrawn.licences, PlannedStep.TAKE_LICENCES),
        *_when(withdrawn.org_unit is not None, PlannedStep.UNIT),
    )


def _delete_account(version: int, known: KnownAccount, withdrawn: Withdrawal, *, settled: bool) -> Plan:
    """The account is suspended, and deleted when the time for it has come, and not before that was reported and announced.

    The announcement is a task of its own: no suspension waits for the mail service.
    """
    reported = known.announced_version >= version
    report = _when(not reported, PlannedStep.REPORT)
    notice = _when(known.unannounced and reported and not known.deleted, PlannedStep.NOTICE)
    if known.deleted or (known.expired and reported):
        return Plan((*_reclaimed(known), *notice, PlannedStep.DELETE, *_verified(known, settled=settled)), news=report)
    if settled and notice and not known.unsure and not known.revisit:
        return Plan(news=notice)
    account = (
        *_reclaimed(known),
        *_verified(known, settled=settled),
        *_when(not known.exists, PlannedStep.FIND),
        PlannedStep.SUSPEND,
        *_when(not settled or not known.scheduled, PlannedStep.SCHEDULE),
    )
    return Plan(account, _withdrawn(withdrawn), (*report, *notice))


def _release_account(version: int, known: KnownAccount, *, settled: bool) -> Plan:
    """The account is the institution's. From then on nothing is written to it: an attempt of before is not made up for."""
    report = _when(known.announced_version < version, PlannedStep.REPORT)
    account = (
        *_cancelled(known),
        *_verified(known, settled=settled),
        *_when(not known.exists, PlannedStep.FIND),
        *_when(not known.released or bool(report) or StepName.RELEASE in known.unsure, PlannedStep.RELEASE),
    )
    return Plan(account, news=report)


def _before(known: KnownAccount, *, settled: bool) -> tuple[PlannedStep, ...]:
    """What comes before anything else that is done with an account that is neither to be deleted nor released."""
    return (*_cancelled(known), *_reclaimed(known), *_verified(known, settled=settled))


def _reclaimed(known: KnownAccount) -> tuple[PlannedStep, ...]:
    return _when(known.released, PlannedStep.RECLAIM)


def _cancelled(known: KnownAccount) -> tuple[PlannedStep, ...]:
    return _when(known.scheduled or known.deleted or StepName.DELETE in known.unsure, PlannedStep.CANCEL)


def _verified(known: KnownAccount, *, settled: bool) -> tuple[PlannedStep, ...]:
    return _when(settled and bool(known.unsure), PlannedStep.VERIFY)


def _when(missing: bool, *steps: PlannedStep) -> tuple[PlannedStep, ...]:  # noqa: FBT001  reads as a condition
    return steps if missing else ()
