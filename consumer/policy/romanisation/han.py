"""Chinese characters in Hanyu Pinyin without tones, as passports of the People's Republic print it: ü is yu after l and n (吕 is lyu).

Single readings are `anyascii`'s. Some characters are read in another way as a surname; those are listed here (after CLDR's
`Han-Latin/Names` and the usual lists of surnames). A character's other readings within a given name cannot be known.

Japanese and Korean names are written with the same characters but not read so, and their reading does not follow from the characters:
they are left out, so that no student gets an address in a language that is not theirs.
"""

import re
from collections.abc import Sequence

from anyascii import anyascii

from consumer.policy.romanisation.table import table

PRESENT = re.compile("[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

_KANA = "\u3041-\u3096\u30a1-\u30fa\u30fc"
_HAN = PRESENT.pattern.strip("[]")
_ANY_KANA = re.compile(f"[{_KANA}]")
_FIRST_TWO = re.compile(f"[{_HAN}]{{1,2}}")
_JAPANESE_RUN = re.compile(f"[{_KANA}]*[{_HAN}][{_KANA}{_HAN}]*")
_CHINESE = frozenset({"zh", "cmn", "yue", "wuu", "nan", "hak"})
_OTHERS = frozenset({"ja", "ko"})

_SURNAMES_OF_TWO = table(
    """
    万俟:moqi 萬俟:moqi 澹台:tantai 澹臺:tantai 尉迟:yuchi 尉遲:yuchi 单于:chanyu 單于:chanyu 拓跋:tuoba
    """
)
_SURNAMES = table(
    """
    曾:zeng 单:shan 仇:qiu 解:xie 查:zha 区:ou 盖:ge 牟:mu 繁:po 召:shao 折:she 莘:xin 乐:yue 员:yun 翟:zhai
    种:chong 重:chong 秘:bi 卜:bu 朴:piao 都:du 乜:nie 缪:miao 句:gou 能:nai 薄:bo 贠:yun 钭:tou 刀:diao
    單:shan 區:ou 蓋:ge 樂:yue 員:yun 種:chong 祕:bi 繆:miao 鈄:tou
    """
)
_FRONT_U = frozenset("吕呂律绿綠旅屡屢履虑慮驴驢侣侶铝鋁缕縷闾閭榈櫚膂褛褸率女衄恧钕釹")
_FRONT_UE = re.compile("(?<=^[ln])ue$")


def is_chinese(text: str, languages: Sequence[str]) -> bool:
    """Whether Han characters in `text` are read as Chinese: not beside kana, and not where the first fitting language says otherwise."""
    if _ANY_KANA.search(text):
        return False
    return next((one in _CHINESE for one in languages if one in _CHINESE | _OTHERS), True)


def romanised(text: str, *, surname: bool) -> str:
    """What is not Han stays as it is. `surname`: the text begins with a surname."""
    if surname:
        text = _FIRST_TWO.sub(lambda found: _with_surname(found[0]), text, count=1)
    return PRESENT.sub(lambda found: _latin(found[0]), text)


def left_out(text: str) -> str:
    """`text` without the words that hold Han characters."""
    return _JAPANESE_RUN.sub(" ", text)


def _with_surname(two: str) -> str:
    return _SURNAMES_OF_TWO.get(two) or _SURNAMES.get(two[0], two[0]) + two[1:]


def _latin(character: str) -> str:
    read = anyascii(character).lower()
    return read[:-1] + "yu" if character in _FRONT_U else _FRONT_UE.sub("yue", read)
