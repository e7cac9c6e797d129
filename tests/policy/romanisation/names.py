"""How the tests of romanisation call it."""

from consumer.policy.romanisation import Romaniser, languages


def romanised(name: str, *tags: str, surname: bool = False, country: str | None = None) -> str:
    """The words of a name that stands alone, with blanks between them."""
    return " ".join(Romaniser.of([name], languages(*tags, country=country)).words(name, surname=surname))
