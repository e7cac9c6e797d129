"""`docs/configuration.md`: every key with its form, default and meaning, made from the models."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from consumer.configuration.sentences import form, model_in
from consumer.mail.deletion_notice import DELETION_NOTICE
from consumer.mail.dialect import FILTERS
from consumer.mail.welcome import WELCOME
from consumer.settings import Settings
from consumer.tenants import Tenant

_INTRODUCTION = """\
# Configuration

Two kinds of files, both YAML: `config/service.yaml`, and one `config/tenants/<id>.yaml` (or `.yml`) for each institution. Editors that know
JSON Schema complete and check the files as you type (`config/service.schema.json`, `config/tenant.schema.json`).

`provisioner config check` lists every mistake of all files in one run, each with its file and line, or with the environment variable that
made it. It constructs what `provisioner run` constructs, and connects to nothing: librdkafka is given its settings, URLs are parsed,
secrets, keys and certificates opened (`--no-secrets` leaves these out, for a build), every template is rendered with sample students, and
the address patterns are tried with sample names. Unknown and duplicate keys are mistakes; what is allowed but probably not intended,
such as a tenant whose statuses have no action, gets a notice. The exit status is 1 if there are mistakes.
With `--connect` it then contacts everything that the files name: see [operations.md](operations.md#checking-an-installation).

- Any key of the service can be overridden from the environment: `PROVISIONER_DATABASE__URL` is `database.url`. Values are read as YAML.
- `PROVISIONER_KAFKA_…` is any setting of librdkafka, dots written as underscores: `PROVISIONER_KAFKA_SASL_USERNAME` is `sasl.username`.
  Those that would break a guarantee (such as `enable.auto.commit`) are rejected.
- In Kubernetes, every container gets variables for the Services of its namespace. Those of Services called `provisioner` or
  `provisioner-…` (`PROVISIONER_SERVICE_HOST`, `PROVISIONER_KAFKA_PORT_9092_TCP`, …) are recognised and ignored.
- A file may hold 512 kB and 50,000 values, counting what YAML aliases repeat.
- Secrets are given by reference: `env:NAME` or `file:path`. The names of such variables must not begin with `PROVISIONER_`.
- How to get each credential: [vendors.md](vendors.md) for the vendors', [operations.md](operations.md#access-to-kafka-and-the-registry) for
  Kafka's and the registry's. Outgoing HTTP goes through [a proxy](operations.md#a-proxy) where there is one.
- Vendor URLs must be https, except on loopback.
- A tenant's id is part of the marker on each of its accounts. It can't be changed: under another id the service would not recognise these
  accounts and would create new ones beside them.
- How names of every script become addresses, and in which language they are read: [addresses.md](addresses.md).
- Two tenants may share a directory: the marker distinguishes their accounts. A domain that two tenants use must be declared by both
  (`addresses.shared_with`). `provisioner config check` names the files and lines of every overlap.
- A mistake in `service.yaml` stops the process. A tenant whose file, secret, key or CA file cannot be used is held by itself, and the
  process runs for all others: see [operations.md](operations.md#a-tenant-that-cannot-be-used).
- `PROVISIONER_FAILPOINTS` is for tests and drills only: the process crashes or loses responses at named points (`consumer/failpoints.py`).
"""

_TEMPLATES = """\
## `templates/<mail>/<language>/`

`subject.txt`, `body.txt` and `body.html`, in UTF-8, with or without a byte order mark. They are written in a part of
[Jinja2](https://jinja.palletsprojects.com/en/stable/templates/):

- values of the welcome mail: {welcome};
- values of the notice of a deletion: {notice}. The date is written as `YYYY-MM-DD`;
- `{{{{ value }}}}`, `{{{{ value | filter }}}}`, `~` and `+` to join texts, comparisons, `and`, `or`, `not`, `… if … else …`;
- `if`, `for` over a list that is written out, `set`, `with`, `filter`, `raw`, `include`, `extends`, `block`;
- filters: {filters}. `isolated` keeps a right-to-left name from turning its surroundings around.

Nothing else: no functions, macros, calculations or attributes, and nothing that turns off HTML escaping. Rendering is bounded: a
template that runs too long or grows too large is a mistake; if the check did not find it, the mail is held.

HTML must hold nothing that runs, is sent, or is fetched when the mail is opened: no scripts, forms, remote images, styles or fonts. The
password, the sign-in name and the student's name must not be in an attribute, a link or a comment, nor in an address in the text; the
subject must not contain the password. Both bodies must contain `sign_in_name`, `password` and `sign_in_url` for every student.
"""


def reference() -> str:
    """The page's text; a test holds the file to it."""
    parts = [
        _INTRODUCTION,
        "## `config/service.yaml`\n",
        *_section(Settings, ""),
        "## `config/tenants/<id>.yaml`\n",
        *_section(Tenant, ""),
        _TEMPLATES.format(
            welcome=_listed(WELCOME.names), notice=_listed(DELETION_NOTICE.names), filters=_listed(sorted(FILTERS))
        ),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    if prefix:
        yield f"### `{prefix}`\n"
    yield " ".join((model.__doc__ or "").split()) + "\n"
    yield "| key | form | default | meaning |\n|---|---|---|---|"
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        below = model_in(field.annotation)
        if below:
            inner.append((f"{prefix}.{name}" if prefix else name, below))
        yield f"| `{name}` | {_form(field, below)} | {_default(field, below)} | {_meaning(field)} |"
    yield ""
    for path, below in inner:
        yield from _section(below, path)


def _form(field: FieldInfo, below: type[BaseModel] | None) -> str:
    kind = str(field.annotation)
    if below:
        return "list of sections" if "tuple" in kind else "section"
    if described := form(field.annotation, field):
        return f"{'list: ' if 'tuple' in kind else ''}{described.title}"
    names = {"bool": "`true` or `false`", "int": "whole number", "float": "number"}
    if kind.startswith("typing.Literal"):
        return " or ".join(f"`{part}`" for part in re.findall(r"'([^']*)'", kind))
    if "dict" in kind:
        return "mapping"
    if "tuple" in kind:
        return "list of texts"
    values = [f"`{value}`" for value in getattr(field.annotation, "__members__", {}).values()]
    return " or ".join(values) or names.get(getattr(field.annotation, "__name__", ""), "text")


def _default(field: FieldInfo, below: type[BaseModel] | None) -> str:
    default: Any = field.default
    if field.is_required():
        return "required"
    if below or default is PydanticUndefined or default in (None, ()):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return ", ".join(f"`{item}`" for item in default)  # pyright: ignore[reportUnknownVariableType]  any of the models' tuples
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _meaning(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")
