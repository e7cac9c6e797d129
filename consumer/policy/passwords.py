"""Initial passwords: strong, and easy to copy from a screen to a phone."""

from collections.abc import Callable

UPPER = "BCDFGHJKLMNPQRSTVWXYZ"
LOWER = "bcdfghjkmnpqrstvwxyz"
DIGITS = "23456789"
_ALPHABET = UPPER + LOWER + DIGITS  # no 0 O 1 l I; no vowels, so that no words come out and no ban list bites
_GROUP_LENGTH = 6
_GROUPS = 3
LENGTH = _GROUPS * _GROUP_LENGTH
PATTERN = rf"[{_ALPHABET}]{{{_GROUP_LENGTH}}}(?:-[{_ALPHABET}]{{{_GROUP_LENGTH}}}){{{_GROUPS - 1}}}"
"""A regular expression for those who look for passwords in texts: students who read their mail, and tests that look for leaks."""
_FAIR = 256 - 256 % len(_ALPHABET)  # bytes from here on would favour the alphabet's beginning


def generate(random_bytes: Callable[[int], bytes]) -> str:
    """A password like `Kd7mWq-3x9Rtb-Hn4cZp`: 18 characters of 49 in groups of six, 101 bits, parted by hyphens.

    Holds upper case, lower case, digits and a sign: Entra asks for three of the four and 8 to 256 characters (Microsoft
    Entra password policies), Google for 8 to 100 ASCII characters (Directory API, users). `random_bytes(n)` gives n bytes
    from a cryptographic source (`secrets.token_bytes`). Every password that holds all classes is equally likely.
    """
    while True:
        drawn = _draw(random_bytes)
        if all(any(c in characters for c in drawn) for characters in (UPPER, LOWER, DIGITS)):
            return "-".join(drawn[i : i + _GROUP_LENGTH] for i in range(0, LENGTH, _GROUP_LENGTH))


def _draw(random_bytes: Callable[[int], bytes]) -> str:
    drawn = ""
    while len(drawn) < LENGTH:
        fair = (byte for byte in random_bytes(LENGTH) if byte < _FAIR)
        drawn += "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in fair)
    return drawn[:LENGTH]
