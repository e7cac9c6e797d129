"""Of a vendor's message, an operator sees the words, and nothing of a person."""

import random
import re
from uuid import UUID

import pytest

from consumer.providers.scrub import scrubbed_code, scrubbed_message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Cannot Update a mail-enabled security groups and or distribution list.",
            "Cannot Update a mail-enabled security groups and or distribution list.",
        ),
        (
            "SourceAnchor is a required property for creation of a federated user.",
            "SourceAnchor is a required property for creation of a federated user.",
        ),
        ("Property netId is invalid.", "Property … is invalid."),
        ("Value 'O'Neill' of property 'x' is bad.", "Value … of property … is bad."),
        ('The name "Maria Rossi" is bad.', "The name … is bad."),
        ("See maria.rossi@school.example or https://a.example/b.", "… or …"),
        ("Resource 6babcaad-604b-40ac-a9d7-9fd97c0b779f is missing.", "Resource … is missing."),
        ("The user Maria Rossi was not found.", "The user … was not found."),
        ("The name żofia is bad.", "The name … is bad."),
        ("You can't do that; don't.", "You can't do that; don't."),
        ("", ""),
    ],
)
def test_words_stay_and_what_may_be_a_person_s_goes(message: str, shown: str) -> None:
    assert scrubbed_message(message) == shown


def test_what_the_request_held_goes_whatever_its_case() -> None:
    assert scrubbed_message("The user MARIA is maria.", asked=["Maria", "/v1.0/users"]) == "The user … is …"


def test_a_long_message_is_cut_between_words() -> None:
    shown = scrubbed_message("word " * 1_000)
    assert len(shown) <= 122
    assert shown.endswith("word …")


@pytest.mark.parametrize("code", ["Request_BadRequest", "forbidden", "Authorization_RequestDenied", "a.b"])
def test_a_code_is_shown(code: str) -> None:
    assert scrubbed_code(code) == code


@pytest.mark.parametrize("code", ["", "Maria Rossi", "a@b", "x1", "ž", "a" * 65, "maria_rossi"])
def test_what_is_no_code_or_repeats_the_request_is_not(code: str) -> None:
    assert scrubbed_code(code, asked=["maria.rossi@school.example"]) == ""


# --- whatever a vendor says of whomever ---

VENDOR = (
    "The", "property", "of", "user", "is", "invalid", "cannot", "update", "this", "resource", "because", "account", "Unable",
    "Directory", "Sync", "License",
)  # fmt: skip
FORMS = (
    "{}",
    "'{}'",
    '"{}"',
    "({})",
    "{},",
    "{}.",
    "{}@school.example",
    "name={}",
    "/users/{}",
    "<{}>",
    "{}-x",
    "it's {}",
)
SCRIPTS = ("abcdefgh", "ABCdefgh", "O'Nab", "żŻąĄab", "αΑβΒ", "محمد", "小明", "ab12", "a-b_c.d")
STRANGERS = ("Zofia", "Bianchi", "McCarthy", "O'Neill", "Ġorġ", "José", "DeShawn", "ROSSI", "van-Dijk")


def words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[^\W_]+", text)}


def name(rng: random.Random) -> str:
    return "".join(rng.choices(rng.choice(SCRIPTS), k=rng.randint(3, 12)))


def shuffled(rng: random.Random, parts: list[str]) -> str:
    rng.shuffle(parts)
    return " ".join(parts)


@pytest.mark.parametrize("seed", range(20))
def test_no_word_of_the_request_survives(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  repeatable
    for _ in range(500):
        private = [name(rng) for _ in range(rng.randint(1, 3))]
        said = [
            rng.choice(FORMS).format(rng.choice((str.upper, str.lower, str))(rng.choice(private))) for _ in range(4)
        ]
        message = shuffled(rng, [*rng.choices(VENDOR, k=rng.randint(1, 8)), *said])
        shown = words(scrubbed_message(message, asked=private))
        assert not shown & {word for text in private for word in words(text)}, (message, private)


@pytest.mark.parametrize("seed", range(20))
def test_no_name_address_id_or_number_of_anyone_survives(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  repeatable
    for _ in range(500):
        ident, number = str(UUID(int=rng.getrandbits(128))), str(rng.randrange(10**6))
        said = [rng.choice(FORMS).format(rng.choice((*STRANGERS, ident, number))) for _ in range(4)]
        message = shuffled(rng, [*rng.choices(VENDOR, k=6), *said])
        shown = scrubbed_message(message)
        assert not re.search(r"[@\d]|[^\x00-\x7f…]", shown), message
        assert not words(shown) & {"zofia", "bianchi", "mccarthy", "neill", "deshawn", "rossi", "dijk"}, message
