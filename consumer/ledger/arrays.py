"""Arrays for PostgreSQL, written as its array literals: psycopg would call into Python for each element.

Each is a text that the statement casts: `CAST(:names AS text[])`. As a batch of events has thousands of elements, that is a tenth of what
accepting it costs.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

_MARK = "\0"
"""Is in no text of PostgreSQL's."""
_BETWEEN = '","'


def texts(values: Sequence[str]) -> str:
    """For `text[]`. Raises ValueError where one holds a null character, which PostgreSQL's texts can't."""
    if not values:
        return "{}"
    joined = _MARK.join(values)
    if joined.count(_MARK) != len(values) - 1:
        raise ValueError("a text with a null character cannot be stored")
    escaped = joined.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"{escaped.replace(_MARK, _BETWEEN)}"}}'


def numbers(values: Iterable[int]) -> str:
    """For `smallint[]`, `int[]` and `bigint[]`."""
    return f"{{{','.join(map(int.__repr__, values))}}}"


def byte_strings(values: Sequence[bytes]) -> str:
    """For `bytea[]`."""
    return texts([f"\\x{value.hex()}" for value in values])


def times(values: Iterable[datetime]) -> str:
    """For `timestamptz[]`: they know their offset from UTC."""
    return texts([value.isoformat() for value in values])
