"""`Retry-After` in all its forms."""

import pytest

from consumer.http.retry_after import LONGEST, retry_after

NOW = 1_767_225_600.0  # Thu, 01 Jan 2026 00:00:00 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": " 2.128 "}, 2.128),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:05:00 GMT"}, 300.0),
        ({"retry-after": "Wed, 31 Dec 2025 23:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 2026 01:00:30 GMT", "date": "Thu, 01 Jan 2026 01:00:00 GMT"}, 30.0),
        ({"retry-after": "99999999"}, LONGEST),
        ({"retry-after": "9" * 400}, LONGEST),
        ({"retry-after": "Thu, 01 Jan 9999 00:00:00 GMT"}, LONGEST),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 01 Jan 99999999999 00:00:00 GMT"}, None),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:00 -99999999999999"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_every_form_is_understood_or_distinguished_from_nothing(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=NOW) == seconds
