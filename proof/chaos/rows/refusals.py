"""Refusals: whom each concerns, until it is put right or what was asked for is corrected."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from consumer.events import AccountProvisioningFailed, Provider
from consumer.policy.marker import marker
from consumer.tenants import Tenant
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import (
    HARBOUR_SCHOOL,
    NORTH_SCHOOL,
    SOUTH_SCHOOL,
    entra,
    first_address,
    of_school,
    place,
    tenant_of,
    workspace,
)
from proof.chaos.rows.injected import met
from proof.chaos.rows.provider import CREATIONS
from proof.chaos.rows.students import listed, people, reasons, settled
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.graph.groups import GroupKind, GroupTraits
from sandbox.simulators.mailgun.account import Domain, DomainState, Key
from sandbox.simulators.vendors import SKU
from sandbox.simulators.world import World

_NORTH, _HARBOUR, _SOUTH = "north-high", "harbour-college", "south-academy"
_CREATE, _INSERT = CREATIONS
_EACH = 4
"""Students of each kind."""

_DENIED = (
    '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}'
)
_NAME_REFUSED_AT_GRAPH = (
    '{"error":{"code":"Request_BadRequest","message":"Invalid value specified for property \'givenName\' of resource \'User\'.",'
    '"details":[{"code":"InvalidValue","target":"givenName","message":"invalid"}]}}'
)
_NAME_REFUSED_AT_GOOGLE = (
    '{"error":{"code":400,"message":"Invalid Given/Family Name: GivenName",'
    '"errors":[{"domain":"global","reason":"invalid","message":"Invalid Given/Family Name: GivenName"}]}}'
)


@BOOK.row(
    72,
    "refusals that concern one group, one licence pool, one look-up",
    expected="who is not concerned finishes meanwhile; put right, the others finish too",
)
async def scoped(experiment: Experiment) -> None:
    directory, stock = entra(experiment, _NORTH), entra(experiment, _SOUTH).stock
    institution = next(one for one in experiment.installation.world.institutions if one.id == _NORTH)
    refusing, missing = institution.guid(NORTH_SCHOOL), institution.guid(SOUTH_SCHOOL)
    members, licences, quirks = directory.groups.pop(missing), stock[SKU], directory.quirks
    directory.traits[refusing] = GroupTraits(GroupKind.ROLE_ASSIGNABLE)
    directory.quirks = replace(quirks, roles_readable=False)
    stock[SKU] = 0
    concerned: dict[str, str] = {}
    for number, (school, reason) in enumerate(
        {NORTH_SCHOOL: "group_refused", SOUTH_SCHOOL: "group_missing", HARBOUR_SCHOOL: "roles_unreadable"}.items()
    ):
        students = [of_school(student, school) for student in people(experiment, _NORTH, _EACH, first=number * _EACH)]
        for student in students if reason == "roles_unreadable" else ():
            mark = marker(Provider.MICROSOFT, _NORTH, student.student_id)
            place(experiment, _NORTH, first_address(experiment, _NORTH, student), mark)
        concerned |= {student.student_id: reason for student in students}
        await experiment.produce([experiment.event(_NORTH, student, 1) for student in students])
    unlicensed = people(experiment, _SOUTH, _EACH)
    concerned |= {student.student_id: "licences_exhausted" for student in unlicensed}
    await experiment.produce([experiment.event(_SOUTH, student, 1) for student in unlicensed])
    await experiment.until("those concerned wait for just that", partial(_wait, experiment, concerned), seconds=60)
    free = [of_school(student, HARBOUR_SCHOOL) for student in people(experiment, _NORTH, 3 * _EACH, first=3 * _EACH)]
    await experiment.produce([experiment.event(_NORTH, student, 1) for student in free])
    idents = [student.student_id for student in free]
    await experiment.until("those not concerned finish", partial(settled, experiment, idents), seconds=30)
    await experiment.until("those concerned still wait", partial(_wait, experiment, concerned), seconds=30)
    for reason, number in Counter(concerned.values()).items():
        experiment.fire(reason, number)
    directory.groups[missing], directory.quirks, stock[SKU] = members, quirks, licences
    del directory.traits[refusing]
    await experiment.until("those concerned finish", partial(settled, experiment, concerned))


async def _wait(experiment: Experiment, wanted: dict[str, str]) -> bool:
    return await reasons(experiment, wanted) == wanted


@BOOK.row(
    73,
    "the whole institution is refused: a federated domain, consent, a sandbox for mail",
    expected="held, published once each; once repaired, all continue by themselves; others are served meanwhile",
)
async def institution_wide(experiment: Experiment) -> None:
    since = len(experiment.calls())
    directory, domain = entra(experiment, _NORTH), tenant_of(experiment, _NORTH).addresses.domain
    mail = _mail_domain(experiment, _HARBOUR)
    directory.federated.add(domain)
    mail.state = DomainState.SANDBOX
    of_south = (f"@{tenant_of(experiment, _SOUTH).addresses.domain}",)
    experiment.faults(FaultRule(route=_CREATE, fault=Answer(status=403, body=_DENIED), containing=of_south))
    held = [
        (tenant, student) for tenant in (_NORTH, _SOUTH, _HARBOUR) for student in people(experiment, tenant, 2 * _EACH)
    ]
    idents = [student.student_id for _, student in held]
    await experiment.produce([experiment.event(tenant, student, 1) for tenant, student in held])
    wanted = {(_NORTH, "microsoft/creations"), (_SOUTH, "microsoft/creations"), (_HARBOUR, "mailgun")}

    async def institutions_wait() -> bool:
        rows = await experiment.installation.watch.rows("SELECT tenant_id, service FROM tenant_wait WHERE held")
        return wanted <= set(rows)

    await experiment.until("each of the three institutions is held", institutions_wait, seconds=60)
    await experiment.sleep()
    experiment.fire("domain federated", sum(call.status == 400 for call in experiment.calls(_CREATE)))
    experiment.fire("consent missing", met(experiment, since))
    experiment.fire(
        "mail domain a sandbox", sum(call.status == 403 for call in experiment.calls("mailgun.messages.send"))
    )
    directory.federated.discard(domain)
    mail.state = DomainState.ACTIVE
    experiment.faults()
    await experiment.until("all continue by themselves", partial(settled, experiment, idents))
    await experiment.quiet()
    published = Counter(
        (one.outcome.student_id, one.outcome.provider, one.outcome.step, one.outcome.reason)
        for one in await experiment.published(idents)
        if isinstance(one.outcome, AccountProvisioningFailed)
    )
    experiment.expect(bool(published), "no refusal was published")
    experiment.expect(all(count == 1 for count in published.values()), "a refusal was published more than once")


def _mail_domain(experiment: Experiment, tenant_id: str) -> Domain:
    section = tenant_of(experiment, tenant_id).mailgun
    assert section is not None  # noqa: S101  every institution of the installation sends mail
    return experiment.installation.world.mail.domain(Key("", "main"), section.domain)


def _misspelt(_world: World, tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """One tenant with an unverified domain, one with a unit that does not exist."""
    north, harbour, south = tenants
    domain = north.addresses.domain.replace("north", "nroth")
    north = north.model_copy(update={"addresses": north.addresses.model_copy(update={"domain": domain})})
    rules = tuple(
        rule.model_copy(update={"org_unit": rule.org_unit and f"{rule.org_unit}-7"}) for rule in harbour.rules
    )
    return north, harbour.model_copy(update={"rules": rules}), south


@BOOK.row(
    74,
    "a name, a domain and a unit are corrected after a definite refusal",
    expected="the correction is what is sent",
    arrange=_misspelt,
)
async def corrected(experiment: Experiment) -> None:
    since = len(experiment.calls())
    named = [
        s.model_copy(update={"given_name": "Rfused", "preferred_name": None}) for s in people(experiment, _SOUTH, _EACH)
    ]
    experiment.faults(
        FaultRule(route=_CREATE, fault=Answer(status=400, body=_NAME_REFUSED_AT_GRAPH), containing=("Rfused",)),
        FaultRule(route=_INSERT, fault=Answer(status=400, body=_NAME_REFUSED_AT_GOOGLE), containing=("Rfused",)),
    )
    others = [(tenant, student) for tenant in (_NORTH, _HARBOUR) for student in people(experiment, tenant, _EACH)]
    await experiment.produce([experiment.event(_SOUTH, student, 1) for student in named])
    await experiment.produce([experiment.event(tenant, student, 1) for tenant, student in others])
    wanted = {student.student_id: _REFUSED_FOR[tenant] for tenant, student in others}
    idents = [student.student_id for student in named]
    failed = f"SELECT count(*) FROM inbox WHERE disposition = 'failed' AND student_id IN ({listed(idents)})"  # noqa: S608  our own ids

    async def refused() -> bool:
        waiting = await reasons(experiment, wanted)
        return (
            set(waiting.values()) == set(wanted.values()) and await experiment.installation.watch.count(failed) == _EACH
        )

    await experiment.until("name, domain and unit are refused", refused, seconds=60)
    experiment.fire("name refused", met(experiment, since))
    experiment.fire("domain refused", sum("nroth" in call.request for call in experiment.calls(_CREATE)))
    experiment.fire(
        "unit refused", sum(call.status == 400 and "-7" in call.request for call in experiment.calls(_INSERT))
    )
    await experiment.produce([experiment.event(_SOUTH, s.model_copy(update={"given_name": "Rosa"}), 2) for s in named])
    await experiment.installation.configure(experiment.installation.ordinary)
    idents += [student.student_id for _, student in others]
    await experiment.until("all have what was corrected", partial(settled, experiment, idents))
    await experiment.loaded()
    await experiment.quiet()
    rows = await experiment.installation.watch.rows(_BODIES.format(listed(idents)))
    wrong = [student for student, body in rows if any(word in str(body) for word in ("Rfused", "nroth", "-7'"))]
    experiment.expect(len(rows) == len(idents) + _EACH, f"{len(rows)} accounts for {len(idents)} students")
    experiment.expect(not wrong, f"{len(wrong)} accounts have what was corrected")
    units = Counter(user.org_unit for user in workspace(experiment, _HARBOUR).users if user.marker)
    experiment.expect(
        not any(unit == "/" or unit.endswith("-7") for unit in units), "an account is in no unit of its own"
    )


_REFUSED_FOR = {_NORTH: "domain_not_verified", _HARBOUR: "org_unit_missing"}
_BODIES = "SELECT student_id, body FROM account WHERE object_id IS NOT NULL AND student_id IN ({})"
