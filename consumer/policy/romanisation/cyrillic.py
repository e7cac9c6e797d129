"""Cyrillic, which several languages share: each romanised as its country's passports do.

Russian and Belarusian: ICAO Doc 9303 part 3 section 6 B, which both countries' passport rules name (Russia since 2013; Belarus: г is h, ё
is io). Ukrainian: Cabinet resolution 55 of 2010. Bulgarian: Transliteration Act of 2009. Serbian (also in Montenegro and Bosnia): the
Serbian Latin alphabet without its marks, as the passport's machine-readable zone has it. Macedonian: ICAO's table for it, as passports.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from consumer.policy.romanisation.table import table

PRESENT = re.compile("[\u0400-\u052f]")

_ICAO = table(
    """
    а:a б:b в:v г:g д:d е:e ё:e ж:zh з:z и:i й:i к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh
    ц:ts ч:ch ш:sh щ:shch ъ:ie ы:y ь: э:e ю:iu я:ia
    і:i ї:i є:ie ґ:g ў:u ђ:d ј:j љ:lj њ:nj ћ:c џ:dz ѓ:g ќ:k ѕ:dz
    """
)
"""The recommended letters; a language's own come on top, and these stand in for letters that it does not have."""

_OTHER_LETTERS = table("ә:a ғ:g қ:k ң:n ө:o ү:u ұ:u һ:h җ:zh ҳ:kh ҷ:ch ӣ:i ӯ:u ҙ:z ҫ:s ҡ:k")
"""Not in ICAO's tables: letters of Kazakh, Kyrgyz, Mongolian, Tajik, Tatar and Bashkir, by the letter that each was made from."""

_BASE = {**_ICAO, **_OTHER_LETTERS}
_UKRAINIAN = {**_BASE, **table("г:h и:y")}
_UKRAINIAN_INITIAL = table("є:ye ї:yi й:y ю:yu я:ya")
_BELARUSIAN = {**_BASE, **table("г:h ё:io")}
_BULGARIAN = {**_BASE, **table("й:y х:h щ:sht ъ:a ь:y ю:yu я:ya")}
_SERBIAN = {**_BASE, **table("ж:z х:h ц:c ч:c ш:s")}
_MACEDONIAN = {**_BASE, **table("х:h ц:c ѓ:gj ќ:kj џ:dj")}

_INITIAL = re.compile(r"(?<!\w)[єїйюя]")
_FINAL_IA = re.compile(r"ия(?!\w)")


@dataclass(frozen=True, slots=True)
class System:
    """How one language is romanised. `writes` matches a text, in lower case, that holds none but this language's letters."""

    writes: re.Pattern[str]
    romanised: Callable[[str], str]


def _plainly(letters: Mapping[str, str]) -> Callable[[str], str]:
    translation = str.maketrans(dict(letters))
    return lambda text: text.translate(translation)


def _ukrainian(text: str) -> str:
    initials = _INITIAL.sub(lambda found: _UKRAINIAN_INITIAL[found[0]], text.replace("зг", "zgh"))
    return initials.translate(_UKRAINIAN_TABLE)


def _bulgarian(text: str) -> str:
    return _FINAL_IA.sub("ia", text).translate(_BULGARIAN_TABLE)


_UKRAINIAN_TABLE = str.maketrans(_UKRAINIAN)
_BULGARIAN_TABLE = str.maketrans(_BULGARIAN)
_OTHER = r"[^\u0400-\u052f]"

SYSTEMS: Mapping[str, System] = {
    # A Russian hard sign stands before е, ё, ю and я alone (elsewhere the letter is the Bulgarian vowel), and its surnames have no -ський.
    "ru": System(re.compile(rf"(?!.*[сзц]ьк(?:ий|а)(?!\w))(?:[а-щы-яё]|ъ(?=[еёюя])|{_OTHER})*"), _plainly(_BASE)),
    "uk": System(re.compile(rf"(?:[абвгґдеєжзиіїйклмнопрстуфхцчшщьюя]|{_OTHER})*"), _ukrainian),
    "be": System(re.compile(rf"(?:[абвгдеёжзійклмнопрстуўфхцчшыьэюя]|{_OTHER})*"), _plainly(_BELARUSIAN)),
    "bg": System(re.compile(rf"(?:[а-ъьюя]|{_OTHER})*"), _bulgarian),
    "sr": System(re.compile(rf"(?:[абвгдђежзијклљмнњопрстћуфхцчџш]|{_OTHER})*"), _plainly(_SERBIAN)),
    "mk": System(re.compile(rf"(?:[абвгдѓежзѕијклљмнњопрстќуфхцчџш]|{_OTHER})*"), _plainly(_MACEDONIAN)),
}
"""By language, in the order of preference if nothing else decides."""


def system(text: str, languages: Sequence[str]) -> System:
    """The first of `languages` that can write `text` (in lower case, composed); else whichever can; else the recommended letters."""
    for language in (*languages, *SYSTEMS) if PRESENT.search(text) else ():
        found = SYSTEMS.get(language)
        if found and found.writes.fullmatch(text):
            return found
    return SYSTEMS["ru"]
