"""Devanagari by the Hunterian system, India's national one, without marks, as Indian passports spell most names.

A consonant is followed by a, unless another vowel or a virama is written. As Hindi speaks, the a is left out at a word's end (राम is
ram, but मिश्र is mishra) and between consonants with vowels on both sides (कमला is kamla).
"""

import re

from consumer.policy.romanisation.table import table

PRESENT = re.compile("[\u0900-\u097f]")

_VOWELS = table("अ:a आ:a इ:i ई:i उ:u ऊ:u ऋ:ri ए:e ऐ:ai ओ:o औ:au ऑ:o ऍ:e")
_SIGNS = table("ा:a ि:i ी:i ु:u ू:u ृ:ri े:e ै:ai ो:o ौ:au ॉ:o ॅ:e")
_CONSONANTS = table(
    """
    क:k ख:kh ग:g घ:gh ङ:n च:ch छ:chh ज:j झ:jh ञ:n ट:t ठ:th ड:d ढ:dh ण:n त:t थ:th द:d ध:dh न:n
    प:p फ:ph ब:b भ:bh म:m य:y र:r ल:l ळ:l व:v श:sh ष:sh स:s ह:h
    क़:q ख़:kh ग़:gh ज़:z फ़:f ड़:r ढ़:rh ज्ञ:gy
    """
)
_NASAL = re.compile("[ंँ]")
_NASAL_BEFORE_LABIAL = re.compile("[ंँ](?=[पफबभम])")
_INITIALS = str.maketrans({**_VOWELS, "ः": "h"})
_INHERENT = "ə"
"""Stands for the a that is not written, until it is known whether it is spoken."""

_VOWEL = f"[aeiou{_INHERENT}]"
_CONSONANT = "(?:chh|[bcdgjkpt]h|sh|rh|[b-df-hj-np-tv-z])"
_AKSHARA = re.compile(f"({'|'.join(sorted(_CONSONANTS, key=len, reverse=True))})([{''.join(_SIGNS)}्]?)")
_FINAL = re.compile(rf"({_VOWEL}(?:ng|[nm])?{_CONSONANT}){_INHERENT}(?!\w)")
_LAST_MEDIAL = re.compile(rf"^(.*{_VOWEL}{_CONSONANT}){_INHERENT}(?={_CONSONANT}{_VOWEL})", re.DOTALL)


def romanised(text: str) -> str:
    """What is not Devanagari stays as it is."""
    text = _NASAL.sub("न्", _NASAL_BEFORE_LABIAL.sub("म्", text.replace("ंह", "ङ्घ")))
    text = _AKSHARA.sub(lambda found: _CONSONANTS[found[1]] + _after(found[2]), text)
    text = _FINAL.sub(r"\1", text.translate(_INITIALS))
    while (shorter := _LAST_MEDIAL.sub(r"\1", text)) != text:
        text = shorter
    return text.replace(_INHERENT, "a")


def _after(sign: str) -> str:
    return "" if sign == "्" else _SIGNS.get(sign, _INHERENT)
