"""Where tenants overlap. A domain is shared only where both declare it; a directory may be shared, and is pointed out.

A shared directory is safe without a declaration: every account's marker holds its tenant, so neither takes the other's accounts. A domain
below another is not an overlap.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from consumer.configuration.document import Document, Place, dotted
from consumer.configuration.mistakes import Mistake
from consumer.tenants import Tenant

_Read = tuple[Tenant, Document]
_DOMAIN: Place = ("addresses", "domain")
_OWN_CUSTOMER = "my_customer"


def undeclared(tenants: Sequence[_Read], *, known: Collection[str]) -> Iterator[Mistake]:
    """A mistake for each tenant that does not declare with whom it shares its domain, or declares what is not so.

    `known` are the ids of all tenants, also of those whose files cannot be read.
    """
    domains = {tenant.id: tenant.addresses.domain for tenant, _ in tenants}
    users: defaultdict[str, list[_Read]] = defaultdict(list)
    for one in tenants:
        users[one[0].addresses.domain].append(one)
    for tenant, document in tenants:
        line = document.line(_DOMAIN)
        for other, of_other in users[tenant.addresses.domain]:
            if other is tenant or other.id in tenant.addresses.shared_with:
                continue
            wrong = f"is the domain of `{other.id}` too ({_where(of_other, _DOMAIN)})"
            right = (
                f"If both shall use it, name `{other.id}` in `addresses.shared_with` here, and `{tenant.id}` there; "
                "else correct the domain."
            )
            yield Mistake(document.file, line, dotted(_DOMAIN), wrong, right)
        for number, ident in enumerate(tenant.addresses.shared_with):
            place = ("addresses", "shared_with", number)
            if wrong := _untrue(tenant, ident, domains, known):
                yield Mistake(document.file, document.line(place), dotted(place), wrong, "Remove or correct it.")


def _untrue(tenant: Tenant, ident: str, domains: dict[str, str], known: Collection[str]) -> str | None:
    if ident == tenant.id:
        return "names the tenant itself"
    if ident not in known:
        return f"names `{ident}`, and there is no such tenant"
    if ident in domains and domains[ident] != tenant.addresses.domain:
        return f"names `{ident}`, whose domain is another"
    return None


def notices(tenants: Sequence[_Read]) -> Iterator[str]:
    """What is allowed and worth a look, such as after a file was copied: a sentence for each directory or domain that is shared."""
    shared: defaultdict[tuple[str, str], list[tuple[Tenant, Document, Place]]] = defaultdict(list)
    for tenant, document in tenants:
        for kind, key, place in _places(tenant):
            shared[kind, key].append((tenant, document, place))
    for (kind, _), sharing in shared.items():
        if len(sharing) > 1:
            names = " and ".join(f"`{tenant.id}` ({_where(document, place)})" for tenant, document, place in sharing)
            yield f"{names} share one {kind}."


def _places(tenant: Tenant) -> Iterator[tuple[str, str, Place]]:
    yield "domain", tenant.addresses.domain, _DOMAIN
    if tenant.microsoft:
        yield "Entra directory", tenant.microsoft.tenant_id.lower(), ("microsoft", "tenant_id")
    if tenant.google and tenant.google.customer_id != _OWN_CUSTOMER:
        yield "Workspace customer", tenant.google.customer_id, ("google", "customer_id")
    elif tenant.google:
        # The administrator's own customer: a domain belongs to one customer only.
        domain = tenant.google.admin_subject.rpartition("@")[2].rstrip("> ").lower()
        yield "Workspace customer", f"of {domain}", ("google", "admin_subject")


def _where(document: Document, place: Place) -> str:
    return f"{document.file}:{document.line(place)}"
