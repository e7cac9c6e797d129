"""Renders a mail from `templates/<mail>/<language>/{subject.txt,body.txt,body.html}`.

Templates are written in a part of Jinja2 (see `dialect`), with undefined names refused and HTML escaped. They may use the values of their
kind of mail (see `kind`), and the filter `isolated`, which keeps a right-to-left name from turning its surroundings around.
"""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import TemplateError, TemplateNotFound

from consumer.errors import Hold, Reason
from consumer.mail.environment import FIRST_STRONG_ISOLATE, POP_ISOLATE, MailEnvironment
from consumer.mail.kind import Values
from consumer.mail.languages import lookup
from consumer.mail.texts import JOINERS, one_line

LIMITS = {"subject.txt": 255, "body.txt": 100_000, "body.html": 100_000}
"""A mail's parts, and how many characters each may hold; Gmail hides what is over 102 kB."""

RENDER_FAULTS: tuple[type[Exception], ...] = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What a template can raise when it is compiled or rendered: Jinja2's own, and what an expression in it can do. Python's compiler raises
MemoryError or SyntaxError where blocks or parentheses are nested too deeply."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's content. `subject` is one line without control characters."""

    language: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class Templates:
    """The mails of one directory. Blocking: a mail is read from disk at its first use, and kept unless it cannot be rendered."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._environments: dict[tuple[str, bool, tuple[str, ...]], MailEnvironment] = {}

    def render(
        self, template: str, languages: Sequence[str], preferred_language: str | None, values: Values
    ) -> Rendered:
        """Renders the mail in the student's language where the tenant writes it, else in the tenant's first.

        Raises `Hold` (TENANT_UNUSABLE) where the template is missing, broken or grows too large: `provisioner config check` shows where.
        Once it is corrected it is read again, without a restart.
        """
        language = lookup(preferred_language, languages)
        names = values.names()
        try:
            subject, text, html = (self._part(template, f"{language}/{part}", names) for part in LIMITS)
        except Hold:
            for kind in (False, True):
                self._environments.pop((template, kind, tuple(names)), None)
            raise
        subject = one_line(subject, kept_marks=JOINERS + FIRST_STRONG_ISOLATE + POP_ISOLATE)
        return Rendered(language, subject, text, html)

    def _part(self, template: str, part: str, names: Mapping[str, str]) -> str:
        path, html = f"{template}/{part}", part.endswith(".html")
        known = (template, html, tuple(names))
        if (env := self._environments.get(known)) is None:
            env = self._environments[known] = MailEnvironment(self._directory, names, html=html)
        try:
            return fit(env.rendered(path, names), LIMITS[path.rpartition("/")[2]])
        except TemplateNotFound:
            raise _hold(f"The mail template {path} is missing.") from None
        except RENDER_FAULTS as error:
            # Neither the error's text nor its cause may travel: either can quote what was being rendered.
            line = error_line(error, path)
            where = f"{path}, line {line}" if line else path
            raise _hold(f"The mail template {where}, cannot be rendered ({type(error).__name__}).") from None


def fit(text: str, limit: int) -> str:
    """`text` itself. Raises ValueError where it is empty or longer than `limit` characters."""
    if not text.strip() or len(text) > limit:
        raise ValueError(f"a part of a mail must hold 1 to {limit} characters")
    return text


def error_line(error: BaseException, path: str) -> int | None:
    """The line of the template at which an error arose; None if it is not known."""
    if isinstance(line := getattr(error, "lineno", None), int):
        return line
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename.endswith(path)), None)


def _hold(message: str) -> Hold:
    return Hold(message, reason=Reason.TENANT_UNUSABLE)
