"""Which module takes each step of a plan, and under which name the ledger and the outcomes know it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from consumer.events import StepName
from consumer.policy.plan import PlannedStep
from consumer.provisioning.case import Case
from consumer.provisioning.steps.address import ensure_reserved
from consumer.provisioning.steps.announce import ensure_announced
from consumer.provisioning.steps.cancel import ensure_cancelled
from consumer.provisioning.steps.create import ensure_created
from consumer.provisioning.steps.delete import ensure_deleted
from consumer.provisioning.steps.find import ensure_found
from consumer.provisioning.steps.licences import ensure_licences, ensure_licences_taken
from consumer.provisioning.steps.mark import ensure_marked
from consumer.provisioning.steps.memberships import ADMIN_UNITS, GROUPS, ensure_joined, ensure_left
from consumer.provisioning.steps.next_address import ensure_next_address
from consumer.provisioning.steps.notice import ensure_noticed
from consumer.provisioning.steps.profile import ensure_profile
from consumer.provisioning.steps.reactivate import ensure_reactivated
from consumer.provisioning.steps.reclaim import ensure_reclaimed
from consumer.provisioning.steps.release import ensure_released
from consumer.provisioning.steps.rename import ensure_renamed
from consumer.provisioning.steps.report import ensure_reported
from consumer.provisioning.steps.revisit import ensure_revisited
from consumer.provisioning.steps.schedule import ensure_scheduled
from consumer.provisioning.steps.sessions import ensure_sessions_ended
from consumer.provisioning.steps.suspend import ensure_suspended
from consumer.provisioning.steps.unit import ensure_moved, ensure_placed
from consumer.provisioning.steps.verify import ensure_verified
from consumer.provisioning.steps.welcome import ensure_welcomed


@dataclass(frozen=True, slots=True)
class Step:
    """`ensure` returns when nothing of the step is missing, and raises a `Fault` otherwise; `name` is what that fault is reported under."""

    name: StepName
    ensure: Callable[[Case], Awaitable[None]]


STEPS: Mapping[PlannedStep, Step] = {
    PlannedStep.CANCEL: Step(StepName.DELETE, ensure_cancelled),
    PlannedStep.RECLAIM: Step(StepName.RELEASE, ensure_reclaimed),
    PlannedStep.VERIFY: Step(StepName.CREATE, ensure_verified),
    PlannedStep.REVISIT: Step(StepName.CREATE, ensure_revisited),
    PlannedStep.FIND: Step(StepName.CREATE, ensure_found),
    PlannedStep.ADDRESS: Step(StepName.ADDRESS, ensure_reserved),
    PlannedStep.CREATE: Step(StepName.CREATE, ensure_created),
    PlannedStep.MARK: Step(StepName.CREATE, ensure_marked),
    PlannedStep.SUSPEND: Step(StepName.SUSPEND, ensure_suspended),
    PlannedStep.UNIT: Step(StepName.UNIT, ensure_placed),
    PlannedStep.REACTIVATE: Step(StepName.REACTIVATE, ensure_reactivated),
    PlannedStep.NEXT_ADDRESS: Step(StepName.RENAME, ensure_next_address),
    PlannedStep.RENAME: Step(StepName.RENAME, ensure_renamed),
    PlannedStep.PROFILE: Step(StepName.PROFILE, ensure_profile),
    PlannedStep.MOVE: Step(StepName.UNIT, ensure_moved),
    PlannedStep.LICENCES: Step(StepName.LICENCES, ensure_licences),
    PlannedStep.GROUPS: Step(StepName.GROUPS, partial(ensure_joined, GROUPS)),
    PlannedStep.ADMIN_UNIT: Step(StepName.ADMIN_UNIT, partial(ensure_joined, ADMIN_UNITS)),
    PlannedStep.SESSIONS: Step(StepName.SESSIONS, ensure_sessions_ended),
    PlannedStep.TAKE_LICENCES: Step(StepName.LICENCES, ensure_licences_taken),
    PlannedStep.LEAVE_GROUPS: Step(StepName.GROUPS, partial(ensure_left, GROUPS)),
    PlannedStep.LEAVE_ADMIN_UNIT: Step(StepName.ADMIN_UNIT, partial(ensure_left, ADMIN_UNITS)),
    PlannedStep.SCHEDULE: Step(StepName.DELETE, ensure_scheduled),
    PlannedStep.NOTICE: Step(StepName.NOTICE, ensure_noticed),
    PlannedStep.DELETE: Step(StepName.DELETE, ensure_deleted),
    PlannedStep.RELEASE: Step(StepName.RELEASE, ensure_released),
    PlannedStep.ANNOUNCE: Step(StepName.GROUPS, ensure_announced),
    PlannedStep.REPORT: Step(StepName.SUSPEND, ensure_reported),
    PlannedStep.WELCOME: Step(StepName.WELCOME, ensure_welcomed),
}
