"""What Entra shows of one institution: its directory, its domain, and why an application is given no token. Pure.

Sources, all Microsoft's: the pages "Microsoft Entra authentication and authorization error codes" (AADSTS numbers), "OpenID Connect on the
Microsoft identity platform" (the metadata document takes a domain name for the tenant) and "HDInsight ID Broker" (the sign-in realm is
public; its answer), and MSAL's own `user_realm_discovery`.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from consumer.configuration.document import Place
from consumer.http.answer import Answer
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.answers import UNREACHED, unchecked, unreachable
from consumer.tenants import MicrosoftSection, Tenant

_SECTION: Place = ("microsoft",)
_SECRET: Place = ("microsoft", "client_secret")
_CLIENT: Place = ("microsoft", "client_id")
_DOMAIN: Place = ("addresses", "domain")


_WRONG_SECRET = Finding(
    _SECRET,
    "is not a secret of this application (AADSTS7000215)",
    "In Entra, under Certificates & secrets, make a new secret and use its value, not its id.",
)
_NO_APPLICATION = Finding(
    _CLIENT,
    "is not an application of this directory",
    "Copy the application (client) id from the app registration in the directory of `microsoft.tenant_id`.",
)
_CERTIFICATE = "Upload the certificate's public part to the app registration, under Certificates & secrets."
_FEDERATION = (
    "Compare issuer, subject and audience of the federated credential in the app registration with those of the token."
)
_REFUSALS: Mapping[str, Finding] = {
    "AADSTS7000215": _WRONG_SECRET,
    "AADSTS7000222": Finding(
        _SECRET,
        "has expired (AADSTS7000222)",
        "In Entra, under Certificates & secrets, make a new secret and put its value where this reference points.",
    ),
    "AADSTS700016": _NO_APPLICATION,
    "AADSTS700038": _NO_APPLICATION,
    "AADSTS7000112": Finding(
        _CLIENT,
        "names an application that is disabled (AADSTS7000112)",
        "Enable it in Entra, under Enterprise applications.",
    ),
    "AADSTS7000229": Finding(
        _CLIENT,
        "names an application that has no service principal in this directory (AADSTS7000229)",
        "Grant admin consent for the application in this directory.",
    ),
    "AADSTS500011": Finding(
        ("microsoft", "graph_url"),
        "is not known in this directory's cloud (AADSTS500011)",
        "Give the Graph address that belongs to `microsoft.authority_url`.",
    ),
    "AADSTS53003": Finding(
        _CLIENT,
        "is blocked by a Conditional Access policy (AADSTS53003)",
        "Exclude the application, or allow the network that this service runs in.",
    ),
    "AADSTS700027": Finding(
        _SECTION, "signs with a certificate that Entra does not accept (AADSTS700027)", _CERTIFICATE
    ),
    "AADSTS70021": Finding(
        _SECTION, "presents a token that no federated credential matches (AADSTS70021)", _FEDERATION
    ),
    "AADSTS700211": Finding(
        _SECTION, "presents a token whose issuer no federated credential has (AADSTS700211)", _FEDERATION
    ),
    "AADSTS700212": Finding(
        _SECTION, "presents a token whose audience no federated credential has (AADSTS700212)", _FEDERATION
    ),
    "AADSTS700213": Finding(
        _SECTION, "presents a token whose subject no federated credential has (AADSTS700213)", _FEDERATION
    ),
}


def of_directory(answer: Answer) -> Sequence[Finding]:
    """The metadata document of `microsoft.tenant_id`. Nothing else can be asked where this finds something."""
    if answer.status == UNREACHED:
        return [unreachable(("microsoft", "authority_url"), answer)]
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wrong = f"is unavailable (HTTP {answer.status})"
        return [Finding(("microsoft", "authority_url"), wrong, "Run the check again later.")]
    if _is_refused(answer):
        right = "Copy the directory (tenant) id from Entra's overview page, and check that `microsoft.authority_url` is its cloud."
        return [Finding(("microsoft", "tenant_id"), "is not a directory known to Entra (AADSTS90002)", right)]
    if _directory_id(answer) is None:
        right = "Give the sign-in address of the directory's cloud, such as `https://login.microsoftonline.com`."
        wrong = f"does not respond like Entra (HTTP {answer.status})"
        return [Finding(("microsoft", "authority_url"), wrong, right)]
    return []


def of_refused_token(code: str | None) -> Finding:
    """Entra gave no token; `code` holds its AADSTS numbers, where it named any."""
    numbers = re.findall(r"AADSTS\d+", code or "")
    known = next((_REFUSALS[number] for number in numbers if number in _REFUSALS), None)
    if known is not None:
        return known
    named = numbers[0] if numbers else code or "no reason given"
    right = f"Look the number up: https://login.microsoftonline.com/error?code={named.removeprefix('AADSTS')}."
    if not numbers:
        right = "Check the application's credentials in Entra."
    return Finding(_SECTION, f"is refused an access token ({named})", right)


def of_domain(known: Answer, realm: Answer, tenant: Tenant, section: MicrosoftSection) -> Sequence[Finding]:
    """The metadata document and the sign-in realm of `addresses.domain`: whose it is, and where its users sign in."""
    domain = tenant.addresses.domain
    if _is_refused(known):
        right = (
            f"Add and verify `{domain}` in the Microsoft 365 admin centre, under Settings, Domains; or correct it here."
        )
        return [Finding(_DOMAIN, "is not verified at Microsoft", right)]
    owner = _directory_id(known)
    if owner is None:
        return [unchecked(_DOMAIN, "whether Microsoft has verified it", known)]
    if owner.lower() != section.tenant_id.lower():
        right = "Correct the domain, or `microsoft.tenant_id`."
        return [Finding(_DOMAIN, f"is verified in another directory ({owner})", right)]
    kind = str(realm.json().get("account_type", "")).lower()
    if kind == "federated":
        right = "Use a managed domain for students, or convert this one: accounts of a federated domain are created where it signs in."
        return [Finding(_DOMAIN, "is federated: its users sign in elsewhere", right)]
    if kind != "managed":
        return [unchecked(_DOMAIN, "whether it is federated", realm)]
    return []


def _is_refused(metadata: Answer) -> bool:
    """Whether Entra itself says that there is no such directory; AADSTS90002, or AADSTS900023 for what cannot be one."""
    return metadata.status == HTTPStatus.BAD_REQUEST and isinstance(metadata.json().get("error"), str)


def _directory_id(answer: Answer) -> str | None:
    """The directory in the metadata's issuer, such as `https://login.microsoftonline.com/<id>/v2.0`."""
    issuer = answer.json().get("issuer") if answer.status == HTTPStatus.OK else None
    parts = str(issuer).rstrip("/").split("/")
    return parts[-2] if issuer and len(parts) >= 2 else None  # noqa: PLR2004  the id and the version
