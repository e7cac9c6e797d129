"""What PostgreSQL shows means for a check."""

import pytest

from consumer.ledger.form import Form
from consumer.preflight.judgement.database import Ledger, of_ledger, of_unusable

URL = ("database", "url")


@pytest.mark.parametrize(
    ("ledger", "migrates", "found"),
    [
        (Ledger(Form.CURRENT), False, []),
        (Ledger(Form.CURRENT, may_create=False), True, []),
        (Ledger(Form.NONE), False, [(URL, "holds no ledger yet")]),
        (Ledger(Form.OLDER), False, [(URL, "holds a ledger of an older version")]),
        (Ledger(Form.NONE), True, []),
        (Ledger(Form.OLDER, may_create=False), True, [(("database", "migrate_at_start"), "is not possible")]),
        (Ledger(Form.NONE, standby=True), False, [(URL, "leads to a standby")]),
        (
            Ledger(Form.CURRENT, lacking={"inbox": ("INSERT",)}),
            False,
            [(URL, "does not let this user INSERT on `inbox`")],
        ),
    ],
)
def test_the_ledger_is_there_in_this_version_s_form_and_may_be_written(
    ledger: Ledger, *, migrates: bool, found: list[tuple[tuple[str, ...], str]]
) -> None:
    mistakes = list(of_ledger(ledger, migrates=migrates))
    assert [one.place for one in mistakes] == [place for place, _ in found]
    assert all(one.wrong.startswith(wrong) for one, (_, wrong) in zip(mistakes, found, strict=True))


def test_a_newer_ledger_is_a_note() -> None:
    (note,) = of_ledger(Ledger(Form.NEWER), migrates=False)
    assert note.note


@pytest.mark.parametrize(
    ("remedy", "right"),
    [
        ("Create the database.", "Create the database."),
        (None, "Check host and port, and that the server is running and accepts this host."),
    ],
)
def test_the_server_s_own_words_are_shown_with_what_to_do(remedy: str | None, right: str) -> None:
    finding = of_unusable("FATAL: no", remedy)
    assert (finding.wrong, finding.right) == ("is not usable: FATAL: no", right)
