"""Japanese kana in the Hepburn form of Japanese passports (Passport Act enforcement regulations, article 9; MOFA's table).

Long vowels are not written (ようこ is yoko), but an お at a word's end is (せのお is senoo); ん is m before b, m and p; っ doubles the next
consonant, and is t before ch.
"""

import re

from consumer.policy.romanisation.table import table

PRESENT = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")

_TO_HIRAGANA = str.maketrans({**{chr(code): chr(code - 0x60) for code in range(0x30A1, 0x30F7)}, "ー": ""})
_SYLLABLES = table(
    """
    あ:a い:i う:u え:e お:o ん:n
    か:ka き:ki く:ku け:ke こ:ko きゃ:kya きゅ:kyu きょ:kyo
    が:ga ぎ:gi ぐ:gu げ:ge ご:go ぎゃ:gya ぎゅ:gyu ぎょ:gyo
    さ:sa し:shi す:su せ:se そ:so しゃ:sha しゅ:shu しぇ:she しょ:sho
    ざ:za じ:ji ず:zu ぜ:ze ぞ:zo じゃ:ja じゅ:ju じぇ:je じょ:jo
    た:ta ち:chi つ:tsu て:te と:to ちゃ:cha ちゅ:chu ちぇ:che ちょ:cho つぁ:tsa てぃ:ti とぅ:tu
    だ:da ぢ:ji づ:zu で:de ど:do ぢゃ:ja ぢゅ:ju ぢょ:jo でぃ:di でゅ:dyu どぅ:du
    な:na に:ni ぬ:nu ね:ne の:no にゃ:nya にゅ:nyu にょ:nyo
    は:ha ひ:hi ふ:fu へ:he ほ:ho ひゃ:hya ひゅ:hyu ひょ:hyo ふぁ:fa ふぃ:fi ふゅ:fyu ふぇ:fe ふぉ:fo
    ば:ba び:bi ぶ:bu べ:be ぼ:bo びゃ:bya びゅ:byu びょ:byo ゔ:bu ゔぁ:ba ゔぃ:bi ゔぇ:be ゔぉ:bo
    ぱ:pa ぴ:pi ぷ:pu ぺ:pe ぽ:po ぴゃ:pya ぴゅ:pyu ぴょ:pyo
    ま:ma み:mi む:mu め:me も:mo みゃ:mya みゅ:myu みょ:myo
    や:ya ゆ:yu よ:yo
    ら:ra り:ri る:ru れ:re ろ:ro りゃ:rya りゅ:ryu りょ:ryo
    わ:wa ゐ:i ゑ:e を:o うぃ:wi うぇ:we うぉ:wo
    ぁ:a ぃ:i ぅ:u ぇ:e ぉ:o ゃ:ya ゅ:yu ょ:yo ゎ:wa ゕ:ka ゖ:ke
    """
)
_SYLLABLE = re.compile("[ぁ-ゖ][ぁぃぅぇぉゃゅょ]|[ぁ-ゖ]")
_LONG = re.compile(
    # う begins the second part of a name in 井上 (Inoue), 松浦 (Matsuura) and 小団扇 (Kouchiwa), and makes no vowel long there.
    "のうえ|つうら|こうちわ|([おこごそぞとどのほぼぽもよろをょぉ])(?:う|お(?=[ぁ-ゖ]))|([うくぐすずつづぬふぶぷむゆるゔゅぅ])う"
)
_N_BEFORE_LABIAL = re.compile("ん(?=[ばびぶべぼぱぴぷぺぽまみむめもゔ])")
_DOUBLED = re.compile("っ+([^aiueoっ])")


def romanised(text: str) -> str:
    """What is not kana stays as it is."""
    text = text.translate(_TO_HIRAGANA)
    text = _LONG.sub(lambda found: found[1] or found[2] or found[0], text)
    text = _N_BEFORE_LABIAL.sub("m", text)
    text = _SYLLABLE.sub(lambda found: _latin(found[0]), text)
    return _DOUBLED.sub(lambda found: ("t" if found[1] == "c" else found[1]) + found[1], text).replace("っ", "")


def _latin(kana: str) -> str:
    return _SYLLABLES.get(kana) or "".join(_SYLLABLES.get(one, one) for one in kana)
