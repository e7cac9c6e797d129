"""Students as real schools have them: names in several scripts, siblings, namesakes, and ids of the SIS's own taste.

Everything follows from the seed, and any student can be asked for without making the others.
"""

import random
from dataclasses import dataclass
from uuid import UUID

from consumer.events import Student

SCHOOLS = ("north", "south", "harbour")
GRADES = tuple(str(grade) for grade in range(1, 13))
PROGRAMMES = ("general", "science", "arts", "ib-diploma")

_SIBLING_EVERY = 12
_NAMESAKE_EVERY = 17
_LONG_NAME_EVERY = 53
_ONE_WORD_EVERY = 29


@dataclass(frozen=True, slots=True)
class _Culture:
    language: str | None
    given: tuple[str, ...]
    family: tuple[str, ...]


# fmt: off
_CULTURES = (
    _Culture(
        "el",
        ("Μαρία", "Ελένη", "Γιώργος", "Κωνσταντίνος", "Δημήτρης", "Ιωάννα", "Αικατερίνη", "Νικόλαος", "Παναγιώτης", "Βασιλική",
         "Σπυρίδων", "Ευαγγελία", "Αθανάσιος", "Χρυσούλα", "Μαΐα", "Ευθύμιος"),
        ("Παπαδόπουλος", "Παπαδοπούλου", "Γεωργίου", "Οικονόμου", "Καραγιάννης", "Αγγελόπουλος", "Μπουμπουλίνα", "Τσιμισκής",
         "Ευσταθίου", "Νικολαΐδης", "Χατζηαυγουστής", "Μαυρομιχάλη", "Αλεξάνδρου", "Γκίκας"),
    ),
    _Culture(
        "ar",
        ("محمد", "فاطمة", "أحمد", "عائشة", "يوسف", "مريم", "عبد الرحمن", "ليلى", "خالد", "زينب", "عمر", "نور"),
        ("الأحمد", "حداد", "الخطيب", "منصور", "بن علي", "السيد", "العبدالله", "المصري", "درويش", "صباغ", "النجار", "حسن"),
    ),
    _Culture(
        "mt",
        ("Ġorġ", "Ġanni", "Ġużeppi", "Marija", "Ċensu", "Ġulja", "Tereża", "Manwel", "Wistin", "Liżabetta", "Pawlu", "Karmnu"),
        ("Borġ", "Żammit", "Ħili", "Ċilja", "Farruġia", "Buttiġieġ", "Żerafa", "Bonniċi", "Vella", "Galea", "Xuereb", "Mifsud"),
    ),
    _Culture(
        "vi",
        ("Thị Minh Khai", "Văn Đức", "Ngọc Ánh", "Quốc Việt", "Thu Hương", "Hữu Phước", "Đăng Khoa", "Bảo Trân", "Kim Ngân",
         "Tuấn Anh", "Ỷ Lan", "Thuỳ Dương"),
        ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Đặng", "Võ", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương"),
    ),
    _Culture(
        "en-IE",
        ("Aoife", "Niamh", "Seán", "Ciarán", "Saoirse", "Anne-Marie", "Mary Jane", "James", "Emily", "Zoë", "J. R.", "Patrick"),
        ("O'Neill", "O’Brien", "Ní Dhomhnaill", "Mac Giolla Phádraig", "Smith-Jones", "Fitzgerald", "D'Arcy", "Brontë", "McCarthy",
         "Ó hEochaidh", "St. John", "Byrne"),
    ),
    _Culture(
        None,
        ("Łukasz", "İbrahim", "Jürgen", "Jean-Luc", "Nuñez María", "Åsa", "Þórunn", "Zsófia", "Олександр", "Ђорђе", "小明", "Ananya"),
        ("Groß", "Işık", "van der Berg", "Wójcik", "de la Cruz", "Sørensen", "Jónsdóttir", "Nagy", "Шевченко", "Јовановић", "王",
         "Krishnamurthy"),
    ),
)
# fmt: on

_LONG_GIVEN = "María de los Ángeles Inmaculada Concepción Guadalupe Esperanza"
_LONG_FAMILY = (
    "Fernández de Córdoba-Figueroa y Álvarez de Toledo de la Santísima Trinidad Ruiz-Wolfeschlegelsteinhausen"
)


class People:
    """The students of any number of institutions. Two with the same seed agree on everyone.

    Every 12th student is the sibling of the one before (same family name, same contact address), every 17th the namesake of
    one shortly before, every 29th has one name only, every 53rd names longer than any vendor takes. One id in five is a
    UUID, longer than the 16 characters that Graph's `employeeId` holds. Contact addresses end in `.example` (RFC 2606).
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def student(self, tenant_id: str, index: int) -> Student:
        """The institution's student number `index` (from 0)."""
        rng = self._rng(tenant_id, index)
        culture, given, family = self._names(tenant_id, index)
        sibling_of = index - 1 if index % _SIBLING_EVERY == _SIBLING_EVERY - 1 else index
        household = f"family{sibling_of}.{tenant_id}@post.example"
        student_id = str(UUID(int=rng.getrandbits(128), version=4)) if _one_in(5, rng) else f"S{index:06}"
        return Student(
            student_id=student_id,
            registration_number=None if _one_in(3, rng) else f"{2026 - index % 12}/{index:05}",
            given_name=given,
            family_name=family,
            preferred_name=given.split()[0] if " " in given and _one_in(2, rng) else None,
            contact_email=household,
            guardian_emails=(household,),
            preferred_language=None if _one_in(5, rng) else culture.language,
            attributes={
                "school": rng.choice(SCHOOLS),
                "grade": rng.choice(GRADES),
                "programme": rng.choice(PROGRAMMES),
            },
        )

    def _names(self, tenant_id: str, index: int) -> tuple[_Culture, str, str]:
        if index % _NAMESAKE_EVERY == _NAMESAKE_EVERY - 1:
            return self._names(tenant_id, index - 3)
        rng = self._rng(tenant_id, index, "names")
        culture = rng.choice(_CULTURES)
        given, family = rng.choice(culture.given), rng.choice(culture.family)
        if index % _SIBLING_EVERY == _SIBLING_EVERY - 1:
            culture, _, family = self._names(tenant_id, index - 1)
            return culture, rng.choice(culture.given), family
        if index % _LONG_NAME_EVERY == _LONG_NAME_EVERY - 1:
            return culture, f"{given} {_LONG_GIVEN}", f"{family} {_LONG_FAMILY}"
        if index % _ONE_WORD_EVERY == _ONE_WORD_EVERY - 1:
            return (culture, given, "") if _one_in(2, rng) else (culture, "", family)
        return culture, given, family

    def _rng(self, *parts: str | int) -> random.Random:
        return random.Random("/".join(map(str, (self._seed, *parts))))  # noqa: S311  repeatable, guards nothing


def _one_in(n: int, rng: random.Random) -> bool:
    return rng.randrange(n) == 0
