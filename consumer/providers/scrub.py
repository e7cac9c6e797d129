"""What of a vendor's message may be shown to an operator: its words, and nothing of a person. Pure.

A message may quote names, addresses and ids. So words are kept by their form, and everything else gives way to `…`:
quoted texts, chunks with digits, `@`, `/` or letters beyond ASCII, words that the request held, and words with a capital (which may be
names) unless the vendors' own vocabulary has each of their parts.
"""

import re
from collections.abc import Iterable, Iterator

_LONGEST_MESSAGE = 120
_LONGEST_CODE = 64
_READ_AT_MOST = 2_000  # characters of a message; what comes later would be cut anyway
_GAP = "…"

_QUOTED = re.compile(r"""(?<!\w)(?:'.*?'|".*?"|`.*?`|‘.*?’|“.*?”|«.*?»|<.*?>)(?!\w)""", re.DOTALL)
_CODE = re.compile(r"[A-Za-z]+(?:[._][A-Za-z]+)*")
_CHUNK = re.compile(r"(?P<before>[(\[]?)(?P<word>[A-Za-z]+(?:['.:_-][A-Za-z]+)*)(?P<after>[)\].,;:!?]*)")
_LETTERS = re.compile(r"[A-Za-z]+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_WORD = re.compile(r"\w+")

_VOCABULARY = frozenset(
    """
    a account active ad additional admin alias an anchor another api application are assigned assignment attribute attributes
    authentication authorization azure bad be cannot change clause company complexity conflict consent created creation credentials
    custom denied detail directory disabled display does domain duplicate dynamic edu email employee enabled entity entra error exchange
    exist exists extension failed family federated field filter first for forbidden format found given global google governance graph
    group groups has have http id identifier identity immutable in incorrect input insufficient internal invalid is it json key last
    length license licenses licensing limit location mail management mastered member members membership message microsoft migration
    missing more name nickname no not null object objects of office on one online only operation or org organization password permission
    permissions please policy premises premium principal privileges property provided query quota read reason reference request required
    resource restore role roles same scope security service set size sku source specified subscription surname sync tenant that the
    there this to token type unable unit unknown unsupported update upn usage user users valid value values verified violation was
    window with write you your
    """.split()  # noqa: SIM905  ninety lines else
)
"""Words that the vendors write with a capital, as they begin sentences or in names of properties and products."""


def scrubbed_code(code: str, *, asked: Iterable[str] = ()) -> str:
    """A vendor's error code, such as `Request_BadRequest`; empty where it has another form, or repeats what the request held."""
    fits = len(code) <= _LONGEST_CODE and _CODE.fullmatch(code)
    return code if fits and not _words((code,)) & _words(asked) else ""


def scrubbed_message(message: str, *, asked: Iterable[str] = ()) -> str:
    """The message's harmless words, at most 120 characters. `asked` are the texts that the request held."""
    private = _words(asked)
    text = _QUOTED.sub(f" {_GAP} ", message[:_READ_AT_MOST])
    return _cut(_without_repeats(_kept(chunk, private) for chunk in text.split()))


def _kept(chunk: str, private: frozenset[str]) -> str:
    found = _CHUNK.fullmatch(chunk)
    if found is None or not all(_harmless(word, private) for word in _LETTERS.findall(found["word"])):
        return _GAP
    return chunk


def _harmless(word: str, private: frozenset[str]) -> bool:
    if word.lower() in private:
        return False
    return word.islower() or all(part.lower() in _VOCABULARY - private for part in _PARTS.findall(word))


def _words(texts: Iterable[str]) -> frozenset[str]:
    """Every word of the texts, and every part of one that is written between others."""
    return frozenset(
        piece.lower() for text in texts for word in _WORD.findall(text) for piece in (word, *_LETTERS.findall(word))
    )


def _without_repeats(chunks: Iterable[str]) -> Iterator[str]:
    before = ""
    for chunk in chunks:
        if chunk != _GAP or before != _GAP:
            yield chunk
        before = chunk


def _cut(chunks: Iterable[str]) -> str:
    text = " ".join(chunks)
    if len(text) <= _LONGEST_MESSAGE:
        return text
    return text[:_LONGEST_MESSAGE].rpartition(" ")[0].removesuffix(f" {_GAP}") + f" {_GAP}"
