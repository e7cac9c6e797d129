import random
import re
from collections.abc import Sequence

import pytest

from consumer.events import Student
from consumer.policy.addresses import MAX_CANDIDATES, MAX_LOCAL_PART, candidates, first_choice
from consumer.policy.reserved import is_reserved
from consumer.tenants import Addresses
from tests.policy.tenants import student

WELL_FORMED = re.compile(r"[a-z0-9]([a-z0-9_-]|\.(?=[a-z0-9]))*@school\.example")
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz",
    "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊϋς",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "đặấầẩẫậếềểễệốồổỗộớờởỡợứừửữựýỳỷỹỵ",
    "ċġħżĊĠĦŻ",
    "ıİşŞğĞ",
    "'’-. ·\u200d\u202e\u2068",
    '😀🏫€%@<>"\\/,;:',
    "王李张刘陈김이박최山田",
    "0123456789",
]


def locals_of(
    given: str, family: str, *patterns: str, student_id: str = "S-1", preferred: str | None = None
) -> list[str]:
    addresses = Addresses(domain="school.example", patterns=patterns or ("{given}.{family}", "{given}.{family}{n}"))
    found = candidates(addresses, student(given, family, student_id=student_id, preferred=preferred))
    return [address.removesuffix("@school.example") for address in found]


def made_up_students(seed: int, number: int) -> Sequence[Student]:
    chance = random.Random(seed)  # noqa: S311  made-up names, the same in every run

    def name() -> str:
        alphabets = chance.choices(ALPHABETS, k=chance.randint(1, 3))
        length = chance.choice([0, 1, 2, 5, 9, 20, 80, 256])
        return "".join(chance.choice(chance.choice(alphabets)) for _ in range(length))

    return [
        Student(student_id=f"{chance.choice(['', 'Σ/', '~', 'id '])}{index}", given_name=name(), family_name=name())
        for index in range(number)
    ]


def test_patterns_are_tried_in_turn_and_then_namesakes_are_numbered_from_two() -> None:
    found = locals_of("Maria", "Borg", "{given}.{family}", "{given_initial}.{family}", "{given}.{family}{n}")
    assert found[:4] == ["maria.borg", "m.borg", "maria.borg2", "maria.borg3"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["{given}{n}", "{family}"], ["maria2", "borg", "maria3", "maria4"]),
        (["{family}{n}", "{given}.{family}", "{given}{n}"], ["borg2", "maria.borg", "maria2", "borg3", "maria3"]),
        (["{given}.{family}", "{given_initial}.{family}{n}", "s{student_id}"], ["maria.borg", "m.borg2", "ss-1"]),
    ],
)
def test_patterns_are_tried_in_the_listed_order_wherever_the_counter_stands(
    patterns: list[str], expected: list[str]
) -> None:
    assert locals_of("Maria", "Borg", *patterns)[: len(expected)] == expected


def test_each_namesake_is_given_the_next_address() -> None:
    taken: list[str] = []
    for number in range(MAX_CANDIDATES):
        found = locals_of("Maria", "Borg", "{given}.{family}", "{family}.{given}{n}", student_id=f"S-{number}")
        taken.append(next(local for local in found if local not in taken))
    assert taken[:4] == ["maria.borg", "borg.maria2", "borg.maria3", "borg.maria4"]


def test_counted_patterns_take_turns() -> None:
    found = locals_of("Maria", "Borg", "{given}{n}", "{family}{n}")
    assert found[:4] == ["maria2", "borg2", "maria3", "borg3"]


def test_there_are_never_more_than_the_limit() -> None:
    assert len(locals_of("Maria", "Borg")) == MAX_CANDIDATES


def test_a_pattern_without_a_counter_gives_one_candidate() -> None:
    assert locals_of("Maria", "Borg", "{given}.{family}") == ["maria.borg"]


def test_patterns_that_come_out_alike_give_one_candidate() -> None:
    assert locals_of("Maria", "Borg", "{given}.{family}", "{preferred}.{family}") == ["maria.borg"]


def test_the_words_of_a_name_are_joined_by_hyphens() -> None:
    assert locals_of("Jan Pieter", "van der Berg")[0] == "jan-pieter.van-der-berg"


def test_the_preferred_name_stands_in_where_there_is_one() -> None:
    assert locals_of("Konstantinos", "Vella", "{preferred}.{family}", preferred="Kostas") == ["kostas.vella"]
    assert locals_of("Konstantinos", "Vella", "{preferred}.{family}") == ["konstantinos.vella"]


