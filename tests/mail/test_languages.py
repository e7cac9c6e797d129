import pytest

from consumer.mail.languages import lookup


@pytest.mark.parametrize(
    ("preferred", "available", "expected"),
    [
        ("el", ("en", "el"), "el"),
        ("el-GR", ("en", "el"), "el"),
        ("el-Grek-CY", ("en", "el"), "el"),
        ("EL-gr", ("en", "el"), "el"),
        ("el_GR", ("en", "el"), "el"),
        ("pt-BR", ("en", "pt", "pt-BR"), "pt-BR"),
        ("pt-PT", ("en", "pt", "pt-BR"), "pt"),
        ("zh-Hant-CN-x-private1-private2", ("en", "zh-Hant"), "zh-Hant"),
        ("zh-Hant-x-private1", ("en", "zh-Hant-x"), "en"),
    ],
)
def test_a_tag_loses_subtags_until_it_fits(preferred: str, available: tuple[str, ...], expected: str) -> None:
    assert lookup(preferred, available) == expected


@pytest.mark.parametrize("preferred", [None, "", "fr", "fr-CA", "-", "x-klingon", "*", "e"])
def test_where_nothing_fits_the_tenants_first_language_is_used(preferred: str | None) -> None:
    assert lookup(preferred, ("el", "en")) == "el"


def test_a_plain_language_does_not_pick_a_region_for_itself() -> None:
    assert lookup("pt", ("en", "pt-BR")) == "en"
