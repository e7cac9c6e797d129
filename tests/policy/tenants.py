"""Institutions and students for the tests of the pure core."""

from consumer.events import Provider, ProviderAction, Student
from consumer.settings import SecretRef
from consumer.tenants import (
    Addresses,
    GoogleSection,
    MicrosoftSection,
    Rule,
    StatusRow,
    Tenant,
    UnlistedStatus,
    WelcomeEmail,
)

MICROSOFT = MicrosoftSection(
    tenant_id="11111111-1111-1111-1111-111111111111",
    client_id="22222222-2222-2222-2222-222222222222",
    client_secret=SecretRef("env:SECRET"),
    usage_location="GR",
)
GOOGLE = GoogleSection(service_account=SecretRef("env:ACCOUNT"), admin_subject="admin@school.example")


def tenant(
    tenant_id: str = "athens",
    *,
    microsoft: bool = True,
    google: bool = False,
    unlisted: UnlistedStatus = UnlistedStatus.DEAD_LETTER,
    rules: tuple[Rule, ...] = (),
) -> Tenant:
    return Tenant(
        id=tenant_id,
        name="School",
        microsoft=MICROSOFT if microsoft else None,
        google=GOOGLE if google else None,
        addresses=Addresses(domain="school.example"),
        statuses=(
            StatusRow(
                id="registered",
                name="Registered",
                type="Registered",
                provider_action=ProviderAction.CREATE_ACCOUNT,
            ),
            StatusRow(id="admission", name="In admission", type="Admission"),
        ),
        unlisted_status=unlisted,
        rules=rules,
        welcome_email=WelcomeEmail(enabled=False),
    )


def student(
    given: str = "Maria",
    family: str = "Borg",
    *,
    student_id: str = "S-1",
    preferred: str | None = None,
    registration: str | None = None,
    attributes: dict[str, str] | None = None,
) -> Student:
    return Student(
        student_id=student_id,
        registration_number=registration,
        given_name=given,
        family_name=family,
        preferred_name=preferred,
        attributes=attributes or {},
    )


def groups(*names: str, provider: Provider = Provider.MICROSOFT) -> dict[Provider, tuple[str, ...]]:
    return {provider: names}
