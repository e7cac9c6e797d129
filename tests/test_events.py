"""What the typed records refuse, and what they take for the same."""

import pytest
from pydantic import ValidationError

from consumer.events import Status, Student

INVISIBLE = [
    " ",
    "   ",
    "\u00a0",
    "\u200b",
    "\u2060\ufeff",
    "\u3000 \u2003",
    "\u00ad",
    "\u2800",
    "\u3164",
    "\ufe0f",
    "\u034f",
]


@pytest.mark.parametrize("text", INVISIBLE)
def test_an_id_of_which_nothing_shows_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Student(student_id=text)
    with pytest.raises(ValidationError):
        Status(id=text, name="", type="")


@pytest.mark.parametrize("text", ["1", "Ñ-7", "学号 7", "a b", "👩‍🎓", "\u200b7"])
def test_an_id_of_which_something_shows_is_taken_as_it_is(text: str) -> None:
    assert Student(student_id=text).student_id == text


def test_an_attribute_s_name_may_be_blank() -> None:
    assert Student(student_id="1", attributes={" ": "x"}).attributes == {" ": "x"}


def test_the_order_of_attributes_is_no_content() -> None:
    one, other = (
        Student(student_id="1", attributes={"b": "2", "a": "1"}),
        Student(student_id="1", attributes={"a": "1", "b": "2"}),
    )
    assert one.model_dump_json() == other.model_dump_json()


@pytest.mark.parametrize("around", ["{}\r\n", "\t{}", " {}\u00a0", "{}\u2028"])
def test_blanks_and_line_ends_around_a_contact_address_are_taken_off(around: str) -> None:
    text = around.format("maria@home.example")
    student = Student.model_validate({"student_id": "7", "contact_email": text, "guardian_emails": [text]})
    assert (student.contact_email, *student.guardian_emails) == ("maria@home.example",) * 2


@pytest.mark.parametrize("text", ["maria@home.example\r\nBcc: eve@evil.example", "maria@home.example\x00"])
def test_a_line_end_within_a_contact_address_refuses_the_event(text: str) -> None:
    with pytest.raises(ValidationError):
        Student.model_validate({"student_id": "7", "contact_email": text})
