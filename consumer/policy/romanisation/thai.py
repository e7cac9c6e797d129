"""Thai and Lao: a vowel that is written before its consonant is spoken after it (ใจดี is chaidi). The letters themselves are `anyascii`'s.

Vowels that are not written are not in the address.
"""

import re

PRESENT = re.compile("[\u0e01-\u0edf]")

# Two consonants that begin one syllable stay together; where the second has a vowel of its own, the syllable is over before it. (With เ
# some vowel signs are a part of the same vowel.)
_PAIR = "(?:[กขคตปผพ][รล]|[กขค]ว)"
_LEADING_VOWEL = re.compile(f"([แโใไ])({_PAIR}(?![ัาิ-ู])|[ก-ฮ])|(เ)({_PAIR}(?![ัุู])|[ก-ฮ])|([ເແໂໃໄ])([ກ-ຮ])")


def romanised(text: str) -> str:
    """The text with each vowel behind its consonant."""
    return _LEADING_VOWEL.sub(r"\2\1\4\3\6\5", text)
