"""ISO 3166-1 alpha-2 countries, as both vendors take them (Graph's `usageLocation`)."""

_ISO_3166 = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK
    CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS
    GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV
    LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR
    TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
CODES = frozenset(_ISO_3166.split())

_MEANT = {
    "UK": "GB",
    "EL": "GR",
    "EN": "GB",
    "SF": "FI",
    "YU": "RS",
    "AN": "CW",
    "TP": "TL",
    "BU": "MM",
    "ZR": "CD",
    "SU": "RU",
    "DD": "DE",
}
"""Codes of other lists, such as the European Union's `EL`, and of countries that are gone."""


def known(code: str) -> str:
    """The code itself. Raises ValueError where ISO 3166-1 has no such country, with what was probably meant."""
    if code in CODES:
        return code
    hint = f": it calls that one `{_MEANT[code]}`" if code in _MEANT else ""
    raise ValueError(f"is `{code}`, which ISO 3166 does not have{hint}")
