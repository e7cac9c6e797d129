"""A template ends soon and stays small, whatever is written in it; and it is written in a part of Jinja2 only."""

import contextlib
import time
from pathlib import Path

import pytest
from jinja2 import TemplateSyntaxError

from consumer.mail.environment import LARGEST_FILE, MailEnvironment, TooExpensive
from consumer.mail.rendering import RENDER_FAULTS
from consumer.mail.welcome import WELCOME

VALUES = dict.fromkeys(WELCOME.names, "Maria & Co") | {"password": "pw"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path


def rendered(directory: Path, source: str, *, html: bool = False) -> str:
    (directory / "part").write_text(source, encoding="utf-8")
    return MailEnvironment(directory, WELCOME.names, html=html).rendered("part", VALUES)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ institution }}", "Maria & Co"),
        ("{{ institution | upper }}", "MARIA & CO"),
        ("{{ 'a' ~ institution ~ 1 }}", "aMaria & Co1"),
        ("{{ 'a' + password }}{{ 1 + 1 }}", "apw2"),
        ("{% if password == 'pw' and not preferred_name in ['x'] %}yes{% else %}no{% endif %}", "yes"),
        ("{{ 'yes' if password else 'no' }}", "yes"),
        ("{% set greeting = 'Dear ' ~ preferred_name %}{{ greeting }}", "Dear Maria & Co"),
        ("{% set greeting %}Dear {{ password }}{% endset %}{{ greeting }}", "Dear pw"),
        ("{% with a = 'x' %}{{ a }}{% endwith %}", "x"),
        ("{% for a in ['x', password] %}{{ loop.index }}{{ a }}{% if not loop.last %}, {% endif %}{% endfor %}", "1x, 2pw"),
        ("{% for a, b in [('x', 'y'), ('z', 'q')] %}{{ a }}{{ b }}{% endfor %}", "xyzq"),
        ("{{ [institution, password] | join(', ') }}", "Maria & Co, pw"),
        ("{{ password | replace('p', 'PP') }}{{ password[0] }}{{ password[:1] }}", "PPwpp"),
        ("{{ missing | default('-') }}", "-"),
        ("{% filter upper %}a{{ password }}{% endfilter %}", "APW"),
        ("{% raw %}{{ password }}{% endraw %}{# gone #}", "{{ password }}"),
        ("\ufeffHello", "Hello"),
    ],
)  # fmt: skip
def test_what_a_mail_needs_can_be_written(directory: Path, source: str, text: str) -> None:
    assert rendered(directory, source) == text


def test_a_joined_text_is_escaped_in_html(directory: Path) -> None:
    assert rendered(directory, "{{ '<b>' ~ institution }}{{ [institution] | join }}", html=True) == (
        "&lt;b&gt;Maria &amp; CoMaria &amp; Co"
    )


