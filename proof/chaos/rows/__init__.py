"""The rows, by the matrix's sections and one of our own, all of them entered in the book."""

from proof.chaos.row import BOOK
from proof.chaos.rows import accounts, combined, database, group, input, kafka, mail, outcomes, process, provider  # noqa: A004  the matrix's own word

__all__ = [
    "BOOK",
    "accounts",
    "combined",
    "database",
    "group",
    "input",
    "kafka",
    "mail",
    "outcomes",
    "process",
    "provider",
]
