"""What each reason means, and what a person can do about it. No personal data: the sentences are the same for every student."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumer.errors import Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """`remedy` is None where it ends by itself."""

    cause: str
    remedy: str | None = None


EXPLANATIONS: Mapping[str, Explanation] = {
    Reason.THROTTLED: Explanation("The vendor's rate limit is used up."),
    Reason.PROVIDER_UNAVAILABLE: Explanation("The vendor did not answer, or could not serve the request."),
    Reason.OUTCOME_UNKNOWN: Explanation("No trustworthy answer came: the request may have been carried out."),
    Reason.ADDRESS_EXHAUSTED: Explanation(
        "Every address that the patterns allow is taken.", "Add a pattern to `addresses` in the tenant's file."
    ),
    Reason.ACCOUNT_CONFLICT: Explanation(
        "Another account has the address or the student's marker.",
        "Find out whose account it is. Rename it, or remove the marker from it.",
    ),
    Reason.ACCOUNT_MISSING: Explanation(
        "The account, or an object that it needs, is not shown at the vendor.",
        "If it was deleted on purpose, nothing; otherwise restore it at the vendor.",
    ),
    Reason.ACCOUNT_DISABLED: Explanation(
        "People have blocked the account's sign-in.", "Unblock it at the vendor, if the student is to have it."
    ),
    Reason.ACCOUNT_OPENED: Explanation(
        "The account is to be deleted, and people have opened its sign-in since it was suspended.",
        "Block its sign-in at the vendor, or report another status of the student.",
    ),
    Reason.ACCOUNT_RELEASED: Explanation(
        "The account was handed to the institution, and is left alone.",
        "Adopt it for the student: docs/operations.md has the command.",
    ),
    Reason.CHANGE_NOT_VISIBLE: Explanation("The change was sent, and the vendor does not show it yet."),
    Reason.INVALID_PROFILE: Explanation(
        "The vendor refused the student's name or language.", "Correct it in the school's information system."
    ),
    Reason.INVALID_DATE: Explanation(
        "The student's attribute with the date of the deletion has no date.",
        "Correct it in the school's information system: YYYY-MM-DD.",
    ),
    Reason.DOMAIN_NOT_VERIFIED: Explanation(
        "The vendor does not accept the address's domain.",
        "Verify the domain at the vendor, or correct `addresses.domain`.",
    ),
    Reason.ORG_UNIT_MISSING: Explanation(
        "The organisational unit does not exist.",
        "Create it at the vendor, correct the tenant's file, or let the service create units (`google.create_org_units`).",
    ),
    Reason.GROUP_MISSING: Explanation(
        "The group does not exist.", "Create it at the vendor, or correct the tenant's file."
    ),
    Reason.GROUP_REFUSED: Explanation(
        "The group takes no members from this service.",
        "Use a group with assigned membership, or let the application manage this one.",
    ),
    Reason.ADMIN_UNIT_MISSING: Explanation(
        "The administrative unit does not exist.", "Create it in Entra, or correct `admin_unit` in the tenant's file."
    ),
    Reason.ADMIN_UNIT_REFUSED: Explanation(
        "The administrative unit takes no members from this service.",
        "Grant the application `AdministrativeUnit.ReadWrite.All`, and use a unit with assigned membership.",
    ),
    Reason.LICENCE_INVALID: Explanation(
        "The licence does not exist in the directory, or may not be used there.",
        "Correct `licences` in the tenant's file.",
    ),
    Reason.LICENCES_EXHAUSTED: Explanation("No licences of this kind are left.", "Buy more, or free some."),
    Reason.QUOTA_EXCEEDED: Explanation(
        "A quota of the institution is used up.", "Raise the quota at the vendor, or delete what is not needed."
    ),
    Reason.CONSENT_MISSING: Explanation(
        "The application or the administrator lacks a permission.",
        "Grant it: `provisioner config check --connect` names it.",
    ),
    Reason.CREDENTIALS_INVALID: Explanation(
        "The vendor rejected the tenant's credentials.", "Renew the secret or the key that the tenant's file names."
    ),
    Reason.PRIVILEGED_ACCOUNT: Explanation(
        "The account holds an administrator's role, and is left alone.",
        "Remove the role, or the marker, from the account.",
    ),
    Reason.SYNCHRONISED_ACCOUNT: Explanation(
        "The account is managed in a directory on premises.", "Manage it there, or remove the marker from it."
    ),
    Reason.GUEST_ACCOUNT: Explanation(
        "The account with the student's marker is a guest's.", "Remove the marker from it at the vendor."
    ),
    Reason.ROLES_UNREADABLE: Explanation(
        "The roles of accounts can't be read, so that none is adopted or changed.",
        "Grant the permission to read roles: `provisioner config check --connect` names it.",
    ),
    Reason.NO_CONTACT_ADDRESS: Explanation(
        "There is no usable address for a mail to the student.", "Correct it in the school's information system."
    ),
    Reason.MAIL_REFUSED: Explanation(
        "Mailgun refused the mail.",
        "Look at the domain's settings and its suppressions at Mailgun, and at the addresses in `deletion.notice.office`.",
    ),
    Reason.CREDENTIAL_EXPIRED: Explanation(
        "The sealed password's lifetime ended before its mail was accepted.",
        "Give the student a new password at the vendor, if the account is not in use yet.",
    ),
    Reason.CREDENTIAL_UNREADABLE: Explanation(
        "The sealed password can't be opened with the vault's keys.",
        "Put the missing key back: `provisioner keys check`.",
    ),
    Reason.CREDENTIAL_REPLACED: Explanation(
        "The password was changed at the vendor while its mail waited.", "Hand over the password in another way."
    ),
    Reason.GUARD_PARKED: Explanation(
        "So many accounts of the school would lose something that a person must approve it.",
        "Approve or reject it: `provisioner guard list`. A correction in the school's information system ends it too.",
    ),
    Reason.GUARD_REJECTED: Explanation(
        "A person has rejected the action, which the guard had parked.",
        "Nothing, or report the student's status again from the school's information system.",
    ),
    Reason.TENANT_UNUSABLE: Explanation(
        "The tenant's configuration can't be used.", "Correct it: `provisioner config check` shows where."
    ),
    Reason.DRY_RUN: Explanation(
        "The tenant is in dry run: what would be done is published, and not done.",
        "Set `dry_run` to false in the tenant's file when the plans are right.",
    ),
    Reason.UNREADABLE_RECORD: Explanation(
        "The ledger's record of the student was written by a newer version.", "Finish the upgrade of all replicas."
    ),
    Reason.UNEXPECTED_ANSWER: Explanation(
        "The vendor gave an answer that this service does not know.",
        "Look the vendor's code and request id up at the vendor; report it to us.",
    ),
}
"""By `Reason`; a newer version's reason may be asked for too. A test holds it complete."""

_NEWER = Explanation("A reason that this version does not know.", "Ask a command of the newest version.")


def explanation_of(reason: str) -> Explanation:
    """Also of a reason that only a newer version knows."""
    return EXPLANATIONS.get(reason, _NEWER)
