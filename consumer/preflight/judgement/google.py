"""What Google shows of one institution. Pure.

Sources: Google's page "Using OAuth 2.0 for server to server applications" (its table of error codes) and GAM's list of token errors; the
Directory API's discovery document; GAM's table of refusals for `users.list` and `members.list` (INVALID_OU_ID, groupKey, domain).
"""

from collections.abc import Sequence
from http import HTTPStatus

from consumer.configuration.document import Place
from consumer.http.answer import Answer
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.answers import UNREACHED, unchecked, unreachable
from consumer.providers.google.envelope import message_of, names_a_rate, reasons_of
from consumer.tenants import OWN_CUSTOMER, GoogleSection, Tenant

DOMAIN_SCOPE = "https://www.googleapis.com/auth/admin.directory.domain.readonly"
"""A scope that only this check uses: whether a domain is verified. Without it the check says that it could not see that."""

CREDENTIAL: Place = ("google", "service_account")
"""Stands for the key that gives the credential, whichever it is."""

_ADMIN: Place = ("google", "admin_subject")
_DOMAIN: Place = ("addresses", "domain")


_NEW_KEY = "Make a new key for the service account in the Google Cloud console, and put it where this reference points."

_NO_USER = Finding(
    _ADMIN, "is not a user of Google Workspace", "Give the address of an administrator that exists and is active."
)
_TOKEN_REFUSALS: Sequence[tuple[str, Finding]] = (
    ("invalid email or user id", _NO_USER),
    ("not a valid email", _NO_USER),
    (
        "invalid jwt signature",
        Finding(CREDENTIAL, "is a key that Google no longer accepts: it was deleted or replaced", _NEW_KEY),
    ),
    ("account not found", Finding(CREDENTIAL, "belongs to a service account that does not exist", _NEW_KEY)),
    (
        "token must be a short-lived token",
        Finding(
            CREDENTIAL, "is rejected: this host's clock is wrong", "Set the clock of this host, for example by NTP."
        ),
    ),
    (
        "disabled_client",
        Finding(CREDENTIAL, "belongs to a service account that is disabled", "Enable it in the Google Cloud console."),
    ),
)


def of_refused_token(code: str | None) -> Finding:
    """Google gave no token, and that for another reason than delegation; `code` is its error and the description."""
    said = (code or "").lower()
    known = next((finding for words, finding in _TOKEN_REFUSALS if words in said), None)
    right = "Compare the service account's key and its delegation with docs/vendors.md."
    return known or Finding(CREDENTIAL, f"is refused an access token ({code or 'no reason given'})", right)


def of_delegation(missing: Sequence[str], asked: Sequence[str], client_id: str | None) -> Sequence[Finding]:
    """Of the scopes that were asked for one by one, those that are not delegated."""
    client = f"client id {client_id}" if client_id else "the service account's client id"
    where = "in the Admin console, under Security, API controls, Domain-wide delegation"
    if len(missing) == len(asked):
        scopes = " and ".join(f"`{scope}`" for scope in asked)
        wrong = "belongs to a service account without domain-wide delegation"
        return [Finding(CREDENTIAL, wrong, f"Delegate {scopes} to {client} {where}.")]
    return [
        Finding(
            CREDENTIAL, f"belongs to a service account that lacks the scope `{scope}`", f"Add it to {client} {where}."
        )
        for scope in missing
    ]


def of_administrator(answer: Answer, section: GoogleSection) -> Sequence[Finding]:
    """A list of the customer's users. Nothing else can be asked where this finds something."""
    if answer.status == UNREACHED:
        return [unreachable(("google", "directory_url"), answer)]
    if answer.status == HTTPStatus.OK:
        return []
    return [_without_access(answer, section) or unchecked(_ADMIN, "the administrator's role", answer)]


def _without_access(answer: Answer, section: GoogleSection) -> Finding | None:
    if _is_off(answer):
        right = "Enable the Admin SDK API in the Google Cloud project of the service account."
        return Finding(CREDENTIAL, "belongs to a project in which the Admin SDK API is off", right)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        right = "Check that this user is active, and an administrator."
        return Finding(_ADMIN, "is not accepted by the Directory API", right)
    if answer.status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} or names_a_rate(
        answer
    ):
        return None
    if section.customer_id != OWN_CUSTOMER:
        wrong = "is not the administrator's own customer, or the administrator may not read users"
        right = "Leave the key out; if that does not help, extend the role of `google.admin_subject`."
        return Finding(("google", "customer_id"), wrong, right)
    right = (
        "Give this user an administrator's role that may manage users and groups of the students' organisational units."
    )
    return Finding(_ADMIN, "may not read users", right)


