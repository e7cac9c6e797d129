import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("language", "name", "expected"),
    [
        ("ru", "Дмитрий Щукин", "dmitrii shchukin"),
        ("ru", "Юлия Подъячева", "iuliia podieiacheva"),
        ("uk", "Володимир Гончар", "volodymyr honchar"),
        ("uk", "Згурський Ґалаґан", "zghurskyi galagan"),
        ("uk", "Єнакієва Гаєвич", "yenakiieva haievych"),
        ("uk", "Їжакевич Мар'їн Йосипівна", "yizhakevych marin yosypivna"),
        ("uk", "Юрій Яготин Знам'янка", "yurii yahotyn znamianka"),
        ("be", "Ігар Аляксандравіч Васількоў", "ihar aliaksandravich vasilkou"),
        ("be", "Алёна Быкава", "aliona bykava"),
        ("bg", "Петър Щерев", "petar shterev"),
        ("bg", "Мария Андрейчин Тотьо", "maria andreychin totyo"),
        ("sr", "Ђорђе Жикић", "dorde zikic"),
        ("sr", "Љиљана Чолић-Џаџић", "ljiljana colic dzadzic"),
        ("mk", "Ѓорѓи Ќосев", "gjorgji kjosev"),
        ("mk", "Џевдет Ѕвездан", "djevdet dzvezdan"),
    ],
)
def test_each_language_follows_its_country_s_passports(language: str, name: str, expected: str) -> None:
    assert romanised(name, language) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Олена Київська", "olena kyivska"),  # ї
        ("Володимир Зеленський", "volodymyr zelenskyi"),  # -ський
        ("Васількоў", "vasilkou"),  # ў
        ("Петър", "petar"),  # ъ between consonants
        ("Подъячев", "podieiachev"),  # ъ before я
        ("Јован Петровић", "jovan petrovic"),
        ("Ќосев", "kjosev"),
        ("Владимир", "vladimir"),
    ],
)
def test_where_no_language_is_given_the_letters_tell(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        (["ru"], "georgii"),
        (["uk"], "heorhyi"),
        (["bg"], "georgiy"),
        (["en", "uk"], "heorhyi"),
        (["sr", "bg"], "georgiy"),
    ],
)
def test_letters_that_several_languages_share_go_by_the_first_that_can_write_the_name(
    languages: list[str], expected: str
) -> None:
    assert romanised("Георгий", *languages) == expected


def test_a_language_that_cannot_write_the_name_is_passed_over() -> None:
    assert romanised("Ђорђе", "ru") == "dorde"
    assert romanised("Ігор", "bg", "uk") == "ihor"


@pytest.mark.parametrize(
    ("country", "expected"), [("UA", "heorhyi"), ("RU", "georgii"), ("BG", "georgiy"), ("GR", "georgii")]
)
def test_the_tenant_s_country_decides_where_the_student_s_language_does_not(country: str, expected: str) -> None:
    assert romanised("Георгий", "en", country=country) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Нұрсұлтан Әбішұлы", "nursultan abishuly"), ("Ганбаатар", "ganbaatar"), ("Ҷамшед", "chamshed")],
)
def test_letters_of_other_languages_are_read_too(name: str, expected: str) -> None:
    assert romanised(name) == expected
