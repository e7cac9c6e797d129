"""Finds rejected words in Python files (identifiers, comments, strings) and in Markdown.

words.toml ─▶ WordList ─▶ Finding (file, line, word, what to write instead)
"""

import io
import re
import tokenize
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORDS = Path(__file__).with_name("words.toml")

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rejected word. `line` counts from 1."""

    path: str
    line: int
    word: str
    better: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: `{self.word}`: {self.better}"


class WordList:
    """The rejected words, the folders to check and the exceptions. Paths are relative to the repository, with `/`."""

    def __init__(
        self,
        words: Mapping[str, str],
        folders: Sequence[str] = (),
        exceptions: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.words = dict(words)
        self.folders = tuple(folders)
        self._exceptions = dict(exceptions or {})
        self._patterns = {word: _pattern(word) for word in words}

    @classmethod
    def load(cls, path: Path = WORDS) -> "WordList":
        """Reads a list. Raises KeyError where a part is missing: each exception needs its reason."""
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        exceptions: dict[str, list[str]] = {}
        for entry in document["exceptions"]:
            if not entry["reason"]:
                raise KeyError("reason")
            exceptions.setdefault(entry["path"], []).extend(entry["words"])
        return cls(document["words"], document["folders"], exceptions)

    def in_python(self, path: str, source: str) -> Iterator[Finding]:
        """Every rejected word of a Python file. Raises `tokenize.TokenError` where it is not Python."""
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                yield from self._in_text(path, " ".join(_HUMP.split(token.string)), token.start[0])
            elif token.type in _PROSE:
                yield from self._in_text(path, token.string, token.start[0])

    def in_markdown(self, path: str, text: str) -> Iterator[Finding]:
        """Every rejected word of a page, its code blocks included."""
        return self._in_text(path, text, 1)

    def in_folders(self, root: Path) -> Iterator[Finding]:
        """Every rejected word in the listed folders and files."""
        for folder in self.folders:
            start = root / folder
            for file in [start] if start.is_file() else sorted(start.rglob("*")):
                path = file.relative_to(root).as_posix()
                if file.suffix == ".py":
                    yield from self.in_python(path, file.read_text(encoding="utf-8"))
                elif file.suffix == ".md":
                    yield from self.in_markdown(path, file.read_text(encoding="utf-8"))

    def _in_text(self, path: str, text: str, line: int) -> Iterator[Finding]:
        for word, pattern in self._patterns.items():
            for match in pattern.finditer(text):
                if not self._excepted(path, word):
                    yield Finding(path, line + text.count("\n", 0, match.start()), word, self.words[word])

    def _excepted(self, path: str, word: str) -> bool:
        return any(
            (path == place or path.startswith(f"{place}/")) and (word in words or _EVERY in words)
            for place, words in self._exceptions.items()
        )


_PROSE = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def _pattern(word: str) -> re.Pattern[str]:
    # A phrase may be broken across lines.
    return re.compile(r"\b" + r"\s+".join(map(re.escape, word.split())) + r"\b", re.IGNORECASE)
