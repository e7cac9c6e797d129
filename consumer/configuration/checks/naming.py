"""`addresses`: whether the patterns give every student an address, tried with sample names."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from consumer.configuration.document import Document, Place
from consumer.configuration.mistakes import Mistake
from consumer.configuration.reading import Reading
from consumer.events import Student
from consumer.policy.addresses import candidates
from consumer.policy.patterns import Exhausted, exhausts, pattern_errors
from consumer.tenants import Addresses, OnChange, Rename, Tenant

_PATTERNS: Place = ("addresses", "patterns")
_WHOM = {
    Exhausted.EVERY_NAMESAKE: "give no address to a second student of the same name",
    Exhausted.NAMESAKES_WITHOUT_NUMBER: "give no address to a second student of the same name who has no registration number",
    None: "give no address to some students of a sample of 200",
}
_GIVEN = (
    "Maria",
    "Μαρία",
    "Zoë",
    "محمد",
    "Jean-Luc",
    "O'Neill",
    "小明",
    "José Luis",
    "Ж",
    "Anne Marie Sophie Charlotte Wilhelmine",
)
_FAMILY = (
    "Rossi",
    "Παπαδόπουλος",
    "van der Berg",
    "Müller",
    "الحسن",
    "李",
    "Nguyễn",
    "Øst",
    "",
    "Wolfeschlegelsteinhausenbergerdorff",
)


def mistakes(reading: Reading[Tenant], addresses: Addresses) -> Iterator[Mistake]:
    """Patterns that cannot be read."""
    for number, pattern in enumerate(addresses.patterns):
        for wrong in pattern_errors(pattern):
            yield from reading.mistake((*_PATTERNS, number), f"is wrong: {wrong}", "Correct the pattern.")


def exhausted(reading: Reading[Tenant], addresses: Addresses) -> Iterator[Mistake]:
    """Patterns that give some students no address, so that they would wait for ever."""
    if any(pattern_errors(pattern) for pattern in addresses.patterns):
        return
    if any(not reading.says((*_PATTERNS, number)) for number in range(len(addresses.patterns))):
        return
    found = exhausts(addresses.patterns)
    if found is None and not _can_run_out(addresses.patterns, addresses.reserved):
        return
    right = "Add one that counts, such as `{given}.{family}{n}`, or holds `{student_id}`."
    yield from reading.mistake(_PATTERNS, _WHOM[found], right, ("addresses", "reserved"))


def notices(tenant: Tenant, document: Document) -> Iterator[str]:
    """What has no effect."""
    if tenant.addresses.rename is not Rename.NEVER and tenant.on_change is not OnChange.FOLLOW:
        where = f"{document.file}:{document.line(('addresses', 'rename'))}"
        yield f"{where}: `addresses.rename` renames no account of `{tenant.id}` as long as its `on_change` is not `follow`."


@lru_cache(maxsize=1024)
def _can_run_out(patterns: Sequence[str], reserved: Sequence[str]) -> bool:
    """Tries 200 students, two of each name, one after the other: tenants mostly share their patterns, so each list is tried once."""
    addresses = Addresses.model_construct(domain="school.example", patterns=patterns, reserved=reserved)
    taken: set[str] = set()
    for student in _students():
        free = next((address for address in candidates(addresses, student) if address not in taken), None)
        if free is None:
            return True
        taken.add(free)
    return False


def _students() -> Iterator[Student]:
    """Half of them have a registration number, which events need not give."""
    for number, (given, family) in enumerate((given, family) for given in _GIVEN for family in _FAMILY):
        for namesake in range(2):
            ident = f"S-{number}-{namesake}"
            registration = None if number % 2 else f"R-{number}-{namesake}"
            yield Student(student_id=ident, given_name=given, family_name=family, registration_number=registration)
