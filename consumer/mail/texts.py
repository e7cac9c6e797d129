"""Texts that others wrote, as a mail may carry them: on one line, without what steers a mail program."""

import re
import unicodedata

JOINERS = "\u200c\u200d"
"""Spelling in Persian, Sinhala and others."""

_NOT_IN_A_NAME = re.compile(r"[/\\@<>:|]+")
_TIGHT_STOP = re.compile(r"\.(?=\w)")


def one_line(text: str, *, kept_marks: str = JOINERS) -> str:
    """No line break, control or invisible direction mark survives; blanks become single."""
    unseen = {"Cc", "Cf", "Cs"}
    return "".join(c for c in " ".join(text.split()) if c in kept_marks or unicodedata.category(c) not in unseen)


def unlinkable(name: str) -> str:
    """A name, on one line, in which mail programs see no link: someone else's text must not lead a reader anywhere."""
    return " ".join(_TIGHT_STOP.sub(". ", _NOT_IN_A_NAME.sub(" ", one_line(name))).split())
