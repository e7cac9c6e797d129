"""The rows, by the matrix's sections and one of our own, all of them entered in the book."""

from proof.chaos.row import BOOK
from proof.chaos.rows import (
    accounts,
    by_hand,
    combined,
    containment,
    database,
    fenced,
    group,
    input,  # noqa: A004  the matrix's own word
    kafka,
    mail,
    outcomes,
    ownership,
    pooled,
    process,
    provider,
    refusals,
    registry,
    releases,
    restored,
    waiting,
)

__all__ = [
    "BOOK",
    "accounts",
    "by_hand",
    "combined",
    "containment",
    "database",
    "fenced",
    "group",
    "input",
    "kafka",
    "mail",
    "outcomes",
    "ownership",
    "pooled",
    "process",
    "provider",
    "refusals",
    "registry",
    "releases",
    "restored",
    "waiting",
]
