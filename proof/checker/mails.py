"""I4 and I17: passwords, from the call that set them to the mail that carries them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from consumer.events import MailState, StepName, WelcomeEmailStatus
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import StepState
from proof.checker.index import PROVIDERS, Index, Spot, Student, of
from proof.checker.report import Violation
from proof.history import Call, HeldAccount, Operation, PublishedOutcome

_REFUSED = frozenset({*range(400, 500), 503})
"""Answers by which nothing was done."""

_SETS = frozenset({Operation.CREATE, Operation.PASSWORD})

_Secret = tuple[str, str]
"""Tenant and a password's fingerprint."""


def one_that_works(index: Index) -> Iterator[Violation]:
    """I4: at every instant at most one accepted mail opens an account; at rest one does, where that was published.

    A password that the institution has replaced is not sent any more. A ledger that has forgotten a mail may send the same one again, with
    the same password: `forgot_at`.
    """
    yield from _at_every_instant(index)
    yield from _replaced(index)
    if index.history.quiet_at is not None:
        yield from _at_rest(index)


def _at_every_instant(index: Index) -> Iterator[Violation]:
    mails: dict[_Secret, list[int]] = defaultdict(list)
    opens: dict[Spot, _Secret] = {}
    opened: dict[_Secret, set[Spot]] = defaultdict(set)
    reported: set[Spot] = set()
    forgot_at = index.history.forgot_at
    for call in index.history.calls:
        if not call.effective or call.tenant_id is None or call.secret is None:
            continue
        secret = (call.tenant_id, call.secret)
        if call.operation is Operation.SEND:
            if forgot_at is None or call.began < forgot_at or not mails[secret]:
                mails[secret].append(call.number)
        elif call.operation in _SETS and call.object_id is not None:
            spot = (call.tenant_id, call.service, call.object_id)
            if spot in opens:
                opened[opens[spot]].discard(spot)
            opens[spot] = secret
            opened[secret].add(spot)
        for spot in opened[secret] - reported if len(mails[secret]) > 1 else ():
            reported.add(spot)
            yield Violation("I4", _name(index, spot), f"calls {_listed(mails[secret])} sent a password that works")


def _replaced(index: Index) -> Iterator[Violation]:
    """A mail that was begun before, or whose password was found unchanged just before, may still go out within one operation."""
    bounds = index.history.bounds
    sent = [call for call in index.history.calls if call.operation is Operation.SEND and call.effective]
    for spot, held in index.held.items():
        if held.replaced_at is None:
            continue
        ours = {call.secret for call in index.about.get(spot, ()) if call.operation in _SETS and call.effective}
        for call in sent:
            waited = call.began - held.replaced_at
            about_it = (
                call.tenant_id == held.tenant_id and call.address in index.addresses[spot] and call.secret in ours
            )
            if about_it and waited > bounds.operation + bounds.clocks:
                wrong = f"call {call.number} sent a password {waited:.0f} s after the institution had replaced it"
                yield Violation("I4", _name(index, spot), wrong)


def _at_rest(index: Index) -> Iterator[Violation]:
    mails = index.history.mails
    if index.history.forgot_at is not None:
        mails = list({mail.message_id: mail for mail in mails}.values())
    sent = Counter((mail.tenant_id, mail.address, mail.secret) for mail in mails)
    for place, owner in index.owners.items():
        _, provider, _ = place
        states = _states(index.published.get((*owner, provider), ()))
        standing = index.standing.get(place, ())
        for held in standing if len(standing) == 1 else ():  # of several accounts I1 tells
            had = index.addresses[held.tenant_id, provider, held.object_id]
            works = sum(sent[held.tenant_id, address, held.secret] for address in had)
            if MailState.ACCEPTED in states and works != 1 and held.replaced_at is None:
                yield Violation("I4", of(owner, provider), f"a mail was accepted, and {works} mails open the account")
            elif (
                _is_new(index, held)
                and not states
                and held.provider in index.students[owner].providers | index.students[owner].updated
                and _applied(index, owner)
            ):
                yield Violation("I4", of(owner, provider), "an account was made, and there is no word of a mail")


def one_for_a_generation(index: Index) -> Iterator[Violation]:
    """I17: from the first that may have been taken on, no more passwords were sent to a provider for a student than the account had
    generations. A replacement that was always refused opens nothing: it may have expired, or been destroyed with an event that wants no
    account, before the next attempt. A ledger that has forgotten generations is judged from then on.
    """
    sent: dict[tuple[Student, str], dict[str, int]] = defaultdict(dict)
    since = index.history.forgot_at or 0.0
    for call in index.history.calls:
        if call.operation in _SETS and call.secret is not None and call.service in PROVIDERS and call.began >= since:
            owner = index.owner_of_call(call)
            if owner is None:
                continue
            repeats = sent[owner, call.service] and call.operation is not Operation.PASSWORD
            if _may_be_taken(call) or repeats:
                sent[owner, call.service].setdefault(call.secret, call.number)
    generations = _generations(index)
    for (owner, provider), secrets in sent.items():
        allowed = generations.get((*owner, provider), 0) + 1
        if len(secrets) > allowed:
            calls = _listed(secrets.values())
            yield Violation(
                "I17", of(owner, provider), f"{len(secrets)} passwords for {allowed} generations (calls {calls})"
            )


def _may_be_taken(call: Call) -> bool:
    """Whether it was carried out, or may be yet. One that was refused is not, even where the answer was lost."""
    return call.effective or call.status not in _REFUSED


def _generations(index: Index) -> Mapping[tuple[str, str, str], int]:
    """The newest generation of each account; one more where the replacement of a password was begun and is not known to be done."""
    newest: dict[tuple[str, str, str], int] = defaultdict(int)
    for account in index.history.ledger.accounts:
        newest[account.tenant_id, account.student_id, account.provider.value] = account.generation
    for table in ("account", "credential"):
        for change in index.changes.get(table, ()):
            row = change.row
            place = (str(row["tenant_id"]), str(row["student_id"]), str(row["provider"]))
            newest[place] = max(newest[place], int(row.get("generation") or 0))
    for step in index.history.ledger.steps:
        if step.name == StepName.PASSWORD and step.state != StepState.DONE:
            place = (step.tenant_id, step.student_id, step.provider.value)
            account = index.accounts.get(place)
            newest[place] = max(newest[place], account.generation + 1 if account else 1)
    return newest


def _states(published: Iterable[PublishedOutcome]) -> frozenset[MailState]:
    return frozenset(one.outcome.state for one in published if isinstance(one.outcome, WelcomeEmailStatus))


def _is_new(index: Index, held: HeldAccount) -> bool:
    return (held.tenant_id, held.provider.value, held.object_id) in index.made


def _applied(index: Index, owner: Student) -> bool:
    """Whether the newest event is applied: only then is the mail's step over."""
    return any(
        (row := index.inbox.get((one.tenant_id or "", one.event_id or ""))) is not None
        and row.version == index.students[owner].newest
        and row.disposition == Disposition.APPLIED
        for one in index.students[owner].accepted
    )


def _name(index: Index, spot: Spot) -> str:
    owner = index.owner(spot)
    return of(owner, spot[1]) if owner else f"{spot[0]}, object {spot[2]} at {spot[1]}"


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers)
