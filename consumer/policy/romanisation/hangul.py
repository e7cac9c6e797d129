"""Korean by the Revised Romanization (Ministry of Culture notice 2014-42), syllable by syllable, as passports must (Passport Act
enforcement rules, article 2-2): sound changes between a name's syllables are not written (빛나 is bitna, not binna).

The notice leaves surnames open. Where most holders have another spelling in their passports (60 to 99 of 100, by the Ministry of Foreign
Affairs' statistics), it is that one; all other surnames follow the notice.
"""

import re

from consumer.policy.romanisation.table import table

PRESENT = _SYLLABLE = re.compile("[\uac00-\ud7a3]")

_INITIALS = tuple(
    table(
        "ㄱ:g ㄲ:kk ㄴ:n ㄷ:d ㄸ:tt ㄹ:r ㅁ:m ㅂ:b ㅃ:pp ㅅ:s ㅆ:ss ㅇ: ㅈ:j ㅉ:jj ㅊ:ch ㅋ:k ㅌ:t ㅍ:p ㅎ:h"
    ).values()
)
_VOWELS = tuple(
    table(
        """
        ㅏ:a ㅐ:ae ㅑ:ya ㅒ:yae ㅓ:eo ㅔ:e ㅕ:yeo ㅖ:ye ㅗ:o ㅘ:wa ㅙ:wae ㅚ:oe ㅛ:yo ㅜ:u ㅝ:wo ㅞ:we ㅟ:wi ㅠ:yu
        ㅡ:eu ㅢ:ui ㅣ:i
        """
    ).values()
)
_FINALS = (
    "",
    *table(
        """
        ㄱ:k ㄲ:k ㄳ:k ㄴ:n ㄵ:n ㄶ:n ㄷ:t ㄹ:l ㄺ:k ㄻ:m ㄼ:l ㄽ:l ㄾ:l ㄿ:p ㅀ:l ㅁ:m ㅂ:p ㅄ:p ㅅ:t ㅆ:t ㅇ:ng ㅈ:t
        ㅊ:t ㅋ:k ㅌ:t ㅍ:p ㅎ:t
        """
    ).values(),
)
_FIRST = 0xAC00

_SURNAMES = {
    **table("김:kim 이:lee 박:park 최:choi 강:kang 신:shin 임:lim"),
    **table("오:oh 우:woo"),  # so that a surname is not a single letter
}


def romanised(text: str, *, surname: bool) -> str:
    """What is no syllable of Hangul stays as it is. `surname`: the text begins with a surname."""
    if surname:
        text = _SYLLABLE.sub(lambda first: _SURNAMES.get(first[0], first[0]), text, count=1)
    return _SYLLABLE.sub(lambda found: _latin(found[0]), text)


def _latin(one: str) -> str:
    initial, rest = divmod(ord(one) - _FIRST, len(_VOWELS) * len(_FINALS))
    vowel, final = divmod(rest, len(_FINALS))
    return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]
