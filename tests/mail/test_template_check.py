from pathlib import Path

import pytest

from consumer.mail.deletion_notice import DELETION_NOTICE
from consumer.mail.template_check import Mistake, TemplateCheck, check
from consumer.mail.welcome import WELCOME

MAIL = "new-user-creation-without-account-email"
SHIPPED = Path(__file__).parents[2] / "templates"
GOOD = "{{ sign_in_name }} {{ password }} {{ sign_in_url }}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mail = tmp_path / "hello" / "en"
    mail.mkdir(parents=True)
    (mail / "subject.txt").write_text("Hello", encoding="utf-8")
    (mail / "body.txt").write_text(GOOD, encoding="utf-8")
    (mail / "body.html").write_text(GOOD, encoding="utf-8")
    return mail


def mistakes(folder: Path, *languages: str) -> list[Mistake]:
    return check(folder.parents[1], WELCOME, "hello", languages or ("en",))


def only(folder: Path) -> Mistake:
    (mistake,) = mistakes(folder)
    return mistake


def test_the_templates_that_are_shipped_have_no_mistakes() -> None:
    assert check(SHIPPED, WELCOME, MAIL, ("en", "el")) == []
    assert check(SHIPPED, DELETION_NOTICE, "account-deletion-notice-email", ("en", "el")) == []


def test_a_mail_that_does_not_exist_is_answered_with_those_that_do(folder: Path) -> None:
    (mistake,) = check(folder.parents[1], WELCOME, "helo", ("en",))
    assert (mistake.wrong, mistake.right) == ("there is no mail template `helo`", "use one of: hello")


def test_a_directory_that_does_not_exist_is_a_mistake_too(tmp_path: Path) -> None:
    (mistake,) = check(tmp_path / "nowhere", WELCOME, "hello", ("en",))
    assert mistake.right == "add it, with a folder for each language"


def test_a_language_that_is_not_written_is_answered_with_those_that_are(folder: Path) -> None:
    (mistake,) = mistakes(folder, "en", "mt")
    assert mistake.wrong == "the mail is not written in `mt`"
    assert mistake.right.endswith("there is: en")


def test_a_missing_part_is_named(folder: Path) -> None:
    (folder / "body.html").unlink()
    assert only(folder).file == folder / "body.html"
    assert only(folder).wrong == "the file is missing"


def test_a_syntax_error_has_its_line(folder: Path) -> None:
    (folder / "body.txt").write_text(GOOD + "\n{% if password %}", encoding="utf-8")
    assert only(folder).line == 3
    assert only(folder).wrong.startswith("not a template: ")


def test_an_unknown_filter_has_its_line(folder: Path) -> None:
    (folder / "body.txt").write_text(GOOD + "{{ password | shout }}", encoding="utf-8")
    assert only(folder).line == 2


def test_an_unknown_name_is_found_in_every_branch_with_what_was_probably_meant(folder: Path) -> None:
    (folder / "body.txt").write_text(GOOD + "{% if provider == 'x' %}\n{{ pasword }}{% endif %}", encoding="utf-8")
    assert only(folder) == Mistake(
        folder / "body.txt", 3, "`pasword` is not known in this mail", "did you mean `password`?"
    )


def test_an_expression_that_fails_has_its_line(folder: Path) -> None:
    (folder / "body.txt").write_text(GOOD + "\n{{ password + 1 }}", encoding="utf-8")
    assert only(folder).line == 3
    assert only(folder).wrong.startswith("cannot be rendered: ")


@pytest.mark.parametrize("name", ["sign_in_name", "password", "sign_in_url"])
def test_a_body_must_tell_what_a_student_needs(folder: Path, name: str) -> None:
    (folder / "body.txt").write_text(GOOD.replace(f"{{{{ {name} }}}}", ""), encoding="utf-8")
    assert only(folder).wrong == f"the mail never contains `{name}`"


def test_a_subject_must_not_tell_the_password(folder: Path) -> None:
    (folder / "subject.txt").write_text("Hello {{ password }}", encoding="utf-8")
    assert only(folder).wrong == "the subject contains the password"


def test_a_subject_is_one_line(folder: Path) -> None:
    (folder / "subject.txt").write_text("Hello\nWorld\n", encoding="utf-8")
    assert only(folder).wrong == "the subject has more than one line"


@pytest.mark.parametrize(("source", "wrong"), [("", "renders to nothing"), ("x" * 256, "renders to 256 characters")])
def test_a_subject_has_bounds(folder: Path, source: str, wrong: str) -> None:
    (folder / "subject.txt").write_text(source, encoding="utf-8")
    assert only(folder).wrong == wrong


def test_a_file_in_another_encoding_is_a_mistake(folder: Path) -> None:
    (folder / "subject.txt").write_bytes("Hi\nΓεια".encode("iso-8859-7"))
    assert (only(folder).line, only(folder).wrong) == (2, "the file is not UTF-8")


def test_every_mistake_is_reported_at_once(folder: Path) -> None:
    (folder / "subject.txt").write_text("{{ nix }}", encoding="utf-8")
    (folder / "body.txt").write_text("{% if %}", encoding="utf-8")
    (folder / "body.html").unlink()
    assert [mistake.file.name for mistake in mistakes(folder, "en", "el")] == [
        "subject.txt",
        "body.txt",
        "body.html",
        "el",
    ]