@pytest.mark.parametrize(("given", "family"), [("Sukarno", ""), ("", "Sukarno"), ("😀", "Sukarno")])
def test_a_missing_name_takes_its_separator_along(given: str, family: str) -> None:
    assert locals_of(given, family)[:2] == ["sukarno", "sukarno2"]


def test_a_missing_name_leaves_no_two_separators_in_a_row() -> None:
    assert locals_of("Maria", "", "{given}.{family}.{student_id}", student_id="7") == ["maria.7"]


def test_a_student_without_a_name_is_called_by_the_id() -> None:
    assert locals_of("", "", student_id="2024/17")[:2] == ["2024-17", "2024-17-2"]


def test_an_id_in_signs_only_still_gives_one_address() -> None:
    (local,) = locals_of("", "", student_id="※※")
    assert re.fullmatch(r"student-[0-9a-f]{12}", local)


def test_a_missing_number_gives_no_candidate_rather_than_a_name_that_looks_complete() -> None:
    assert locals_of("Maria", "Borg", "{given}.{registration_number}", "{given}.{family}") == ["maria.borg"]


def test_a_number_is_never_cut() -> None:
    found = locals_of("Maria", "Borg", "{given}.{student_id}", student_id="1" * 60)
    assert found == ["mar." + "1" * 60]
    assert locals_of("Maria", "Borg", "{given}.{student_id}", "{given}", student_id="1" * 64) == ["maria"]


def test_a_long_name_loses_whole_words_first() -> None:
    assert locals_of("Maria", "Wolfeschlegelsteinhausen Bergerdorff Welche Vor Altern", "{given}.{family}") == [
        "maria.wolfeschlegelsteinhausen-bergerdorff-welche-vor-altern"
    ]
    assert locals_of("Maria", "Wolfeschlegelsteinhausen Bergerdorff Welche Vor Altern Waren Gewissenhaft") != []
    assert locals_of("Maria", "Wolfeschlegelsteinhausen Bergerdorff Welche Vor Altern Waren Gewissenhaft")[0] == (
        "maria.wolfeschlegelsteinhausen-bergerdorff-welche-vor-altern"
    )


def test_two_long_words_share_the_loss() -> None:
    (local,) = locals_of("a" * 100, "b" * 100, "{given}.{family}")
    assert len(local) == MAX_LOCAL_PART
    assert min(local.count("a"), local.count("b")) >= 20


@pytest.mark.parametrize("name", ["Admin", "Postmaster", "ROOT", "abuse"])
def test_no_one_is_given_a_name_that_people_trust(name: str) -> None:
    found = locals_of(name, "")
    assert name.lower() not in found
    assert found[0] == f"{name.lower()}2"


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_name_every_candidate_is_a_valid_address(seed: int) -> None:
    for person in made_up_students(seed, 50):
        found = candidates(Addresses(domain="school.example"), person)
        assert 1 <= len(found) <= MAX_CANDIDATES
        assert len(set(found)) == len(found)
        for address in found:
            local = address.partition("@")[0]
            assert WELL_FORMED.fullmatch(address)
            assert local[-1] not in "._-"
            assert len(local) <= MAX_LOCAL_PART
            assert not is_reserved(local)


def test_of_fewer_candidates_the_best_are_given() -> None:
    addresses = Addresses(domain="school.example")
    for person in made_up_students(7, 50):
        assert candidates(addresses, person, most=4) == candidates(addresses, person)[:4]


def test_the_same_student_has_the_same_candidates_on_every_call() -> None:
    addresses = Addresses(domain="school.example")
    for person in made_up_students(7, 50):
        assert candidates(addresses, person) == candidates(addresses, person)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("{given}.{family}", "{family}{n}"), "{given}.{family}"),
        (("{registration_number}", "{family}{n}"), "{family}{n}"),
        (("{registration_number}",), "{student_id}"),
    ],
)
def test_the_first_choice_is_the_first_candidate_and_the_pattern_that_gives_it(
    patterns: tuple[str, ...], expected: str
) -> None:
    addresses = Addresses(domain="school.example", patterns=patterns)
    choice = first_choice(addresses, student())
    assert (choice.pattern, choice.address) == (expected, candidates(addresses, student())[0])


def test_a_reserved_address_leaves_the_choice_to_a_later_pattern() -> None:
    addresses = Addresses(domain="school.example", patterns=("{given}", "{family}"), reserved=("maria",))
    assert first_choice(addresses, student()).pattern == "{family}"
