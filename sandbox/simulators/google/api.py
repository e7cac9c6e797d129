"""Google's APIs over any number of customers: who asks, may they, what is answered. No HTTP in here."""

from collections.abc import Callable, Collection, Iterable

from sandbox.simulators.google import refusals
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.federation import Federation
from sandbox.simulators.google.fields import partial
from sandbox.simulators.google.licensing import LICENSING_OPERATIONS
from sandbox.simulators.google.members import MEMBER_OPERATIONS
from sandbox.simulators.google.operation import Call, Operation, Reply
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.quota import Quota
from sandbox.simulators.google.structure import STRUCTURE_OPERATIONS
from sandbox.simulators.google.tokens import Grant, TokenIssuer
from sandbox.simulators.google.users import USER_OPERATIONS

OPERATIONS = (*USER_OPERATIONS, *MEMBER_OPERATIONS, *STRUCTURE_OPERATIONS, *LICENSING_OPERATIONS)


class DirectoryApi:
    """Every customer, and the tokens with which service accounts act for them. Unix seconds come from `clock`."""

    def __init__(self, *, clock: Callable[[], float], quirks: GoogleQuirks | None = None) -> None:
        self.quirks = quirks or GoogleQuirks()
        self._clock = clock
        self._quota = Quota(self.quirks, clock=clock)
        self.customers: list[Customer] = []
        self.tokens = TokenIssuer(
            clock=clock, delegated=self._delegated, unauthorized_status=self.quirks.unauthorized_client_status
        )
        self.federation = Federation(self.tokens, clock=clock)

    def add_customer(self, customer_id: str, domains: Iterable[str], *, user_limit: int | None = None) -> Customer:
        """A customer (its id begins with C) whose addresses end in `domains`; no two customers share one."""
        customer = Customer(customer_id, domains, clock=self._clock, quirks=self.quirks, user_limit=user_limit)
        self.customers.append(customer)
        return customer

    def customer_of(self, address: str) -> Customer | None:
        """The customer that owns the address's domain."""
        domain = address.rpartition("@")[2].lower()
        return next((customer for customer in self.customers if domain in customer.domains), None)

    def authorise(self, authorization: str | None) -> Grant:
        """Whom the call acts for. Raises `Refusal` (401)."""
        grant = self.tokens.grant(authorization)
        if grant is None:
            raise refusals.unauthenticated()
        return grant

    def answer(self, operation: Operation, call: Call, grant: Grant) -> Reply:
        """Carries the call out. Raises `Refusal`."""
        self._charge(operation, grant)
        if not operation.scopes & grant.scopes:
            raise refusals.insufficient_scopes()
        customer = self.customer_of(grant.subject)
        administrator = customer.holder(grant.subject) if customer else None
        if customer is None or administrator is None or administrator.suspended:
            raise refusals.unauthenticated()
        if not (administrator.is_admin or administrator.is_delegated_admin):
            raise refusals.forbidden()
        if operation.name == "directory.users.insert":
            self._quota.charge_creation(call.body)
        elif operation.name == "directory.orgunits.insert":
            self._quota.charge_org_unit(customer.customer_id)
        reply = operation.run(customer, call)
        return reply if reply.body is None else Reply(reply.status, partial(dict(reply.body), call.query.get("fields")))

    def _charge(self, operation: Operation, grant: Grant) -> None:
        if operation.name.startswith("licensing."):
            self._quota.charge_licence(grant)
        else:
            self._quota.charge(grant)

    def _delegated(self, subject: str, service_account: str) -> Collection[str] | None:
        customer = self.customer_of(subject)
        if customer is None or customer.holder(subject) is None:
            return None
        return customer.delegations.get(service_account, frozenset())
