"""The words of a student's names in the letters that an address may hold."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from anyascii import anyascii

from consumer.policy.romanisation import arabic, armenian, cyrillic, devanagari, greek, han, hangul, kana, latin, thai

_APOSTROPHES = re.compile("['’‘ʼʻʾʿ`´′＇]")  # whatever names are typed with
_ONE_WAY = (
    (greek.PRESENT, greek.romanised),
    (armenian.PRESENT, armenian.romanised),
    (devanagari.PRESENT, devanagari.romanised),
    (thai.PRESENT, thai.romanised),
    (kana.PRESENT, kana.romanised),
)
"""Scripts that are read in one way, whatever the language."""

_BEYOND_LATIN = "\u0370"  # Greek is the first block after Latin and its marks
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Romaniser:
    """Romanises all the names of one student in the same way. Pure and stable: the same names give the same words on every call."""

    languages: Sequence[str]
    cyrillic: cyrillic.System
    chinese: bool
    paired: bool

    @classmethod
    def of(cls, names: Iterable[str], languages: Sequence[str] = ()) -> "Romaniser":
        """`names` are all the student's; `languages` those they may be in, likeliest first (see `languages.languages`).

        A script that one language has is romanised by it whatever `languages` says. Cyrillic, Han and Latin letters that several have go
        by the first that can write the names; where none is given, by the letters alone.
        """
        text = _prepared(" ".join(names))
        return cls(
            languages,
            cyrillic.system(text, languages),
            han.is_chinese(text, languages),
            latin.is_paired(text, languages),
        )

    def words(self, name: str, *, surname: bool = False) -> tuple[str, ...]:
        """The name's words in `a-z0-9`, in order; empty where nothing can be read aloud (signs, emoji, blanks, Japanese kanji).

        An apostrophe joins ("O'Neill" is `oneill`); blanks, hyphens and full stops part ("Anne-Marie" is `anne`, `marie`). `surname`:
        the name begins with a family name, which Chinese and Korean read in a way of its own.
        """
        text = _prepared(name)
        if not text.isascii():
            text = self._romanised(text, surname=surname)
            text = anyascii("".join(c for c in text if _is_legible(c))).lower()
        return tuple(word for word in _NOT_A_LETTER.split(_APOSTROPHES.sub("", text)) if word)

    def _romanised(self, text: str, *, surname: bool) -> str:
        if max(text) >= _BEYOND_LATIN:
            text = self._of_other_scripts(text, surname=surname)
        return latin.romanised(text) if self.paired else text

    def _of_other_scripts(self, text: str, *, surname: bool) -> str:
        if cyrillic.PRESENT.search(text):
            text = self.cyrillic.romanised(text)
        if arabic.PRESENT.search(text):
            text = arabic.romanised(text, self.languages)
        if hangul.PRESENT.search(text):
            text = hangul.romanised(text, surname=surname)
        if han.PRESENT.search(text):
            text = han.romanised(text, surname=surname) if self.chinese else han.left_out(text)
        for present, romanised in _ONE_WAY:
            if present.search(text):
                text = romanised(text)
        return text


def _prepared(name: str) -> str:
    """Compatible forms made one, apostrophes gone, lower case, composed. (A dotted capital I in lower case is two characters.)"""
    if name.isascii():
        return _APOSTROPHES.sub("", name).lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _APOSTROPHES.sub("", name)).lower())


def _is_legible(character: str) -> bool:
    """Letters, marks, digits and what parts words; not symbols, whose names `anyascii` would spell out, nor controls."""
    return unicodedata.category(character)[0] in "LMNZP" or character.isspace()
