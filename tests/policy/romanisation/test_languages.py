from consumer.policy.romanisation import languages


def test_the_student_s_language_comes_before_the_tenant_s_and_its_country_s() -> None:
    assert languages("uk-UA", "sr", country="BG") == ("uk", "sr", "bg")


def test_what_is_missing_or_says_nothing_is_passed_over() -> None:
    assert languages(None, "", country=None) == ()
    assert languages("uk_UA", country="XX") == ("uk",)


def test_none_is_named_twice() -> None:
    assert languages("bg", "bg-BG", country="BG") == ("bg",)
