"""Finds every mistake in a mail's templates before a student is written to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from consumer.events import Provider
from consumer.mail.rendering import LIMITS, RENDER_FAULTS, WelcomeValues, environment, error_line

_SAMPLES = tuple(
    WelcomeValues(
        institution="Ινστιτούτο O'Neill & Söhne",
        provider=provider,
        preferred_name=name,
        sign_in_name="sample.student@school.example",
        password="Sample-Only-Pass-word",  # noqa: S106  nobody's
    )
    for provider in Provider
    for name in ("Μαρία", "محمد", "")
)
_NAMES = tuple(_SAMPLES[0].names())
_MUST_TELL = ("sign_in_name", "password", "sign_in_url")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend. `line` counts from 1; None where it is the whole file or folder."""

    file: Path
    line: int | None
    wrong: str
    right: str


def check(directory: Path, template: str, languages: Sequence[str]) -> list[Mistake]:
    """Every mistake in a mail's templates, in the order of languages and parts. Reads files; sends nothing."""
    folder = directory / template
    if not folder.is_dir():
        known = sorted(path.name for path in directory.iterdir() if path.is_dir()) if directory.is_dir() else []
        right = f"use one of: {', '.join(known)}" if known else "add it, with a folder for each language"
        return [Mistake(folder, None, f"there is no mail template `{template}`", right)]
    return [mistake for language in languages for mistake in _language(directory, template, language)]


def _language(directory: Path, template: str, language: str) -> Iterator[Mistake]:
    folder = directory / template / language
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in (directory / template).iterdir() if path.is_dir()))
        right = f"write it, or take `{language}` out of the tenant's `languages`; there is: {known}"
        yield Mistake(folder, None, f"the mail is not written in `{language}`", right)
        return
    for part in LIMITS:
        env = environment(directory, html=part.endswith(".html"))
        yield from _part(env, folder / part, f"{template}/{language}/{part}")


def _part(env: ImmutableSandboxedEnvironment, file: Path, path: str) -> Iterator[Mistake]:
    try:
        source = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        yield Mistake(file, None, "the file is missing", f"each language has {', '.join(LIMITS)}")
        return
    except OSError as error:
        yield Mistake(
            file, None, f"the file cannot be read ({error.strerror})", "make it a file that this process may read"
        )
        return
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        yield Mistake(file, line, "the file is not UTF-8", "save it as UTF-8")
        return
    try:
        tree = env.parse(source)
        env.compile(source)
    except TemplateSyntaxError as error:
        yield Mistake(
            file,
            error.lineno,
            f"not Jinja2: {error.message}",
            "see the syntax in Jinja2's template designer documentation",
        )
        return
    undefined = list(_undefined(tree, file))
    yield from undefined or (*_telling(tree, file), *_rendered(env, file, path))


def _undefined(tree: nodes.Template, file: Path) -> Iterator[Mistake]:
    unknown = meta.find_undeclared_variables(tree) - {*_NAMES}
    for node in tree.find_all(nodes.Name):
        if node.name in unknown and node.ctx == "load":
            near = get_close_matches(node.name, _NAMES, n=1)
            right = f"did you mean `{near[0]}`?" if near else f"use one of: {', '.join(_NAMES)}"
            yield Mistake(file, node.lineno, f"`{node.name}` is not known in this mail", right)


def _telling(tree: nodes.Template, file: Path) -> Iterator[Mistake]:
    used = meta.find_undeclared_variables(tree)
    if file.name != "subject.txt":
        for name in _MUST_TELL:
            if name not in used:
                yield Mistake(
                    file,
                    None,
                    f"the mail never tells `{name}`",
                    f"write {{{{ {name} }}}} where the reader looks for it",
                )
        return
    for node in tree.find_all(nodes.Name):
        if node.name == "password":
            yield Mistake(
                file,
                node.lineno,
                "the subject tells the password",
                "subjects are shown and logged everywhere: leave it to the body",
            )


def _rendered(env: ImmutableSandboxedEnvironment, file: Path, path: str) -> Iterator[Mistake]:
    limit = LIMITS[file.name]
    for sample in _SAMPLES:
        try:
            text = env.get_template(path).render(sample.names())
        except RENDER_FAULTS as error:
            yield Mistake(
                file, error_line(error, path), f"can't be rendered: {error}", "mend the expression on this line"
            )
            return
        if not text.strip():
            yield Mistake(file, None, "renders to nothing", "write something in it")
            return
        if len(text) > limit:
            yield Mistake(file, None, f"renders to {len(text)} characters", f"keep it within {limit}")
            return
        if file.name == "subject.txt" and len(text.strip().splitlines()) > 1:
            yield Mistake(file, None, "the subject has more than one line", "write it on one line")
            return
