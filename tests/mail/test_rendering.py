import traceback
from datetime import date
from pathlib import Path

import pytest

from consumer.errors import Hold, Reason
from consumer.events import Provider
from consumer.mail.deletion_notice import NoticeValues
from consumer.mail.rendering import Rendered, Templates
from consumer.mail.welcome import WelcomeValues

WELCOME = "new-user-creation-without-account-email"
SHIPPED = Path(__file__).parents[2] / "templates"
SECRET = "Kd7mWq-3x9Rtb-Hn4cZp"
RIGHT_TO_LEFT = "محمد"


def values(
    name: str = "Maria",
    *,
    institution: str = "North High",
    provider: Provider = Provider.MICROSOFT,
    password: str = SECRET,
) -> WelcomeValues:
    return WelcomeValues(institution, provider, name, "maria.borg@school.example", password)


def rendered(given: WelcomeValues, language: str = "en") -> Rendered:
    return Templates(SHIPPED).render(WELCOME, ("en", "el"), language, given)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mail = tmp_path / "hello" / "en"
    mail.mkdir(parents=True)
    (mail / "subject.txt").write_text("Hello", encoding="utf-8")
    (mail / "body.txt").write_text("{{ preferred_name }} {{ password }}", encoding="utf-8")
    (mail / "body.html").write_text("<p>{{ preferred_name }} {{ password }}</p>", encoding="utf-8")
    return mail


def render_from(folder: Path, given: WelcomeValues | None = None) -> Rendered:
    return Templates(folder.parents[1]).render("hello", ("en",), None, given or values())


@pytest.mark.parametrize("language", ["en", "el"])
@pytest.mark.parametrize(
    ("provider", "service", "url"),
    [
        (Provider.MICROSOFT, "Microsoft 365", "https://www.office.com"),
        (Provider.GOOGLE, "Google Workspace", "https://accounts.google.com"),
    ],
)
def test_the_mail_tells_who_where_and_with_what(language: str, provider: Provider, service: str, url: str) -> None:
    mail = rendered(values(provider=provider), language)
    assert "North High" in mail.subject
    assert service in mail.subject
    for body in (mail.text, mail.html):
        for value in ("North High", "Maria", "maria.borg@school.example", SECRET, url, service):
            assert value in body


@pytest.mark.parametrize("language", ["en", "el"])
def test_the_subject_never_holds_the_password(language: str) -> None:
    assert SECRET not in rendered(values(), language).subject


def test_the_student_is_written_to_in_their_language() -> None:
    assert "Καλώς ορίσατε" in rendered(values(), "el-GR").text
    assert rendered(values(), "fr").language == "en"


def test_a_student_without_a_name_is_greeted_all_the_same() -> None:
    assert rendered(values("")).text.startswith("Hello,\n")
    assert "<p>Hello,</p>" in rendered(values("")).html


def test_html_is_escaped_and_text_is_not() -> None:
    mail = rendered(values(institution="O'Neill & <i>Söhne</i>"))
    assert "O&#39;Neill &amp; &lt;i&gt;Söhne&lt;/i&gt;" in mail.html
    assert "O'Neill & <i>Söhne</i>" in mail.text
    assert "<i>" not in mail.html


def test_a_password_is_never_decorated_with_invisible_characters() -> None:
    mail = rendered(values(RIGHT_TO_LEFT))
    assert f"\n{SECRET}\n" in mail.text
    assert f">{SECRET}<" in mail.html


def test_a_right_to_left_name_is_kept_apart_from_its_surroundings() -> None:
    mail = rendered(values(RIGHT_TO_LEFT, institution=RIGHT_TO_LEFT))
    assert f"\u2068{RIGHT_TO_LEFT}\u2069" in mail.text
    assert f"\u2068{RIGHT_TO_LEFT}\u2069" in mail.subject
    assert f"<bdi>{RIGHT_TO_LEFT}</bdi>" in mail.html


def test_a_left_to_right_name_needs_no_isolation_in_text() -> None:
    assert "\u2068" not in rendered(values("Μαρία")).text


@pytest.mark.parametrize(
    "institution",
    ["North\r\nBcc: eve@evil.example", "North\nHigh", "North\u2028High", "North\x85High", "North\x00\x1bHigh"],
)
def test_a_subject_is_one_line_whatever_the_names_hold(institution: str) -> None:
    subject = rendered(values(institution=institution)).subject
    assert len(subject.splitlines()) == 1
    assert subject.isprintable()


def test_direction_marks_in_a_name_do_not_reach_the_mail() -> None:
    mail = rendered(values("Ma\u202eria\u2069\u2066", institution="North\u202eHigh"))
    for text in (mail.subject, mail.text, mail.html):
        assert not set(text) & {"\u202e", "\u2066", "\u2069"}


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example/win",
        "evil.example",
        "www.evil.example",
        "eve@evil.example",
        "Click <a href=x>",
        "[x](//evil)",
    ],
)
def test_a_name_is_never_a_link(name: str) -> None:
    text = rendered(values(name)).text.partition("Welcome")[0]
    assert "evil.example" not in text
    assert not set(text) & set("/@<>")


def test_a_name_with_initials_only_gains_blanks() -> None:
    assert rendered(values("J.R. O'Neill-Smith")).text.startswith("Hello J. R. O'Neill-Smith,")


