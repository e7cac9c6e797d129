"""Greek by ELOT 743 (ISO 843 type 2), the form that Greek passports print. Polytonic spelling reads like the modern one."""

import re
import unicodedata

from consumer.policy.romanisation.table import table

PRESENT = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")

_MARK = "[\u0300-\u036f]"
_MARKS = "[\u0300-\u0307\u0309-\u036f]*+"  # any combining mark but the diaeresis (U+0308), which parts a digraph
_VOICED = "αεηιουωβγδζλμνρ"
_AFTER_VOICED = re.compile(rf"([αεη])υ{_MARKS}(?=[{_VOICED}])")
_AFTER_OTHER = re.compile(rf"([αεη])υ{_MARKS}(?!\u0308)")
_OU = re.compile(rf"ου{_MARKS}(?!\u0308)")
_BORDER_B = re.compile(rf"(?<![\w\u0300-\u036f])μπ|μπ(?!{_MARK}*\w)")
_NASAL_GAMMA = re.compile(r"γ(?=[γξχ])")
_LETTER_MARKS = re.compile(rf"(?<=[α-ω]){_MARK}+")
_LETTERS = str.maketrans(
    table("α:a β:v γ:g δ:d ε:e ζ:z η:i θ:th ι:i κ:k λ:l μ:m ν:n ξ:x ο:o π:p ρ:r ς:s σ:s τ:t υ:y φ:f χ:ch ψ:ps ω:o")
)


def romanised(text: str) -> str:
    """`text` must be in lower case. What is not Greek stays, composed (NFC)."""
    text = unicodedata.normalize("NFD", text)
    text = _AFTER_VOICED.sub(r"\1v", text)
    text = _AFTER_OTHER.sub(r"\1f", text)
    text = _OU.sub("ou", text)
    text = _BORDER_B.sub("b", text)
    text = _NASAL_GAMMA.sub("n", text)
    return unicodedata.normalize("NFC", _LETTER_MARKS.sub("", text).translate(_LETTERS))
