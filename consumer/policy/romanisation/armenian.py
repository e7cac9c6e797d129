"""Armenian by BGN/PCGN 1981, without its apostrophes and with one r for ռ, as Armenian passports print names."""

import re

from consumer.policy.romanisation.table import table

PRESENT = re.compile("[\u0531-\u058f\ufb13-\ufb17]")

_U = re.compile("ու")
_YEV = re.compile(r"(?:(?<!\w)|(?<=[աեէըիոօu]))(?:և|եւ)")
_EV = re.compile("և|եւ")
_YE = re.compile(r"(?:(?<!\w)|(?<=[աեէըիոօu]))ե")
_VO = re.compile(r"(?<!\w)ո(?!վ)")
_LETTERS = str.maketrans(
    table(
        """
        ա:a բ:b գ:g դ:d ե:e զ:z է:e ը:y թ:t ժ:zh ի:i լ:l խ:kh ծ:ts կ:k հ:h ձ:dz ղ:gh ճ:ch մ:m յ:y ն:n
        շ:sh ո:o չ:ch պ:p ջ:j ռ:r ս:s վ:v տ:t ր:r ց:ts ւ:v փ:p ք:k օ:o ֆ:f
        """
    )
)


def romanised(text: str) -> str:
    """`text` must be in lower case. At a word's beginning ե is ye and ո is vo (but not before վ); ե is ye after a vowel too."""
    text = _U.sub("u", text)
    text = _YEV.sub("yev", text)
    text = _EV.sub("ev", text)
    text = _YE.sub("ye", text)
    return _VO.sub("vo", text).translate(_LETTERS)
