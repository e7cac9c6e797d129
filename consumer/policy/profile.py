"""What an account says of its student: names that are cleaned, cut to the vendors' limits, complete where they insist; the language."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from consumer.events import Provider, Student

_NAME_LIMIT = {Provider.MICROSOFT: 64, Provider.GOOGLE: 40}
_DISPLAY_LIMIT = 256
_JOINERS = "\u200c\u200d"  # spelling in Persian, Sinhala and others; every other format character is noise or a trick


@dataclass(frozen=True, slots=True)
class Names:
    """What the create call says. `display` is never empty; at Google no part is."""

    given: str
    family: str
    display: str


def names(provider: Provider, student: Student) -> Names:
    """The student's names as `provider` takes them.

    Limits: Graph `givenName`, `surname` 64, `displayName` 256 (MSDOCS user); Google 40 a name (its limits page; discovery says
    60). Google asks for both names: one-word names are given twice, which the display name hides. The display name greets by
    the preferred name where there is one. A student without any name goes by the student id.
    """
    given, family = _clean(student.given_name), _clean(student.family_name)
    called = _clean(student.preferred_name or "") or given
    display = " ".join(part for part in (called, family) if part) or student.student_id
    limit = _NAME_LIMIT[provider]
    if provider is Provider.GOOGLE:
        given, family = given or family or display, family or given or display
    return Names(_cut(given, limit), _cut(family, limit), _cut(display, _DISPLAY_LIMIT))


class ProfilePart(StrEnum):
    """A part of an account that says something of the student. The values are the names of these parts in the create call's body."""

    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    DISPLAY_NAME = "display_name"
    PREFERRED_LANGUAGE = "preferred_language"


Profile = Mapping[ProfilePart, str | None]
"""What an account says, part by part; None where it says nothing. A part that the provider's accounts do not have is left out."""

_PARTS = {
    Provider.MICROSOFT: tuple(ProfilePart),
    # Google makes the full name of the other two; a display name of its own is not written.
    Provider.GOOGLE: (ProfilePart.GIVEN_NAME, ProfilePart.FAMILY_NAME, ProfilePart.PREFERRED_LANGUAGE),
}


def profile(provider: Provider, student: Student) -> Profile:
    """What the student's account at `provider` should say."""
    called = names(provider, student)
    return written(
        provider,
        {
            ProfilePart.GIVEN_NAME: called.given,
            ProfilePart.FAMILY_NAME: called.family,
            ProfilePart.DISPLAY_NAME: called.display,
            ProfilePart.PREFERRED_LANGUAGE: student.preferred_language,
        },
    )


def written(provider: Provider, body: Mapping[str, str | None]) -> Profile:
    """What the body of a create call says."""
    return {part: body.get(part) or None for part in _PARTS[provider]}


def _clean(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    kept = "".join(
        c for c in composed if c in _JOINERS or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    return " ".join(kept.split())


def _cut(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units (how Graph counts): at a blank where that keeps half, and never between a letter and its marks."""
    if _units(text) <= limit:
        return text
    end = len(text)
    while _units(text[:end]) > limit or (end > 1 and unicodedata.category(text[end])[0] == "M"):
        end -= 1
    cut = text[:end]
    head, _, _ = cut.rpartition(" ")
    at_a_word = head if 2 * len(head) >= limit and not text[end].isspace() else cut
    return at_a_word.rstrip(" -" + _JOINERS)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