def test_layouts_and_included_files_can_be_shared(directory: Path) -> None:
    (directory / "layout").write_text("<{% block body %}{% endblock %}>{% include 'foot' %}", encoding="utf-8")
    (directory / "foot").write_text("\ufefffoot", encoding="utf-8")
    assert rendered(directory, "{% extends 'layout' %}{% block body %}{{ password }}{% endblock %}") == "<pw>foot"


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'x'.rjust(1000000000) }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ 'x' | indent(1000000000) }}",
        "{{ lipsum(n=100000) }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(x='x') %}{% for a in '123' %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set a = ['x'] %}{% set b = [a, a] %}{{ b }}",
        "{% set institution = 'x' %}",
        "{% autoescape false %}{{ institution }}{% endautoescape %}",
        "{{ institution | safe }}",
        "{{ password.__class__ }}",
        "{{ password['__class__'] }}",
        "{{ self }}{{ self._TemplateReference__context }}",
        "{{ cycler('a').next() }}",
        "{% import 'x' as x %}",
        "{% include password %}",
        "{{ {'a': 1} }}",
        "{{ '\x07' }}",
        "{{ '\\x07' }}",
        "a\x00b",
    ],
)
def test_what_a_mail_may_not_use_is_refused_before_anything_is_rendered(directory: Path, source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        rendered(directory, source)


DOUBLED = "{% set a = 'xxxxxxxx' %}" + "{% set a = a ~ a %}" * 60


@pytest.mark.parametrize(
    "source",
    [
        DOUBLED,
        "{% set a = 'xxxxxxxx' %}" + "{% set a = a + a %}" * 60,
        "{% set a = 'xxxxxxxx' %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60,
        "{% set a = 'xxxxxxxx' %}" + "{% set a = a | replace('x', a) %}" * 10,
        "{% set a = 'xxxxxxxx' %}" + "{% set a = [a, a] | join(a) %}" * 20,
        "".join(f"{{% for a{n} in 'abcdefghij' %}}" for n in range(12)) + "{% endfor %}" * 12,
        "".join(f"{{% for a{n} in 'abcdefghij' %}}" for n in range(12)) + "x" + "{% endfor %}" * 12,
        "{% set a = 'x' * 1 %}",
        "{% set a %}" + "x" * 50_000 + "{% endset %}{% for b in a %}{% if a == a ~ b %}{% endif %}{% endfor %}",
        "{% set a %}" + "x" * 50_000 + "{% endset %}{% for b in a %}{% if b in a %}{% endif %}{% endfor %}",
        "{% set a %}" + "x" * 50_000 + "{% endset %}{% for b in a %}{% if a is eq(b) %}{% endif %}{% endfor %}",
        "{% set a %}" + "x" * 50_000 + "{% endset %}{% for b in a %}{% set c = a[1:] %}{% endfor %}",
        "{% for a in 'abcdefghij' %}{% for b in 'abcdefghij' %}" + "{% if true %}{% endif %}" * 9_000 + "{% endfor %}{% endfor %}",
        "{% include 'part' %}{% include 'part' %}",
        "(" * 5_000,
        "{{ " + "(" * 5_000 + ")" * 5_000 + " }}",
        "{{ " + "9" * 5_000 + " }}",
        "".join(f"{{% if a{n} is undefined %}}" for n in range(300)) + "{% endif %}" * 300,
        "x" * (LARGEST_FILE + 1),
    ],
)  # fmt: skip
def test_whatever_is_written_ends_soon(directory: Path, source: str) -> None:
    began = time.process_time()
    with contextlib.suppress(*RENDER_FAULTS):
        assert len(rendered(directory, source)) <= LARGEST_FILE
    assert time.process_time() - began < 10  # seconds; they take one at most


@pytest.mark.parametrize("html", [False, True])
def test_a_text_that_doubles_is_given_up_at_the_budget(directory: Path, html: bool) -> None:  # noqa: FBT001  a parameter
    with pytest.raises(TooExpensive):
        rendered(directory, DOUBLED, html=html)


def test_files_that_include_each_other_twice_are_given_up_at_the_budget(directory: Path) -> None:
    for number in range(40):
        (directory / f"f{number}").write_text(f"{{% include 'f{number + 1}' %}}" * 2, encoding="utf-8")
    (directory / "f40").write_text("", encoding="utf-8")
    with pytest.raises(TooExpensive):
        rendered(directory, "{% include 'f0' %}")


def test_each_rendering_has_a_budget_of_its_own(directory: Path) -> None:
    (directory / "part").write_text("{% for a in 'x' %}" + "x" * 90_000 + "{% endfor %}", encoding="utf-8")
    environment = MailEnvironment(directory, WELCOME.names, html=False)
    for _ in range(50):
        assert len(environment.rendered("part", VALUES)) == 90_000


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname"])
def test_nothing_outside_of_the_directory_is_read(directory: Path, name: str) -> None:
    (directory.parent / "outside").write_text("secret", encoding="utf-8")
    with pytest.raises(RENDER_FAULTS):
        rendered(directory, f"{{% include '{name}' %}}")
