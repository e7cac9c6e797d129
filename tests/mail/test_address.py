import pytest

from consumer.errors import GiveUp, Reason
from consumer.mail.address import is_address, recipient


@pytest.mark.parametrize(
    "text",
    [
        "maria@example.com",
        "maria.borg+school@mail.example.co.uk",
        "o'neill@example.com",
        "m@xn--mgberp4a5d4ar.xn--4gbrim",
        "UPPER@EXAMPLE.COM",
        "_x-1@a-b.example.museum",
    ],
)
def test_one_plain_address_is_taken_as_it_stands(text: str) -> None:
    assert recipient(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "maria",
        "maria@",
        "@example.com",
        "maria@example",
        "maria@localhost",
        "maria@@example.com",
        "maria@example.com@evil.example",
        ".maria@example.com",
        "maria.@example.com",
        "ma..ria@example.com",
        "maria@-example.com",
        "maria@example-.com",
        "maria@example..com",
        "maria@example.com.",
        "maria@[192.0.2.1]",
        "maria@192.0.2.1",
        " maria@example.com",
        "maria@example.com ",
        "ma ria@example.com",
        '"maria"@example.com',
        "maria(comment)@example.com",
        "μαρία@example.com",
        "maria@παράδειγμα.ελ",
        "maria@exаmple.com",
        "m" * 65 + "@example.com",
        "m@" + "a" * 63 + "." + ("b" * 63 + ".") * 3 + "com",
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "maria@example.com,eve@evil.example",
        "maria@example.com;eve@evil.example",
        "maria@example.com eve@evil.example",
        "maria@example.com\r\nBcc: eve@evil.example",
        "maria@example.com\n",
        "maria@example.com\x00",
        "maria@example.com\u2028eve@evil.example",
        "Maria <eve@evil.example>",
        "<maria@example.com>",
        "group: maria@example.com, eve@evil.example;",
        "maria@example.com%0d%0aBcc:eve@evil.example",
        "maria\u202e@example.com",
    ],
)
def test_no_trick_turns_one_recipient_into_two_or_into_another(text: str) -> None:
    with pytest.raises(GiveUp) as refused:
        recipient(text)
    assert refused.value.reason is Reason.NO_CONTACT_ADDRESS
    assert "maria" not in str(refused.value)
    assert "evil" not in str(refused.value)
