"""Latin letters that ICAO Doc 9303 part 3 (section 6 A) writes with two in a passport's machine-readable zone, where the country does so.

German-speaking and Nordic countries write ä as ae, ö as oe, ü as ue, å as aa. Others drop the marks of the same letters (the table allows
both for ä, ö and ü), so a name is written so only where its language is known. All other letters lose their marks by `anyascii`, as in
the table: đ is d, ł is l, ı is i, þ is th, ß is ss, œ is oe.
"""

import re
from collections.abc import Sequence

from consumer.policy.romanisation.table import table

_PAIRED = str.maketrans(table("ä:ae æ:ae ö:oe ø:oe ü:ue å:aa ß:ss"))
_PAIRING = frozenset({"de", "gsw", "da", "no", "nb", "nn", "sv", "fi", "is"})
_PLAIN = frozenset({"tr", "az", "tk", "hu", "et", "sk", "es", "ca", "gl", "eu", "fr", "nl", "br", "pt"})
"""Languages that have some of these letters and drop their marks."""

_FOREIGN = re.compile("[ğışəőű]")
"""Letters of Turkish, Azerbaijani and Hungarian beside which ö and ü are not German."""


def is_paired(text: str, languages: Sequence[str]) -> bool:
    """Whether the letters of `text` (in lower case, composed) are written with two, by the first of `languages` that has them."""
    language = next((one for one in languages if one in _PAIRING | _PLAIN), "")
    return language in _PAIRING and not _FOREIGN.search(text)


def romanised(text: str) -> str:
    """`text` must be in lower case and composed."""
    return text.translate(_PAIRED)
