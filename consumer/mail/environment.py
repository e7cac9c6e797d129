"""Jinja2 as mails are rendered with it: nothing undefined, HTML escaped, and every rendering held to a budget.

The budget bounds steps, memory and time at once: a unit is one character that is made or looked at; a round of a loop or an included
file costs five for each thing that is written in it. It is charged before anything is made, and knows no clock: what was rendered once
always is.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined, nodes, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.filters import do_replace, sync_do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from consumer.mail.dialect import FILTERS, JOINED, WEIGHED, checked, refuse_controls

BUDGET = 2_000_000
"""Units for one part of a mail: twenty times the largest, and less than a second."""

LARGEST_FILE = 256 * 1024
"""Bytes of one template file; a part may hold 100,000 characters."""

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"

_SPENT = "it runs too long, or its result is too large"
_PER_NODE = 5
_ESCAPED = 6
"""The most characters that one becomes in HTML."""

_Filter = Callable[..., Any]


class TooExpensive(ValueError):
    """A template runs too long, or its result is too large."""


class MailEnvironment(ImmutableSandboxedEnvironment):
    """Templates of one directory, for text or HTML. `names` are the values that they are given. Not for several threads at once."""

    intercepted_binops = frozenset({"+"})

    def __init__(self, directory: Path, names: Iterable[str], *, html: bool) -> None:
        super().__init__(
            loader=_BoundedLoader(directory),
            autoescape=html,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=_writable,
        )
        self._names = frozenset(names)
        self._left = 0
        self.globals = {}
        own = {
            "join": self._join,
            "replace": self._replace,
            JOINED: _joined,
            WEIGHED: _same,
            "isolated": _isolated_html if html else _isolated,
        }
        usable = {name: own.get(name) or self.filters[name] for name in {*FILTERS, *own}}
        self.filters = {name: self._metered(function) for name, function in usable.items()}
        self.tests = {name: self._metered(function) for name, function in self.tests.items()}

    def rendered(self, path: str, values: Mapping[str, str]) -> str:
        """One file rendered. Raises what `RENDER_FAULTS` lists; `TooExpensive` where the budget is spent."""
        self.refill()
        return self.get_template(path).render(values)

    def refill(self) -> None:
        """A whole budget again."""
        self._left = BUDGET

    def charge(self, units: int) -> None:
        """Raises `TooExpensive`."""
        self._left -= units
        if self._left < 0:
            raise TooExpensive(_SPENT)

    def step(self, size: int) -> None:
        """Charges one round of a loop, a block or a file that holds `size` nodes; templates call it where `dialect.checked` says so."""
        self.charge(_PER_NODE * size)

    def concat(self, pieces: Iterable[str]) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  Jinja2's is a function, too
        """Joins what was rendered, charged piece by piece as it comes."""
        kept: list[str] = []
        for piece in pieces:
            self._left -= 1 + len(piece)
            if self._left < 0:
                raise TooExpensive(_SPENT)
            kept.append(piece)
        return "".join(kept)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  Jinja2's own
        """Only `step`: a template has no other way to call anything."""
        del context, kwargs  # the variables of loops and blocks
        if obj != self.step:
            raise SecurityError("a mail cannot call functions")
        return obj(*args)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401  Jinja2's own
        """`+`: two texts, or two numbers."""
        if not ({type(left), type(right)} <= {int, float} or (isinstance(left, str) and isinstance(right, str))):
            raise TypeError("`+` takes two texts or two numbers")
        self.charge(_size((left, right)))
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        self.refill()
        refuse_controls(source, file=filename)
        return checked(super()._parse(source, name, filename), self._names, file=filename)

    @pass_eval_context
    def _join(self, context: EvalContext, texts: Sequence[object], d: str = "") -> str:
        self.charge(len(texts) * len(d))
        return sync_do_join(context, [_writable(text) for text in texts], d)

    @pass_eval_context
    def _replace(self, context: EvalContext, s: str, old: str, new: str, count: int | None = None) -> str:
        self.charge(str(s).count(old) * len(new) * _ESCAPED)
        return do_replace(context, s, old, new, count)

    def _metered(self, function: _Filter) -> _Filter:
        @wraps(function)
        def metered(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  any filter
            self.charge(_PER_NODE + _size(args) + _size(kwargs.values()))
            made = function(*args, **kwargs)
            self.charge(_size((made,)))
            return made

        return metered


class _BoundedLoader(FileSystemLoader):
    """UTF-8, with or without a byte order mark. A file that is too large is not read."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, encoding="utf-8-sig")

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Raises `TemplateNotFound`, also for a name that leads out of the directory."""
        for directory in self.searchpath:
            file = Path(directory, template)
            if file.exists() and (not file.is_file() or file.stat().st_size > LARGEST_FILE):
                raise OSError(f"the file is larger than {LARGEST_FILE // 1024} kB, or none")
        return super().get_source(environment, template)


def _writable(value: Any) -> Any:  # noqa: ANN401  any value
    """What `{{ … }}` may write: a text or a number. (A list would be written in Python's own form.)"""
    if isinstance(value, str | int | float | Undefined):
        return value
    raise TypeError("only a text or a number can be written")


def _size(values: Iterable[object]) -> int:
    """Characters and items in it, as far as templates can nest them: lists hold texts."""
    return sum(_size_of(value) for value in values)


def _size_of(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return 1 + _size(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else 1


@pass_eval_context
def _joined(context: EvalContext, texts: list[object]) -> str:
    return (markup_join if context.autoescape else str_join)([_writable(text) for text in texts])


def _same(value: object) -> object:
    return value


def _isolated(text: str) -> str:
    if any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in text):
        return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"
    return text


def _isolated_html(text: str) -> str:
    return Markup("<bdi>{}</bdi>").format(text)
