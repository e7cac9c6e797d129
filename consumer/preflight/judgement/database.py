"""What PostgreSQL shows of the ledger. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from consumer.configuration.document import Place
from consumer.ledger.form import Form
from consumer.preflight.finding import Finding

_URL: Place = ("database", "url")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was read. `lacking` are the privileges that this user has not, by table; `may_create`: tables, in the schema."""

    form: Form
    standby: bool = False
    may_create: bool = True
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


def of_unusable(why: str, right: str | None) -> Finding:
    """No connection, or no look at the ledger. `why` is the server's own message where it sent one, `right` what to do about that."""
    return Finding(
        _URL,
        f"is not usable: {why}",
        right or "Check host and port, and that the server is running and accepts this host.",
    )


def of_ledger(ledger: Ledger, *, migrates: bool) -> Iterator[Finding]:
    """What keeps the service from writing. `migrates`: the service brings the database to its form when it starts."""
    if ledger.standby:
        right = "Name the primary, or all hosts with `target_session_attrs=read-write`."
        yield Finding(_URL, "leads to a standby, which accepts no writes", right)
        return
    if ledger.form in {Form.NONE, Form.OLDER}:
        if not migrates:
            wrong = "holds no ledger yet" if ledger.form is Form.NONE else "holds a ledger of an older version"
            yield Finding(_URL, wrong, "Run `provisioner db upgrade`, or set `database.migrate_at_start`.")
        elif not ledger.may_create:
            right = "Grant CREATE on the schema, or run `provisioner db upgrade` as a user who has it."
            yield Finding(("database", "migrate_at_start"), "is not possible: this user may not create tables", right)
    if ledger.form is Form.NEWER:
        right = "Nothing to do during an update; otherwise reinstall the previous version."
        yield Finding(_URL, "holds a ledger of a newer version, which this one can still use", right, note=True)
    for table, privileges in ledger.lacking.items():
        names = ", ".join(privileges)
        yield Finding(
            _URL,
            f"does not let this user {names} on `{table}`",
            f"`GRANT {names} ON {table} TO …`, as the table's owner.",
        )
