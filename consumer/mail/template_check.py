"""Finds every mistake in a mail's templates before a student is written to.

A template is looked at as it is written, so that a mistake has its line and is found in every branch, and as sample students get it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from jinja2 import TemplateNotFound, TemplateSyntaxError, meta, nodes

from consumer.mail import markup
from consumer.mail.environment import LARGEST_FILE, MailEnvironment
from consumer.mail.kind import Kind, Values
from consumer.mail.outline import outline
from consumer.mail.rendering import LIMITS, RENDER_FAULTS, error_line
from consumer.tenants import LONGEST_NAME

_INSTITUTION = "Ινστιτούτο O'Neill & Söhne"
"""A name to try a template with."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to correct. `line` counts from 1; None where it is the whole file or folder."""

    file: Path
    line: int | None
    wrong: str
    right: str


def check(directory: Path, kind: Kind, template: str, languages: Sequence[str]) -> list[Mistake]:
    """Every mistake in a mail's templates, in the order of languages and parts. Reads files; sends nothing."""
    return TemplateCheck(directory).mistakes(kind, template, languages)


class TemplateCheck:
    """Of the templates in one directory, each looked at once however many tenants share it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._environments: dict[tuple[tuple[str, ...], bool], MailEnvironment] = {}
        self._known: dict[tuple[Kind, str, str], list[Mistake]] = {}
        self._roomy: dict[tuple[Kind, str, str], bool] = {}

    def mistakes(self, kind: Kind, template: str, languages: Sequence[str]) -> list[Mistake]:
        folder = self._directory / template
        if not folder.is_dir():
            known = (
                sorted(path.name for path in self._directory.iterdir() if path.is_dir())
                if self._directory.is_dir()
                else []
            )
            right = f"use one of: {', '.join(known)}" if known else "add it, with a folder for each language"
            return [Mistake(folder, None, f"there is no mail template `{template}`", right)]
        return [
            mistake for language in dict.fromkeys(languages) for mistake in self._language(kind, template, language)
        ]

    def subject_too_long(self, kind: Kind, template: str, languages: Sequence[str], institution: str) -> str | None:
        """The first language whose subject is too long for this institution's name."""
        for language in languages:
            mail = (kind, template, language)
            if mail not in self._roomy:
                self._roomy[mail] = self._fits(*mail, "W" * LONGEST_NAME)
            if not self._roomy[mail] and not self._fits(*mail, institution):
                return language
        return None

    def _fits(self, kind: Kind, template: str, language: str, institution: str) -> bool:
        path, limit = f"{template}/{language}/subject.txt", LIMITS["subject.txt"]
        environment = self._environment(kind, html=False)
        subjects = (environment.rendered(path, sample.names()) for sample in kind.samples(institution))
        return all(len(subject.strip()) <= limit for subject in subjects)

    def _environment(self, kind: Kind, *, html: bool) -> MailEnvironment:
        if (kind.names, html) not in self._environments:
            self._environments[kind.names, html] = MailEnvironment(self._directory, kind.names, html=html)
        return self._environments[kind.names, html]

    def _language(self, kind: Kind, template: str, language: str) -> list[Mistake]:
        mail = (kind, template, language)
        if mail not in self._known:
            self._known[mail] = list(self._parts(*mail))
        return self._known[mail]

    def _parts(self, kind: Kind, template: str, language: str) -> Iterator[Mistake]:
        folder = self._directory / template / language
        if not folder.is_dir():
            known = ", ".join(sorted(path.name for path in (self._directory / template).iterdir() if path.is_dir()))
            right = f"write it, or take `{language}` out of the tenant's `languages`; there is: {known}"
            yield Mistake(folder, None, f"the mail is not written in `{language}`", right)
            return
        for part in LIMITS:
            env = self._environment(kind, html=part.endswith(".html"))
            yield from _Part(kind, env, self._directory, f"{template}/{language}/{part}").mistakes()


