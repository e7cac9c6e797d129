"""Which languages a student's names may be in, likeliest first: needed where a script serves several."""

from collections.abc import Iterator

from consumer.policy.romanisation.table import table

_OF_COUNTRY = table(
    """
    RU:ru UA:uk BY:be BG:bg RS:sr ME:sr BA:sr MK:mk
    DE:de AT:de CH:de LI:de DK:da NO:nb SE:sv FI:fi TR:tr AZ:az HU:hu EE:et IS:is SK:sk ES:es FR:fr NL:nl
    CN:zh TW:zh HK:zh MO:zh SG:zh JP:ja KR:ko IR:fa AF:fa PK:ur
    """
)
"""The language in which names are written in a country (ISO 3166), where that decides anything in this package."""


def languages(*tags: str | None, country: str | None = None) -> tuple[str, ...]:
    """The primary subtags of BCP 47 `tags` in their order, then the language of `country`. Anything else in their places is passed over."""
    return tuple(dict.fromkeys(_all(tags, country)))


def _all(tags: tuple[str | None, ...], country: str | None) -> Iterator[str]:
    for tag in tags:
        if tag:
            yield tag.replace("_", "-").partition("-")[0].strip().lower()
    if language := _OF_COUNTRY.get(country or ""):
        yield language