def test_emoji_in_a_name_survive() -> None:
    mail = rendered(values("Zoë 🌻"))
    assert "Zoë 🌻" in mail.text
    assert "Zoë 🌻" in mail.html


def test_nothing_personal_shows_in_a_repr() -> None:
    shown = repr(values()) + repr(rendered(values()))
    for hidden in (SECRET, "Maria", "maria.borg"):
        assert hidden not in shown


def test_a_missing_template_waits_for_a_person() -> None:
    with pytest.raises(Hold) as held:
        Templates(SHIPPED).render("no-such-mail", ("en",), None, values())
    assert str(held.value) == "The mail template no-such-mail/en/subject.txt is missing."
    assert held.value.reason is Reason.TENANT_UNUSABLE


@pytest.mark.parametrize(
    "broken",
    [
        "line one\n{{ pasword }}",
        "line one\n{{ password.nothing }}",
        "line one\n{{ password|int(default=nix) }}",
        "line one\n{{ 1 // 0 }}",
        "line one\n{{ password + 1 }}",
        "line one\n{{ password | no_such_filter }}",
        "line one\n{% if %}",
        "line one\n{{ password.__class__.__mro__ }}",
        "line one\n{{ ''.__class__.__base__.__subclasses__() }}",
    ],
)
def test_a_broken_template_waits_for_a_person_and_shows_the_line_but_no_value(folder: Path, broken: str) -> None:
    (folder / "body.txt").write_text(broken, encoding="utf-8")
    with pytest.raises(Hold) as held:
        render_from(folder)
    assert str(held.value).startswith("The mail template hello/en/body.txt, line 2, cannot be rendered")
    assert SECRET not in "".join(traceback.format_exception(held.value))


def test_a_template_that_cannot_be_read_waits_for_a_person(folder: Path) -> None:
    (folder / "body.txt").unlink()
    (folder / "body.txt").mkdir()
    with pytest.raises(Hold):
        render_from(folder)


@pytest.mark.parametrize("broken", ["{{ pasword }}", "{% if %}", "{{ 1 // 0 }}"])
def test_a_corrected_template_is_used_without_a_restart(folder: Path, broken: str) -> None:
    templates = Templates(folder.parents[1])
    for part in ("body.txt", "body.html"):
        good = (folder / part).read_text(encoding="utf-8")
        (folder / part).write_text(broken, encoding="utf-8")
        with pytest.raises(Hold):
            templates.render("hello", ("en",), None, values())
        (folder / part).write_text(good, encoding="utf-8")
    assert SECRET in templates.render("hello", ("en",), None, values()).text


def test_a_good_template_is_read_once(folder: Path) -> None:
    templates = Templates(folder.parents[1])
    templates.render("hello", ("en",), None, values())
    (folder / "body.txt").write_text("half a fi", encoding="utf-8")
    assert SECRET in templates.render("hello", ("en",), None, values()).text


def test_a_template_cannot_declare_a_value_safe(folder: Path) -> None:
    (folder / "body.html").write_text("{{ preferred_name | safe }}", encoding="utf-8")
    with pytest.raises(Hold):
        render_from(folder)


def test_a_template_cannot_reach_out_of_its_directory(folder: Path) -> None:
    (folder.parents[2] / "outside.txt").write_text("secret", encoding="utf-8")
    (folder / "body.txt").write_text("{% include '../../../outside.txt' %}", encoding="utf-8")
    with pytest.raises(Hold):
        render_from(folder)


@pytest.mark.parametrize("source", ["", "  \n ", "x" * 100_001, "{{ 'x' * 100001 }}"])
def test_a_body_that_is_empty_or_too_large_is_not_sent(folder: Path, source: str) -> None:
    (folder / "body.html").write_text(source, encoding="utf-8")
    with pytest.raises(Hold):
        render_from(folder)


def test_a_subject_over_its_limit_is_not_sent(folder: Path) -> None:
    (folder / "subject.txt").write_text("{{ institution * 100 }}", encoding="utf-8")
    with pytest.raises(Hold):
        render_from(folder)


@pytest.mark.parametrize("language", ["en", "el"])
def test_the_notice_of_a_deletion_says_whose_account_is_deleted_and_when(language: str) -> None:
    given = NoticeValues("North High", Provider.GOOGLE, "Maria", "Borg", "maria.borg@school.example", date(2027, 7, 1))
    mail = Templates(SHIPPED).render("account-deletion-notice-email", ("en", "el"), language, given)
    assert "North High" in mail.subject
    for body in (mail.text, mail.html):
        for value in ("North High", "Maria Borg", "maria.borg@school.example", "2027-07-01", "Google Workspace"):
            assert value in body


def test_one_directory_renders_several_kinds_of_mail(folder: Path) -> None:
    other = folder.parents[1] / "bye" / "en"
    other.mkdir(parents=True)
    for part in ("subject.txt", "body.txt", "body.html"):
        (other / part).write_text("{{ deletion_date }}", encoding="utf-8")
    templates = Templates(folder.parents[1])
    assert SECRET in templates.render("hello", ("en",), None, values()).text
    given = NoticeValues("North High", Provider.GOOGLE, "Maria", "Borg", "maria.borg@school.example", date(2027, 7, 1))
    assert templates.render("bye", ("en",), None, given).text == "2027-07-01"
