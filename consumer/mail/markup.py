"""What a mail's HTML must not hold: anything that runs, is sent, or is fetched when the mail is opened, and a secret or a name where it is
carried on.

What stands in an attribute or a link leaves the mail: scanners and link checkers open links, web servers log them. Mail programs remove
scripts, forms and remote parts, or warn of the mail: the reader sees something else than its author.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

_FORBIDDEN = {
    **dict.fromkeys(
        ("script", "applet", "object", "embed", "iframe", "frame", "frameset", "svg", "math"),
        "runs or embeds something",
    ),
    **dict.fromkeys(("form", "input", "button", "select", "textarea"), "is a form, or a part of one"),
    **dict.fromkeys(("audio", "video", "source", "track"), "plays something"),
    "link": "fetches a style or a font",
    "base": "changes where links lead",
}
_FETCHING = {"src", "srcset", "background", "poster", "data", "lowsrc", "dynsrc", "longdesc"}
_INLINE = re.compile(r"\s*(?:data:|cid:|$)", re.IGNORECASE)
_LEADS_SOMEWHERE = re.compile(r"\s*(?:https?://|mailto:|tel:|#|\ue000)", re.IGNORECASE)
_FETCHED_BY_STYLE = re.compile(r"@import|@font-face|expression\s*\(|url\s*\(\s*['\"]?\s*(?!['\"]?data:)", re.IGNORECASE)
_LINK_IN_TEXT = re.compile(r"(?:https?://|www\.)\S*", re.IGNORECASE)
_WITHOUT_TEXT = {"style", "script", "title"}
_OF_INTEREST = {*_WITHOUT_TEXT, "a"}
_END = "<wbr>"
_NOT_CLOSED = ("a tag or comment is not closed", "Close it.")


@dataclass(frozen=True, slots=True)
class MarkupFault:
    """What is wrong with a mail's markup, and in which line of it."""

    line: int
    wrong: str
    right: str


def faults(html: str, sensitive: Mapping[str, str]) -> list[MarkupFault]:
    """Everything that is wrong with HTML. `sensitive` are the secrets and names in it, each with its name in the template."""
    return _Reader.read(html, sensitive).faults


def shown(html: str) -> str:
    """What a reader sees of it, roughly, and the addresses of its links."""
    return _Reader.read(html, {}).shown


def faults_in_text(text: str, sensitive: Mapping[str, str]) -> Iterator[MarkupFault]:
    """The same for plain text, in which mail programs make links of addresses."""
    for number, line in enumerate(text.splitlines(), start=1):
        for name in _carried(line, sensitive):
            yield _in_link(number, name)


class _Reader(HTMLParser):
    def __init__(self, sensitive: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[MarkupFault] = []
        self._sensitive = sensitive
        self._inside: set[str] = set()
        self._shown: list[str] = []

    @classmethod
    def read(cls, html: str, sensitive: Mapping[str, str]) -> "_Reader":
        """Not closed: where tags are left open, Python's parser begins again at each (`<a ` 30,000 times takes it minutes)."""
        reader = cls(sensitive)
        reader.feed(f"{html}\n{_END}")
        if reader.rawdata:
            reader.handle_data(reader.rawdata.removesuffix(_END))
            reader._add(*_NOT_CLOSED)
        return reader

    @property
    def shown(self) -> str:
        return "".join(self._shown)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if what := _FORBIDDEN.get(tag):
            self._add(f"`<{tag}>` {what}, which mail programs remove or warn of", "Remove it.")
        if tag == "meta" and any(name == "http-equiv" and (value or "").lower() == "refresh" for name, value in attrs):
            self._add("`<meta http-equiv=refresh>` redirects the reader", "Remove it.")
        for name, value in attrs:
            self._attribute(tag, name, value or "")
        if tag in _OF_INTEREST:
            self._inside.add(tag)

    def handle_endtag(self, tag: str) -> None:
        self._inside.discard(tag)

    def handle_data(self, data: str) -> None:
        if "style" in self._inside:
            self._style(data)
        if not self._inside & _WITHOUT_TEXT:
            self._shown.append(data)
        carried = _named(data, self._sensitive) if "a" in self._inside else _carried(data, self._sensitive)
        for name in carried:
            self.faults.append(_in_link(self.getpos()[0], name))

    def handle_comment(self, data: str) -> None:
        for name in _named(data, self._sensitive):
            self._add(f"a comment contains `{name}`", "Remove the comment, or write it as `{# … #}`.")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("<"):
            self._add(*_NOT_CLOSED)
        if name.startswith("on"):
            self._add(f"`{name}` of `<{tag}>` runs a script", "Remove it.")
        if name in _FETCHING and tag not in _FORBIDDEN and not _INLINE.match(value):
            self._add(
                f"`{name}` of `<{tag}>` is fetched when the mail is opened",
                "Leave the image out, or write it as `data:`.",
            )
        if name == "style":
            self._style(value)
        if name == "href" and tag in {"a", "area"}:
            self._shown.append(f" {value} ")
            if not _LEADS_SOMEWHERE.match(value):
                self._add(f"a link leads to `{value[:40]}`, which is not a web address", "Give an https address.")
        for name_shown in _named(value, self._sensitive):
            self._add(
                f"`{name}` of `<{tag}>` contains `{name_shown}`",
                "Write it as text: what is in an attribute leaves the mail, or is not seen.",
            )

    def _style(self, css: str) -> None:
        if _FETCHED_BY_STYLE.search(css):
            self._add(
                "a style fetches an image, a font or another style", "Use the fonts that readers have, and no images."
            )

    def _add(self, wrong: str, right: str) -> None:
        self.faults.append(MarkupFault(self.getpos()[0], wrong, right))


def _named(text: str, sensitive: Mapping[str, str]) -> list[str]:
    return [name for value, name in sensitive.items() if value and value in text]


def _carried(text: str, sensitive: Mapping[str, str]) -> list[str]:
    """What stands in something that mail programs make a link of."""
    return [name for link in _LINK_IN_TEXT.findall(text) for name in _named(link, sensitive)]


def _in_link(line: int, name: str) -> MarkupFault:
    return MarkupFault(
        line,
        f"a link contains `{name}`",
        "Write it beside the link: links are opened by scanners and logged by servers.",
    )
