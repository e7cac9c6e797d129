"""Names in any script, as the letters that an address may hold.

Greek follows ELOT 743 (ISO 843 type 2, the form that Greek passports print), whose digraphs a letter-by-letter table gets
wrong; every other script is `anyascii`'s. Arabic comes out without its short vowels, as it is written.
"""

import re
import unicodedata

from anyascii import anyascii

_MARKS = "[\u0300-\u0307\u0309-\u036f]*+"  # any combining mark but the diaeresis (U+0308), which parts a digraph
_VOICED = "αεηιουωβγδζλμνρ"
_AFTER_VOICED = re.compile(rf"([αεη])υ{_MARKS}(?=[{_VOICED}])")
_AFTER_OTHER = re.compile(rf"([αεη])υ{_MARKS}(?!\u0308)")
_OU = re.compile(rf"ου{_MARKS}(?!\u0308)")
_BORDER_B = re.compile("(?<![\\w\u0300-\u036f])μπ|μπ(?!\\w)")
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_NASAL_GAMMA = re.compile(r"γ(?=[γξχ])")

_APOSTROPHES = re.compile("['’‘ʼʻʾʿ`´′＇]")  # whatever names are typed with
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")


def words(name: str) -> tuple[str, ...]:
    """The name's words in `a-z0-9`, in order; empty where nothing can be read aloud (signs, emoji, blanks).

    An apostrophe joins ("O'Neill" is `oneill`); blanks, hyphens and full stops part ("Anne-Marie" is `anne`, `marie`).
    """
    text = unicodedata.normalize("NFKC", _APOSTROPHES.sub("", name)).lower()
    if _GREEK.search(text):
        text = _romanised(text)
    text = "".join(c for c in text if _is_legible(c))
    ascii_text = anyascii(text).lower()
    return tuple(word for word in _NOT_A_LETTER.split(_APOSTROPHES.sub("", ascii_text)) if word)


def _romanised(text: str) -> str:
    """Rewrites the digraphs; the single letters are left to `anyascii`, which agrees with ELOT 743 on them."""
    text = unicodedata.normalize("NFD", text)
    text = _AFTER_VOICED.sub(r"\1v", text)
    text = _AFTER_OTHER.sub(r"\1f", text)
    text = _OU.sub("ou", text)
    text = _BORDER_B.sub("b", text)
    text = _NASAL_GAMMA.sub("n", text)
    return unicodedata.normalize("NFC", text)


def _is_legible(character: str) -> bool:
    """Letters, marks, digits and what parts words; not symbols, whose names `anyascii` would spell out, nor controls."""
    return unicodedata.category(character)[0] in "LMNZP" or character.isspace()
