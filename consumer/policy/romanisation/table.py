"""Tables of letters as text that reads like a table."""


def table(text: str) -> dict[str, str]:
    """The pairs of a text such as `ж:zh ш:sh ь:`, parted by blanks; what a letter becomes may be empty."""
    return {letter: latin for letter, _, latin in (pair.partition(":") for pair in text.split())}
