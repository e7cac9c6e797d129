"""HTML that mail programs would remove, fetch or run, and secrets where they are carried on."""

import time

import pytest

from consumer.mail.markup import faults, faults_in_text, shown

SECRETS = {"s3cret": "password", "Maria": "preferred_name"}


@pytest.mark.parametrize(
    ("html", "wrong"),
    [
        ("<script>alert(1)</script>", "`<script>` runs or embeds something"),
        ("<SCRIPT SRC='https://x.example/x.js'></SCRIPT>", "`<script>` runs or embeds something"),
        ("<iframe src='data:x'></iframe>", "`<iframe>` runs or embeds something"),
        ("<svg></svg>", "`<svg>` runs or embeds something"),
        ("<form action='/x'></form>", "`<form>` is a form"),
        ("<input type=password>", "`<input>` is a form, or a part of one"),
        ("<link rel=stylesheet href='https://x.example/x.css'>", "`<link>` fetches a style or a font"),
        ("<base href='https://x.example'>", "`<base>` changes where links lead"),
        ("<meta http-equiv='Refresh' content='0; url=x'>", "redirects the reader"),
        ("<img src='https://x.example/x.png' alt=x>", "`src` of `<img>` is fetched"),
        ("<img src='//x.example/x.png'>", "`src` of `<img>` is fetched"),
        ("<img srcset='https://x.example/x.png 2x'>", "`srcset` of `<img>` is fetched"),
        ("<td background='http://x.example/x.png'>", "`background` of `<td>` is fetched"),
        ("<p style='background: url(https://x.example/x.png)'>", "a style fetches"),
        ("<style>@import 'https://x.example/x.css';</style>", "a style fetches"),
        ("<style>@font-face { src: url(x.woff) }</style>", "a style fetches"),
        ("<p onclick='x()'>", "`onclick` of `<p>` runs a script"),
        ("<a href='javascript:x()'>x</a>", "a link leads to `javascript:x()`"),
        ("<a href='page.html'>x</a>", "a link leads to `page.html`"),
        ("<a href='https://x.example/?p=s3cret'>x</a>", "`href` of `<a>` contains `password`"),
        ("<p title='Maria'>x</p>", "`title` of `<p>` contains `preferred_name`"),
        ("<a href='https://x.example'>Hello <b>Maria</b></a>", "a link contains `preferred_name`"),
        ("<p>https://x.example/s3cret</p>", "a link contains `password`"),
        ("<!-- s3cret -->", "a comment contains `password`"),
        ("<p>x</p><p", "a tag or comment is not closed"),
        ("<script>x", "a tag or comment is not closed"),
    ],
)  # fmt: skip
def test_a_fault_is_found_with_its_line(html: str, wrong: str) -> None:
    found = faults(f"<p>x</p>\n{html}", SECRETS)
    assert wrong in "\n".join(fault.wrong for fault in found)
    if "not closed" not in wrong:
        assert [fault.line for fault in found if wrong in fault.wrong] == [2]


@pytest.mark.parametrize(
    "html",
    [
        "<p style='color: #333; background: url(data:image/png;base64,xx)'>s3cret</p>",
        "<style>p { font-family: 'Segoe UI', Arial }</style>",
        "<img src='data:image/png;base64,xx' alt='North High'>",
        "<img src=cid:logo>",
        "<a href='https://x.example/?a=1&amp;b=2'>https://x.example</a> s3cret Maria",
        "<a href=mailto:office@x.example>office</a> <a href=tel:+3021>call</a> <a href=#top>top</a>",
        "<!--[if mso]><table><![endif]-->",
        "<br/><hr><meta name=viewport content='width=device-width'>",
        "1 < 2 & 3 > 2, &copy; s3cret",
    ],
)  # fmt: skip
def test_plain_markup_has_no_faults(html: str) -> None:
    assert faults(html, SECRETS) == []


def test_a_link_in_plain_text_tells_no_secret() -> None:
    text = "see https://x.example s3cret\nor www.x.example/?p=s3cret"
    assert [(fault.line, fault.wrong) for fault in faults_in_text(text, SECRETS)] == [(2, "a link contains `password`")]


def test_what_is_shown_is_the_text_and_where_links_lead() -> None:
    assert shown(
        "<title>t</title><style>s</style><p title=x>a&amp;b <a href='https://x.example'>c</a></p>"
    ).split() == [
        "a&b",
        "https://x.example",
        "c",
    ]


@pytest.mark.parametrize("piece", ["<a ", "<!", "<!--", "</", "<a href='", "<?", "<![CDATA[", "<", "<a>", "<p x='"])
def test_broken_markup_is_read_quickly(piece: str) -> None:
    began = time.process_time()
    faults(piece * 30_000, SECRETS)
    assert time.process_time() - began < 10  # seconds; they take less than one
