"""Which of a tenant's languages a student is written to."""

from collections.abc import Sequence


def lookup(preferred: str | None, available: Sequence[str]) -> str:
    """The best of `available` for a BCP 47 tag by RFC 4647's "lookup"; the first of them where none fits.

    The tag loses subtags from its end until it is one of them: `el-Grek-CY` is tried, then `el-Grek`, then `el`.
    `available` must not be empty.
    """
    known = {tag.lower(): tag for tag in reversed(available)}
    subtags = (preferred or "").replace("_", "-").lower().split("-")
    while subtags:
        if (tag := known.get("-".join(subtags))) is not None:
            return tag
        subtags.pop()
        if subtags and len(subtags[-1]) == 1:  # a singleton means nothing without what follows it (RFC 4647 3.4)
            subtags.pop()
    return available[0]
