"""Arabic script: the letters as the United Nations' systems have them, without marks, and the vowels that are written.

Short vowels are not written and so are not in the address (محمد is mhmd); which ones a name has, and how its holder spells them in Latin
letters, only the school knows. A long vowel is read as one between consonants (محمود is mhmud, not mhmwd), and ع as a.
"""

import re
from collections.abc import Sequence

from consumer.policy.romanisation.table import table

PRESENT = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff]")

_LETTER = "[\u0621-\u064a\u0671-\u06d3]"
_A = "اأآإىة"
_ARTICLE = re.compile(rf"(?<!\w)ال(?={_LETTER}{{2}})")
_WAW = rf"(?<!{_LETTER})و|(?<=[{_A}])و|و(?=[{_A}يی])"
_YEH = rf"(?<!{_LETTER})[يی]|(?<=[{_A}])[يی]|[يی](?=[{_A}و])"
_CONSONANT = re.compile(f"({_WAW})|{_YEH}")
_AYN_BEFORE_A = re.compile(f"ع(?=[{_A}])")
_FINAL_HEH = re.compile(rf"(?<=[^\W{_A}و])ه(?!\w)")
_LETTERS = str.maketrans(table("ا:a أ:a آ:a إ:i ى:a ة:a ع:a ئ:i ؤ:u ء: و:u ي:i ی:i"))
_PERSIAN_LETTERS = str.maketrans(table("ث:s ذ:z ض:z"))
_PERSIAN = frozenset({"fa", "prs", "tg", "ur", "ps", "ckb", "ku"})
_V = frozenset({"fa", "prs", "tg"})


def romanised(text: str, languages: Sequence[str]) -> str:
    """The other letters stay, for `anyascii`. Persian and its neighbours read some letters, and a name's last ه, in ways of their own."""
    language = next((one for one in languages if one in _PERSIAN or one == "ar"), "ar")
    text = _ARTICLE.sub("al", text)
    waw = "v" if language in _V else "w"
    text = _CONSONANT.sub(lambda found: waw if found[1] else "y", text)
    if language in _PERSIAN:
        text = _FINAL_HEH.sub("eh", text).translate(_PERSIAN_LETTERS)
    return _AYN_BEFORE_A.sub("", text).translate(_LETTERS)
