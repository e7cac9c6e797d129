import random
import re
from collections import Counter
from itertools import combinations
from math import log2

from consumer.policy.passwords import DIGITS, LENGTH, LOWER, PATTERN, UPPER, generate

SHAPE = re.compile(r"[A-Za-z2-9]{6}(-[A-Za-z2-9]{6}){2}")
FOUND = re.compile(PATTERN)


def generated(number: int, seed: int = 1) -> list[str]:
    source = random.Random(seed)  # noqa: S311  the same bytes in every run
    return [generate(source.randbytes) for _ in range(number)]


def test_a_password_is_three_groups_of_six() -> None:
    assert all(SHAPE.fullmatch(password) for password in generated(500))


def test_passwords_are_found_in_texts() -> None:
    for password in generated(500):
        assert FOUND.findall(f"Your password is {password}.\n") == [password]


def test_an_attacker_has_ninety_bits_to_guess() -> None:
    classes = (UPPER, LOWER, DIGITS)
    alphabet = sum(map(len, classes))
    # Each password that holds all three classes is equally likely: all draws less those without one class or more.
    possible = sum(
        (-1) ** missing * (alphabet - sum(map(len, without))) ** LENGTH
        for missing in range(len(classes))
        for without in combinations(classes, missing)
    )
    assert log2(possible) >= 90


def test_every_password_has_upper_case_lower_case_digits_and_a_sign() -> None:
    for password in generated(500):
        assert re.search("[A-Z]", password)
        assert re.search("[a-z]", password)
        assert re.search("[0-9]", password)
        assert "-" in password


def test_no_password_holds_a_character_that_looks_like_another() -> None:
    assert not set("".join(generated(500))) & set("0O1lIo")


def test_no_password_holds_a_vowel_and_so_no_word() -> None:
    assert not set("".join(generated(500)).lower()) & set("aeiou")


def test_characters_are_drawn_evenly() -> None:
    drawn = Counter("".join(generated(5_000)).replace("-", ""))
    letters = [drawn[c] for c in drawn if c.isalpha()]
    assert len(drawn) == 49
    assert max(letters) / min(letters) < 1.25


def test_bytes_that_would_favour_a_character_are_thrown_away() -> None:
    served = iter([bytes([255]) * 18, *(bytes([n, 21, 41, *range(1, 16)]) for n in range(3))])
    assert generate(lambda n: next(served)[:n]) == generate(lambda n: bytes([0, 21, 41, *range(1, 16)])[:n])


def test_a_draw_without_a_digit_is_drawn_again() -> None:
    served = iter([bytes(range(18)), bytes([0, 21, 41, *range(1, 16)])])
    assert re.search("[0-9]", generate(lambda _: next(served)))


def test_no_two_passwords_are_alike() -> None:
    assert len(set(generated(5_000))) == 5_000