@dataclass(frozen=True)
class _Part:
    """One file of a mail, with those that it includes."""

    kind: Kind
    env: MailEnvironment
    directory: Path
    path: str
    _sources: dict[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @cached_property
    def file(self) -> Path:
        return self.directory / self.path

    def mistakes(self) -> Iterator[Mistake]:
        written = list(self._written(self.path, set()))
        yield from written
        if not written:
            yield from self._rendered()

    def _written(self, path: str, seen: set[str]) -> Iterator[Mistake]:
        """The file as it is written, and those that it includes."""
        seen.add(path)
        file = self.directory / path
        read = _read(file)
        if isinstance(read, Mistake):
            yield read
            return
        try:
            tree = self.env.parse(read, path, str(file))
            self.env.compile(read, path, str(file))
        except TemplateSyntaxError as error:
            right = "see the syntax in Jinja2's template designer documentation, and docs/configuration.md for what a mail may use"
            yield Mistake(file, error.lineno, f"not a template: {error.message}", right)
            return
        except (RecursionError, MemoryError, SyntaxError, ValueError):
            yield Mistake(
                file,
                None,
                "blocks or parentheses are nested too deeply, or a number is too long",
                "write it more simply",
            )
            return
        self._sources[path] = read
        yield from self._undefined(tree, file)
        yield from self._carried(read, file)
        for node in tree.find_all((nodes.Include, nodes.Extends)):
            for other in meta.find_referenced_templates(nodes.Template([node])):
                yield from self._included(node, other or "", file, seen)

    def _undefined(self, tree: nodes.Template, file: Path) -> Iterator[Mistake]:
        names = self.kind.names
        unknown = meta.find_undeclared_variables(tree) - {*names}
        for node in tree.find_all(nodes.Name):
            if node.name in unknown and node.ctx == "load":
                near = get_close_matches(node.name, names, n=1)
                right = f"did you mean `{near[0]}`?" if near else f"use one of: {', '.join(names)}"
                yield Mistake(file, node.lineno, f"`{node.name}` is not known in this mail", right)

    def _included(
        self, node: nodes.Include | nodes.Extends, path: str, file: Path, seen: set[str]
    ) -> Iterator[Mistake]:
        if path in seen:
            return
        if ".." in Path(path).parts or not (self.directory / path).is_file():
            if not getattr(node, "ignore_missing", False):
                right = "give the path of one below the directory of the templates"
                yield Mistake(file, node.lineno, f"there is no file `{path}` to include", right)
            return
        yield from self._written(path, seen)

    def _carried(self, source: str, file: Path) -> Iterator[Mistake]:
        """What must not stand in a link, an attribute or the subject, and markup that must not be there."""
        text, sensitive = outline(self.env, source, {*self.kind.apart, *self.kind.secret})
        apart = {value: name for value, name in sensitive.items() if name in self.kind.apart}
        found = markup.faults(text, apart) if self.name.endswith(".html") else markup.faults_in_text(text, apart)
        for fault in found:
            yield Mistake(file, fault.line, fault.wrong, fault.right)
        if self.name == "subject.txt":
            for number, line in enumerate(text.split("\n"), start=1):
                for value, name in sensitive.items():
                    if name in self.kind.secret and value in line:
                        yield _subject_tells(name, file, number)

    def _rendered(self) -> Iterator[Mistake]:
        """The file rendered for sample students: the first mistake, and the values that are always missing."""
        texts: list[tuple[Values, str]] = []
        for sample in self.kind.samples(_INSTITUTION):
            try:
                text = self.env.rendered(self.path, sample.names())
            except RENDER_FAULTS as error:
                yield self._failed(error)
                return
            if wrong := self._unfit(text, sample):
                yield wrong
                return
            texts.append((sample, text))
        if self.name != "subject.txt":
            yield from self._missing_values(texts)

    def _unfit(self, text: str, sample: Values) -> Mistake | None:
        limit = LIMITS[self.name]
        if not text.strip():
            return Mistake(self.file, None, "renders to nothing", "write something in it")
        if len(text) > limit:
            return Mistake(self.file, None, f"renders to {len(text)} characters", f"keep it within {limit}")
        if self.name == "subject.txt":
            if len(text.strip().splitlines()) > 1:
                return Mistake(self.file, None, "the subject has more than one line", "write it on one line")
            shown = next((name for name in self.kind.secret if sample.names()[name] in text), None)
            return _subject_tells(shown, self.file, None) if shown else None
        sensitive = {value: name for name in self.kind.apart if (value := sample.names()[name])}
        found = (
            markup.faults(text, sensitive) if self.name.endswith(".html") else [*markup.faults_in_text(text, sensitive)]
        )
        return Mistake(self.file, None, found[0].wrong, found[0].right) if found else None

    def _missing_values(self, texts: Sequence[tuple[Values, str]]) -> Iterator[Mistake]:
        shown = [(sample, markup.shown(text) if self.name.endswith(".html") else text) for sample, text in texts]
        for name in self.kind.required:
            without = [sample for sample, text in shown if sample.names()[name] not in text]
            if without:
                fault = (
                    "never contains"
                    if len(without) == len(shown)
                    else f"does not always contain, for example at {without[0].provider},"
                )
                right = f"write {{{{ {name} }}}} where the reader looks for it"
                yield Mistake(self.file, None, f"the mail {fault} `{name}`", right)

    def _failed(self, error: BaseException) -> Mistake:
        if isinstance(error, TemplateNotFound):
            return Mistake(self.file, None, f"there is no file `{error.name}` to include", "correct its path")
        where = next(((path, line) for path in self._sources if (line := error_line(error, path))), (self.path, None))
        return Mistake(
            self.directory / where[0], where[1], f"cannot be rendered: {error}", "correct the expression on this line"
        )


def _read(file: Path) -> str | Mistake:
    try:
        if file.exists() and not file.is_file():
            return Mistake(file, None, "this is not a file", "write the text into a file of this name")
        if file.exists() and file.stat().st_size > LARGEST_FILE:
            return Mistake(file, None, "the file is too large", f"keep it within {LARGEST_FILE // 1024} kB")
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return Mistake(file, None, "the file is missing", f"each language has {', '.join(LIMITS)}")
    except OSError as error:
        return Mistake(
            file, None, f"the file cannot be read ({error.strerror})", "make it a file that this process may read"
        )
    except UnicodeDecodeError as error:
        return Mistake(file, error.object[: error.start].count(b"\n") + 1, "the file is not UTF-8", "save it as UTF-8")


def _subject_tells(name: str, file: Path, line: int | None) -> Mistake:
    return Mistake(
        file,
        line,
        f"the subject contains the {name}",
        "subjects are shown and logged everywhere: leave it to the body",
    )
