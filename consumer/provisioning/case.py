"""One student at one provider, under one lease: everything that the steps share.

One module, however long: the steps ask all of it of one object.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from consumer.errors import GiveUp, Reason
from consumer.events import Provider, ProviderAction, StepName, Student
from consumer.ledger.port.student import Account, AccountState, Job, SealedCredential, Step, StepState, Wait
from consumer.ledger.vault import Context
from consumer.policy.marker import marker
from consumer.policy.renaming import is_to_be_renamed
from consumer.providers.names import licence_service
from consumer.providers.port import Directory
from consumer.provisioning.effects import Effects
from consumer.provisioning.institution import Institution
from consumer.provisioning.tools import Tools
from consumer.tenants import OnChange, Tenant

PATIENCE = 8
"""Tries in a row after which what may pass by itself, such as replicas that lag, is taken for something that a person must look at."""


_PARTS = (
    StepName.LICENCES,
    StepName.GROUPS,
    StepName.ADMIN_UNIT,
    StepName.SESSIONS,
    StepName.UNIT,
    StepName.RENAME,
    StepName.PROFILE,
)
"""Steps that a version is reported without, where they must wait for a person."""


BLOCKED = {AccountState.SUSPENDED, AccountState.DELETED}
"""Accounts whose sign-in this service has blocked, or begun to."""
GIVEN_UP = {AccountState.DELETED, AccountState.RELEASED}
"""Accounts that are not there any more, or not ours."""


class Case:
    """The student's job at `provider`.

    `others` are the same student's cases at the tenant's other providers. `asked_for`: this job requested a
    creation that was not refused; `created_now`: and the answer came. `incomplete`: a part is missing that the report does not wait for.
    """

    def __init__(
        self,
        job: Job,
        institution: Institution,
        provider: Provider,
        effects: Effects,
        tools: Tools,
    ) -> None:
        self.job = job
        self.institution = institution
        self.provider = provider
        self.effects = effects
        self.tools = tools
        self.others: Sequence[Case] = ()
        self.incomplete = False
        self.asked_for = False
        self.created_now = False
        self._assumed: tuple[Account | None, Account] | None = None

    @property
    def account(self) -> Account | None:
        """What the ledger has of the account, and what has been assumed of it since."""
        written = self.effects.known.accounts.get(self.provider)
        if self._assumed is not None and self._assumed[0] is written:
            return self._assumed[1]
        return written

    @property
    def standing(self) -> Account | None:
        """The account where it is known to exist, and is ours."""
        account = self.account
        there = account is not None and account.object_id is not None and account.state not in GIVEN_UP
        return account if there else None

    def assume(self, account: Account | None) -> None:
        """Uses this account, which is decided or was seen but is not written yet, until one is written. None: what is written."""
        self._assumed = None if account is None else (self.effects.known.accounts.get(self.provider), account)

    @property
    def sealed(self) -> SealedCredential | None:
        """The newest sealed password."""
        return self.effects.known.newest_credential(self.provider)

    @property
    def tenant(self) -> Tenant:
        """The student's institution, as configured."""
        return self.institution.tenant

    @property
    def student(self) -> Student:
        """The person, as the newest event describes them."""
        return self.job.desired.event.student

    @property
    def version(self) -> int:
        """The version that this case brings about."""
        return self.job.desired.event.version

    @property
    def directory(self) -> Directory:
        """The provider's directory of this institution."""
        return self.institution.directories[self.provider]

    @property
    def service(self) -> str:
        """The name under which this provider's waits are kept."""
        return self.provider.value

    @property
    def licence_service(self) -> str:
        """The same for its licences: Google's are given by an API with a limit and waits of its own."""
        return licence_service(self.provider)

    @property
    def took(self) -> float:
        """Seconds since the event was accepted."""
        return (self.now() - self.job.desired.accepted_at).total_seconds()

    @property
    def own_marker(self) -> str:
        """What marks this student's account at this provider."""
        return marker(self.provider, self.job.lease.tenant_id, self.job.lease.student_id)

    @property
    def follows(self) -> bool:
        """Whether an account that exists follows the tenant's rules and the student's names."""
        return self.tenant.on_change is OnChange.FOLLOW

    @property
    def renames(self) -> bool:
        """Whether the account is to have another address, or has got one that the provider may not show yet."""
        account = self.account
        if account is None or account.state in GIVEN_UP:
            return False
        unseen = self.done(StepName.RENAME) and account.announced_version < self.version
        ahead = self.job.renamed_ahead(self.provider)
        return unseen or is_to_be_renamed(self.tenant, self.student, account, renamed_ahead=ahead)

    def step(self, name: StepName) -> Step | None:
        """The newest record of this step, as it stood when the student was claimed."""
        return self.job.steps.get((self.provider, name))

    def done(self, name: StepName) -> bool:
        """Whether this step was carried out for this version, now or under an earlier lease."""
        step = self.effects.known.steps.get((self.provider, name))
        return step is not None and step.state is StepState.DONE and step.version == self.version

    def tried(self, name: StepName) -> bool:
        """Whether this step was begun for this version, whatever became of it."""
        step = self.effects.known.steps.get((self.provider, name))
        return step is not None and step.version == self.version

    @property
    def wants_account(self) -> bool:
        """Whether the newest event wants the student to be able to sign in."""
        return self.job.desired.wants_account

    @property
    def creates_account(self) -> bool:
        """Whether the newest event makes an account where there is none, and restores a deleted one."""
        return self.job.desired.creates_account

    @property
    def blocked_by_us(self) -> bool:
        """Whether a blocked sign-in may be this service's doing."""
        account = self.account
        return (account is not None and account.state in BLOCKED) or self.was_lost(StepName.SUSPEND)

    @property
    def deletes_account(self) -> bool:
        """Whether the newest event wants the account to be deleted, now or later."""
        return self.job.desired.action is ProviderAction.DELETE_ACCOUNT and bool(self.job.desired.providers)

    def uncertain(self, name: StepName) -> bool:
        """Whether an earlier attempt at this step may have been carried out without our knowing."""
        step = self.step(name)
        if step is None:
            return False
        return step.is_open or (step.state is StepState.FAILED and step.unsure)

    def waited(self, name: StepName, reason: Reason) -> int:
        """How many times in a row this version has waited at this step for the same reason."""
        wait = self._wait(name)
        return wait.attempts if wait and wait.reason is reason else 0

    def waits_since(self, name: StepName) -> datetime:
        """From when on this version has waited at this step, for whatever reason; now, where it did not."""
        wait = self._wait(name)
        return wait.since if wait else self.now()

    def has_waited(self, name: StepName) -> timedelta:
        """For how long this version has waited at this step; since it was accepted, where it has not come so far before."""
        first = not self.job.settled and self._wait(name) is None
        return self.now() - (self.job.desired.accepted_at if first else self.waits_since(name))

    def _wait(self, name: StepName) -> Wait | None:
        """Why this version waited at this step when the student was claimed."""
        wait = self.job.waits.get((self.provider, name))
        return wait if wait and wait.version == self.version else None

    def was_lost(self, name: StepName) -> bool:
        """Whether the outcome of any attempt since the account was last verified is unknown, whatever has become of later ones."""
        step = self.step(name)
        return step is not None and (step.unsure or self.uncertain(name))

    @property
    def revisits(self) -> bool:
        """Whether this job looks at the account again because a reconciliation found it changed."""
        account = self.job.accounts.get(self.provider)
        return account is not None and account.revisit

    @property
    def announced_incomplete(self) -> bool:
        """Whether this version was reported while a part was still missing; of a settled one: whether it was reported that a part waits."""
        account = self.effects.known.accounts.get(self.provider)
        if account is None or account.announced_version < self.version:
            return False
        waits = [wait for name in _PARTS if (wait := self._wait(name)) is not None]
        return any(wait.reported for wait in waits) if self.job.settled else account.incomplete

    def may_turn_up(self, name: StepName) -> timedelta | None:
        """How long an earlier attempt with an unknown outcome may still take effect or stay hidden; None if none can."""
        step = self.step(name)
        if step is None or not self.was_lost(name):
            return None
        lost_at = step.started_at if step.state is StepState.STARTED or step.lost_at is None else step.lost_at
        return self.lag_left(lost_at)

    def settles_in(self, name: StepName) -> timedelta | None:
        """As `may_turn_up`, and also how long replicas may not show what an attempt that is known to be done did."""
        step = self.step(name)
        if step is None or (step.state is not StepState.DONE and not self.was_lost(name)):
            return None
        newest = step.started_at if step.lost_at is None else max(step.started_at, step.lost_at)
        return self.lag_left(newest)

    def lag_left(self, at: datetime) -> timedelta | None:
        """What is left of the time in which replicas may hide what was done then, or a lost call be carried out; None if nothing is."""
        left = at + timedelta(seconds=self.tools.verify_after) - self.now()
        return left if left > timedelta(0) else None

    @property
    def keeps_doubts(self) -> bool:
        """Whether what is given may be taken again: then it is kept what an attempt of unknown outcome may have given."""
        return self.follows or self.tenant.suspension.remove_licences

    def profile_unseen(self, account: Account) -> bool:
        """Whether this version has written what the account says of the student, and was not announced since."""
        return self.done(StepName.PROFILE) and account.announced_version < self.version

    def may_lag(self, name: StepName) -> bool:
        """Whether replicas may not show yet what the newest attempt at this step did."""
        step = self.effects.known.steps.get((self.provider, name))
        return step is not None and self.lag_left(step.started_at) is not None

    def to_be_repeated(self, name: StepName) -> bool:
        """Whether what this step gave may be gone: an attempt of unknown outcome may have taken it, or may take it yet.

        Once for a version, and again when the account is verified.
        """
        step = self.step(name)
        given = step is not None and step.state is StepState.DONE and step.version == self.version
        return self.to_be_verified(name) or (self.follows and self.was_lost(name) and not given)

    def to_be_verified(self, name: StepName) -> bool:
        """Whether this job verifies the account, and this step is unsure."""
        step = self.step(name)
        return self.job.settled and step is not None and step.unsure

    def has_failed(self, name: StepName) -> bool:
        """Whether this version has already failed at this step permanently."""
        step = self.step(name)
        return step is not None and step.state is StepState.FAILED and step.version == self.version

    def refuse_if_failed(self, name: StepName) -> None:
        """Raises `GiveUp` again where `has_failed`."""
        step = self.step(name)
        if step and self.has_failed(name):
            raise GiveUp("The provider refused this step for good.", reason=step.reason or Reason.UNEXPECTED_ANSWER)

    def has_password(self, generation: int) -> bool:
        """Whether the password of this generation is still kept."""
        sealed = self.sealed
        return sealed is not None and sealed.generation == generation

    def sealed_for(self, generation: int) -> Context:
        """What a password of this generation is bound to when it is sealed."""
        return Context(self.job.lease.tenant_id, self.job.lease.student_id, self.provider, generation)

    def now(self) -> datetime:
        """The database's time."""
        return self.effects.now()

    def known_account(self) -> Account:
        """The account, from the step on that made it known."""
        if self.account is None:
            raise LookupError("a step ran before the address was reserved")
        return self.account
