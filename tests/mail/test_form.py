"""Forms are written so that any server reads them."""

from consumer.mail.form import form_data
from tests.mail.forms import read_form

FIELDS = {"from": "School <school@x.example>", "html": "<p>Ġorġ & Żofia = 100 %</p>\r\n--\r\n", "o:require-tls": "yes"}


def test_every_field_arrives_as_it_is() -> None:
    assert read_form(*form_data(FIELDS)) == FIELDS


def test_the_same_form_has_the_same_body() -> None:
    assert form_data(FIELDS) == form_data(dict(FIELDS))


def test_several_values_are_as_many_fields() -> None:
    _, body = form_data({"bcc": ("office@x.example", "it@x.example"), "cc": ()})
    assert body.count(b'name="bcc"') == 2
    assert b'name="cc"' not in body


def test_no_value_can_end_its_part() -> None:
    first, _ = form_data(FIELDS)
    inside = FIELDS | {"html": f"--{first.partition('boundary=')[2]}--"}
    assert read_form(*form_data(inside)) == inside
