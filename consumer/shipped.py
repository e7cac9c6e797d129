"""The folders that are shipped beside the code."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """`schemas` or `templates`: within the installed package, or in the checkout. Raises FileNotFoundError for another name."""
    for place in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"nothing is shipped under the name {name!r}")