def test_a_file_with_a_byte_order_mark_is_right(folder: Path) -> None:
    for part in ("subject.txt", "body.txt", "body.html"):
        (folder / part).write_bytes(b"\xef\xbb\xbf" + (folder / part).read_bytes().replace(b"\n", b"\r\n"))
    assert mistakes(folder) == []


def test_a_control_character_has_its_line(folder: Path) -> None:
    (folder / "body.txt").write_text(GOOD + "a\x07", encoding="utf-8")
    assert (only(folder).line, "U+0007" in only(folder).wrong) == (2, True)


def test_markup_has_its_line_in_the_template_and_is_found_in_every_branch(folder: Path) -> None:
    (folder / "body.html").write_text(
        "{# a\ncomment #}\n" + GOOD + "{% if provider == 'x' %}\n<script></script>{% endif %}", encoding="utf-8"
    )
    assert (only(folder).line, only(folder).wrong.startswith("`<script>`")) == (5, True)


@pytest.mark.parametrize(
    "source",
    [
        "<a href='https://x.example/?user={{ sign_in_name }}'>x</a>",
        "<a href='{{ sign_in_url }}'>{{ password }}</a>",
        "<p title='{{ preferred_name | upper }}'>x</p>",
        "{% set p = password %}<p title='{{ p }}'>x</p>",
        "https://x.example/{{ password }}",
    ],
)
def test_a_secret_or_a_name_in_a_link_or_an_attribute_is_a_mistake(folder: Path, source: str) -> None:
    (folder / "body.html").write_text(GOOD + source, encoding="utf-8")
    assert "contains `" in only(folder).wrong


def test_a_link_in_plain_text_that_tells_the_password_is_a_mistake(folder: Path) -> None:
    (folder / "body.txt").write_text(GOOD + "https://x.example/?p={{ password }}", encoding="utf-8")
    assert (only(folder).line, only(folder).wrong) == (2, "a link contains `password`")


def test_what_an_included_file_tells_counts_and_its_mistakes_are_its_own(folder: Path) -> None:
    shared = folder.parents[1] / "shared.txt"
    (folder / "body.txt").write_text("{% include 'shared.txt' %}", encoding="utf-8")
    shared.write_text(GOOD, encoding="utf-8")
    assert mistakes(folder) == []
    shared.write_text(GOOD + "{{ pasword }}", encoding="utf-8")
    assert (only(folder).file, only(folder).line) == (shared, 2)


@pytest.mark.parametrize("name", ["nowhere.txt", "../outside.txt"])
def test_a_file_that_cannot_be_included_is_a_mistake_of_the_line_that_includes_it(folder: Path, name: str) -> None:
    (folder / "body.txt").write_text(GOOD + f"{{% include '{name}' %}}", encoding="utf-8")
    assert (only(folder).line, only(folder).wrong) == (2, f"there is no file `{name}` to include")


def test_a_value_that_some_students_do_not_get_is_a_mistake(folder: Path) -> None:
    (folder / "body.txt").write_text(GOOD.replace("{{ password }}", "{% if preferred_name %}{{ password }}{% endif %}"))
    assert only(folder).wrong.startswith("the mail does not always contain")


def test_a_subject_that_tells_the_password_in_a_roundabout_way_is_a_mistake(folder: Path) -> None:
    (folder / "subject.txt").write_text("{% set p = password %}{{ p }}", encoding="utf-8")
    assert only(folder).wrong == "the subject contains the password"


def test_a_template_that_grows_without_end_is_a_mistake(folder: Path) -> None:
    (folder / "body.txt").write_text(GOOD + "{% set a = 'xx' %}" + "{% set a = a ~ a %}" * 60, encoding="utf-8")
    assert "too large" in only(folder).wrong


def test_a_subject_that_is_too_long_for_an_institution_names_the_language(folder: Path) -> None:
    (folder / "subject.txt").write_text("Hello " * 25 + "{{ institution }}", encoding="utf-8")
    check = TemplateCheck(folder.parents[1])
    assert check.subject_too_long(WELCOME, "hello", ("en",), "x" * 105) is None
    assert check.subject_too_long(WELCOME, "hello", ("en",), "x" * 106) == "en"


def test_a_template_of_one_mail_is_none_of_another(folder: Path) -> None:
    found = check(folder.parents[1], DELETION_NOTICE, "hello", ("en",))
    assert {mistake.wrong for mistake in found} == {
        "`password` is not known in this mail",
        "`sign_in_url` is not known in this mail",
    }


@pytest.mark.parametrize("name", ["sign_in_name", "deletion_date"])
def test_a_notice_must_tell_whose_account_is_deleted_and_when(folder: Path, name: str) -> None:
    whole = "{{ sign_in_name }} {{ deletion_date }}"
    for part in ("body.txt", "body.html"):
        (folder / part).write_text(whole.replace(f"{{{{ {name} }}}}", "x"), encoding="utf-8")
    found = check(folder.parents[1], DELETION_NOTICE, "hello", ("en",))
    assert [mistake.wrong for mistake in found] == [f"the mail never contains `{name}`"] * 2
