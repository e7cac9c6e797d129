"""The part of Jinja2 that mails are written in. It has no functions, no recursion and no way to build nested data, so that whatever is
written in it ends soon and stays small: what remains (loops, includes, joined texts) is charged to a budget while it is rendered.

    {{ name }}   {{ name | filter }}   {{ a ~ b }}   {{ a + b }}   {% if %}   {% set %}   {% with %}   {% for x in [ … ] %}
    {% include %}   {% extends %}   {% block %}   {% filter %}   {# a comment #}

Jinja2 itself is no boundary: in its sandbox `{{ "x" * 10**9 }}` takes a gigabyte, and two nested loops take for ever.
"""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from jinja2 import TemplateSyntaxError, nodes

JOINED, WEIGHED = "_joined", "_weighed"
"""The filters that carry out `~`, and that charge what is compared or cut."""

FILTERS = frozenset({
    "capitalize", "count", "d", "default", "e", "escape", "first", "forceescape", "isolated", "join", "last", "length", "lower", "replace",
    "string", "title", "trim", "upper",
})  # fmt: skip
"""Jinja2's filters that a mail may use, and the mails' own."""

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.If, nodes.CondExpr, nodes.And, nodes.Or, nodes.Not,
    nodes.Neg, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Add, nodes.Filter, nodes.Test, nodes.For, nodes.List, nodes.Tuple,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Assign, nodes.AssignBlock, nodes.With, nodes.Block, nodes.Extends, nodes.Include,
    nodes.FilterBlock, nodes.Scope, nodes.Keyword,
)  # fmt: skip

_IN_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.Call: "calls a function",
    nodes.Macro: "defines a macro",
    nodes.CallBlock: "calls a macro",
    nodes.Import: "imports macros",
    nodes.FromImport: "imports macros",
    nodes.ScopedEvalContextModifier: "changes how values are escaped",
    nodes.Dict: "holds a mapping",
    nodes.NSRef: "uses a namespace",
}


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def checked(tree: nodes.Template, names: frozenset[str], *, file: str | None = None) -> nodes.Template:
    """The tree, its loops and joins made to charge the budget. Raises `TemplateSyntaxError` at the first thing that a mail may not use.

    `names` are the values that the mail is given: none of them may be set to something else.
    """
    for line, wrong in _refused(tree, names):
        raise TemplateSyntaxError(f"this {wrong}", line, None, file)
    _charge_within(tree)
    for repeated in [tree, *tree.find_all((nodes.For, nodes.Block))]:
        repeated.body.insert(0, _step(repeated))
    return tree


def refuse_controls(source: str, *, file: str | None = None) -> None:
    """Raises `TemplateSyntaxError` at a control character other than tabs and line breaks: programs that carry or show mail act on some."""
    if found := _CONTROL.search(source):
        raise TemplateSyntaxError(f"this {_holds(found)}", source.count("\n", 0, found.start()) + 1, None, file)


def _holds(control: re.Match[str]) -> str:
    return f"holds a control character (U+{ord(control[0]):04X}), which a mail may not"


def _refused(tree: nodes.Node, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    for node in _all(tree):
        if wrong := _wrong(node, names):
            yield node.lineno or 1, wrong


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _all(child)


def _wrong(node: nodes.Node, names: frozenset[str]) -> str | None:
    wrong: str | None = None
    if not isinstance(node, _ALLOWED):
        operator = getattr(node, "operator", None)
        fallback = f"calculates (`{operator}`)" if operator else f"uses `{type(node).__name__.lower()}`"
        return f"{_IN_WORDS.get(type(node), fallback)}, which a mail may not"
    match node:
        case nodes.Const(value=str(text)) if found := _CONTROL.search(text):
            wrong = _holds(found)
        case nodes.Filter(name=str(name)) if name not in FILTERS:
            wrong = f"uses the filter `{name}`; a mail may use {', '.join(sorted(FILTERS))}"
        case nodes.Name(name=name, ctx="store") if name in names:
            wrong = f"reassigns `{name}`"
        case nodes.Getattr() if not (isinstance(node.node, nodes.Name) and node.node.name == "loop"):
            wrong = f"reads an attribute of a value (`.{node.attr}`), which a mail may not"
        case nodes.Getitem() if not isinstance(node.arg, nodes.Slice) and not _is_number(node.arg):
            wrong = "reads a value by a key that is not a number"
        case nodes.For(recursive=True):
            wrong = "loops recursively"
        case nodes.List() | nodes.Tuple() if getattr(node, "ctx", "load") == "load" and not _is_flat(node, names):
            wrong = "makes a list of something other than texts, numbers and the mail's own names"
        case nodes.Extends() | nodes.Include() if not _is_text(node.template):
            wrong = "includes a file whose name is not a literal"
        case _:
            pass
    return wrong


def _is_number(node: nodes.Expr) -> bool:
    inner = node.node if isinstance(node, nodes.Neg) else node
    return isinstance(inner, nodes.Const) and isinstance(inner.value, int)


def _is_text(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str)


def _is_flat(node: nodes.Expr, names: frozenset[str]) -> bool:
    """Whether a list is as large as it is written: nothing in it may name a list made before."""
    if isinstance(node, nodes.List | nodes.Tuple):
        return all(_is_flat(item, names) for item in node.items)
    return isinstance(node, nodes.Const) or (isinstance(node, nodes.Name) and node.name in names)


def _charge_within(node: nodes.Node) -> None:
    """Jinja2 has no hook for `~`, comparisons and slices; it has one for filters."""
    for name, value in node.iter_fields():
        if isinstance(value, list):
            setattr(node, name, [_charged(item) for item in cast("list[object]", value)])
        else:
            setattr(node, name, _charged(value))
    match node:
        case nodes.Compare() | nodes.Operand():
            node.expr = _filtered(node.expr, WEIGHED)
        case nodes.Getitem(ctx="load"):
            node.node = _filtered(node.node, WEIGHED)
        case _:
            pass


def _charged(value: object) -> object:
    if isinstance(value, nodes.Node):
        _charge_within(value)
    return _filtered(nodes.List(value.nodes), JOINED, value.lineno) if isinstance(value, nodes.Concat) else value


def _filtered(node: nodes.Expr, name: str, line: int = 1) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno or line)


def _step(repeated: nodes.Node) -> nodes.ExprStmt:
    line = repeated.lineno or 1
    size = nodes.Const(sum(1 for _ in _all(repeated)), lineno=line)
    call = nodes.Call(nodes.EnvironmentAttribute("step"), [size], [], None, None, lineno=line)
    return nodes.ExprStmt(call, lineno=line)
