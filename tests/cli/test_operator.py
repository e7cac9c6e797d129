"""Who acts, why, and since when: what the options accept."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import typer

from consumer.cli.operator import moment, needed, operator

NOW = datetime(2026, 9, 1, 6, tzinfo=UTC)


def test_who_acts_is_whom_the_option_names() -> None:
    assert operator(" ada ", " moved ").name == "ada"
    assert operator("ada", " moved ").why == "moved"


def test_without_the_option_it_is_the_login_of_the_system() -> None:
    assert operator(None, "", login=lambda: "grace").name == "grace"


@pytest.mark.parametrize("fault", [KeyError("uid not found: 1000"), OSError("No username set in the environment")])
def test_a_system_that_has_no_login_says_what_to_do(fault: Exception) -> None:
    def login() -> str:
        raise fault

    with pytest.raises(typer.BadParameter, match="say who acts"):
        operator(None, "", login=login)
    assert operator("ada", "", login=login).name == "ada"


def test_an_empty_name_is_none() -> None:
    with pytest.raises(typer.BadParameter, match="say who acts"):
        operator(" ", "")


def test_a_reason_that_says_nothing_is_none() -> None:
    with pytest.raises(typer.BadParameter, match="say why"):
        needed("  ")


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-08-31", datetime(2026, 8, 31, tzinfo=UTC)),
        ("2026-08-31T06:30", datetime(2026, 8, 31, 6, 30, tzinfo=UTC)),
        ("2026-08-31T06:30:00+02:00", datetime(2026, 8, 31, 6, 30, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_time_is_an_age_or_a_date(since: str, expected: datetime) -> None:
    assert moment(since, now=NOW) == expected


def test_without_a_time_there_is_none() -> None:
    assert moment(None, now=NOW) is None


@pytest.mark.parametrize("since", ["", "h", "yesterday", "2 h", "99999999999d", "-1h"])
def test_what_is_neither_is_refused_with_what_it_may_be(since: str) -> None:
    with pytest.raises(typer.BadParameter, match="neither an age such as `2h` nor a time"):
        moment(since, now=NOW)
