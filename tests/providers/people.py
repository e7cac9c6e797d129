"""Whom the tests make accounts for."""

from consumer.providers.port import NewAccount

PASSWORD = "Kd7mWq-3x9Rtb-Hn4cZp"
DOMAIN = "students.north.example"
MARIA = f"maria.rossi@{DOMAIN}"


def maria(number: int = 1, *, org_unit: str | None = None) -> NewAccount:
    """The student `S1`, or another of her name."""
    return NewAccount(MARIA, f"S{number}", "Maria", "Rossi", "Maria Rossi", "el", org_unit)
