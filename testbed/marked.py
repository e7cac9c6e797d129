"""The part of a page that is computed: it stands between two markers, which its readers do not see."""


def put(text: str, block: str, begin: str, end: str) -> str:
    """The page with another block between its markers. Raises ValueError where they are missing."""
    before, _, after = _parts(text, begin, end)
    return f"{before}{begin}\n{block}{end}{after}"


def between(text: str, begin: str, end: str) -> str:
    """What stands there now. Raises ValueError where the markers are missing."""
    return _parts(text, begin, end)[1]


def _parts(text: str, begin: str, end: str) -> tuple[str, str, str]:
    before, begins, rest = text.partition(begin)
    block, ends, after = rest.partition(end)
    if not begins or not ends:
        raise ValueError(f"the page lacks the markers `{begin}` and `{end}`")
    return before, block, after