def of_domain(listed: Answer, shown: Answer | None, tenant: Tenant) -> Sequence[Finding]:
    """A list of the domain's users, and the domain itself; None where its scope is not delegated."""
    domain = tenant.addresses.domain
    right = f"Add and verify `{domain}` in the Admin console, under Account, Domains; or correct it here."
    if names_a_rate(listed):
        return [unchecked(_DOMAIN, "whether it belongs to this Google Workspace", listed)]
    if listed.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST}:
        return [Finding(_DOMAIN, "is not a domain of this Google Workspace", right)]
    if shown is None:
        grant = f"To have it checked, delegate `{DOMAIN_SCOPE}` too (docs/vendors.md)."
        wrong = "could not be checked: whether Google has verified it (the scope is not delegated)"
        return [Finding(_DOMAIN, wrong, grant, note=True)]
    if shown.status == HTTPStatus.OK and shown.json().get("verified") is False:
        return [Finding(_DOMAIN, "is not verified at Google", right)]
    if shown.status != HTTPStatus.OK:
        return [unchecked(_DOMAIN, "whether Google has verified it", shown)]
    return []


def of_org_unit(answer: Answer, place: Place, *, created: bool = False) -> Sequence[Finding]:
    """A list of the unit's users. `created`: the service creates a unit that is missing."""
    missing = Finding(
        place,
        "is not an organisational unit of this Google Workspace",
        "Create it in the Admin console, or correct the path: it begins with `/` and names every unit above.",
    )
    if created:
        missing = Finding(
            place,
            "is not an organisational unit of this Google Workspace yet: it is created for the first account that needs it",
            "Nothing is to be done, unless the path is misspelt.",
            note=True,
        )
    closed = Finding(
        place,
        "is a unit that the administrator may not read",
        "Extend the administrator's role (`google.admin_subject`) to this unit.",
    )
    return _of_list(answer, missing, closed, "the organisational unit")


def of_group(answer: Answer, place: Place) -> Sequence[Finding]:
    """A list of the group's members."""
    missing = Finding(
        place,
        "is not a group of this Google Workspace",
        "Create the group in the Admin console, or correct its address.",
    )
    closed = Finding(
        place,
        "is a group whose members the administrator may not read",
        "Give the administrator (`google.admin_subject`) a role that may manage groups, or use a group of this Workspace.",
    )
    return _of_list(answer, missing, closed, "the group")


def of_licence(answer: Answer, place: Place) -> Sequence[Finding]:
    """A list of those who have the licence. How many are left, Google does not show."""
    if answer.status == UNREACHED:
        return [unreachable(("google", "licensing_url"), answer)]
    if answer.status == HTTPStatus.OK:
        return []
    if answer.status == HTTPStatus.BAD_REQUEST and "sku or product" in message_of(answer):
        right = 'Give product and SKU as Google\'s page "Products and SKU IDs" lists them, such as `101031/1010310008`.'
        return [Finding(place, "is not a licence that Google knows", right)]
    if _is_off(answer):
        right = "Enable the Enterprise License Manager API in the Google Cloud project of the service account."
        return [Finding(CREDENTIAL, "belongs to a project in which the Enterprise License Manager API is off", right)]
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and not names_a_rate(answer):
        right = "Give this user a role with the privilege License Management."
        return [Finding(_ADMIN, "may not manage licences", right)]
    return [unchecked(place, "whether Google knows the licence", answer)]


def _is_off(answer: Answer) -> bool:
    return "accessNotConfigured" in reasons_of(answer) or "has not been used in project" in message_of(answer)


def _of_list(answer: Answer, missing: Finding, closed: Finding, what: str) -> Sequence[Finding]:
    """What was listed, or could not be: it does not exist, is closed to the administrator, or the answer says neither."""
    if answer.status == HTTPStatus.OK:
        return []
    if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
        return [missing]
    if answer.status == HTTPStatus.FORBIDDEN and not names_a_rate(answer):
        return [closed]
    return [unchecked(missing.place, what, answer)]
