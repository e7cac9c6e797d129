"""Service settings: `config/service.yaml`, overridden by the environment (`PROVISIONER_…`). Tenants are `consumer.tenants`.

Nested keys take two underscores (`PROVISIONER_DATABASE__URL`); any librdkafka setting may be given as `PROVISIONER_KAFKA_…`,
dots written as underscores (`PROVISIONER_KAFKA_SASL_USERNAME` is `sasl.username`).
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

_HOST = re.compile(rb"[a-z0-9._-]+|[0-9a-f:.]+")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _web(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"https", "http"} or not url.hostname:
        raise ValueError("is not an absolute URL such as https://host/path")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("must hold no user name, password, query or fragment")
    _parse(value)
    return value.rstrip("/")


def _parse(value: str) -> None:
    """As the clients that call it do, and what they leave to the connection: the port and the name."""
    try:
        host = httpx.URL(value).raw_host
        _ = urlsplit(value).port
    except (ValueError, httpx.InvalidURL) as error:
        raise ValueError(f"is no address: {str(error).rstrip('.')}") from error
    if not _HOST.fullmatch(host):
        raise ValueError("is no address: its host is no name")


def _is_open(value: str) -> bool:
    """Whether what is sent there could be read on the way."""
    url = urlsplit(value)
    return url.scheme == "http" and url.hostname not in _LOOPBACK


def _https(value: str) -> str:
    if _is_open(value):
        raise ValueError("must be https: plain http is for loopback only")
    return _web(value)


class SecretRef(str):
    """A reference to a secret, never the secret: `env:NAME` or `file:path`. `consumer.secrets` opens it."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A string of that form; pydantic's own hook."""
        text = core_schema.str_schema(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")
        return core_schema.no_info_after_validator_function(cls, text)


Secret = Annotated[
    SecretRef,
    Field(
        title="a reference to the secret, `env:NAME` or `file:path`, never the secret itself",
        examples=["env:NORTH_HIGH_SECRET"],
    ),
]

HttpsUrl = Annotated[str, AfterValidator(_https), Field(title="an https address", examples=["https://host/path"])]
"""An absolute https URL without trailing slash; http only on loopback."""

Topic = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._-]{1,249}$",
        title="letters, digits, `.`, `_`, `-`, at most 249",
        examples=["student-status-changed"],
    ),
]
"""A topic's name by Kafka's own rule (`org.apache.kafka.common.internals.Topic`)."""

Name = Annotated[
    str, Field(pattern=r"^[^\s\x00-\x1f\x7f]{1,255}$", title="a name without blanks", examples=["provisioner"])
]
"""Of a group, a member or a transaction."""

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class Topics(_Section):
    """Names of the topics, so that an institution's own naming rules can be met."""

    status_changed: Topic = "student-status-changed"
    account_provisioned: Topic = "account-provisioned"
    account_provisioning_failed: Topic = "account-provisioning-failed"
    welcome_email_status: Topic = "welcome-email-status"
    dead_letters: Topic = "student-status-changed.dead-letters"
    relay_progress: Topic = "provisioner.relay-progress"


class KafkaSettings(_Section):
    """The cluster, the group and the topics. `librdkafka` takes any other setting of the client, but none that breaks a guarantee."""

    bootstrap_servers: str
    """`host:port`, several with commas."""
    group_id: Name = "provisioner"
    """The consumer group."""
    group_instance_id: Name | None = None
    """Static membership: give each replica its own, and a restart moves no partitions."""
    group_protocol: Literal["classic", "consumer"] = "classic"
    """`consumer` is KIP-848, for brokers that have it."""
    topics: Topics = Topics()
    """Names of the topics."""
    batch_size: int = Field(default=500, ge=1, le=10_000)
    """Records in one batch, and so in one transaction."""
    librdkafka: dict[str, str] = Field(default_factory=dict)
    """Any other setting of the client, such as `sasl.username`."""


class RegistrySettings(_Section):
    """The Confluent-compatible schema registry."""

    url: Annotated[str, AfterValidator(_web), Field(title="an https or http address", examples=["https://host:8081"])]
    """Its root. Plain http is for networks of one's own, and carries no password."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust instead of the system's."""
    username: str | None = None
    """For basic authentication."""
    password: Secret | None = None
    """For basic authentication."""
    cache_size: int = Field(default=1_000, ge=1)
    """Schemas kept in memory."""

    @model_validator(mode="after")
    def _keeps_its_password(self) -> Self:
        if self.password and _is_open(self.url):
            raise ValueError("has a password, which plain http would show to the network: make its `url` https")
        return self


Pooler = Literal["auto", "session", "transaction"]
"""How server connections are shared: `database.pooler`."""


class DatabaseSettings(_Section):
    """PostgreSQL: directly, or through a pooler such as PgBouncer. See [operations.md](operations.md#the-database)."""

    url: str
    """`postgresql://user@host:port/database`, or any other form that libpq reads, with several hosts too; without the password."""
    password: Secret | None = None
    """The user's password."""
    pool_size: int = Field(default=8, ge=2, le=100)
    """Connections of one process."""
    pooler: Pooler = "auto"
    """How a pooler gives out server connections; `auto` sees whether there is one, and then expects it to do so by transaction."""
    migrate_at_start: bool = False
    """Whether `provisioner run` also does what `provisioner db upgrade` does."""


class ProvisioningSettings(_Section):
    """Loop 2. A lease must outlive a call: `lease` > `call_timeout`."""

    concurrency: int = Field(default=256, ge=1, le=4_096)
    """Students in work at once in this process."""
    lease: Seconds = 60.0
    """How long a claimed student stays ours without a sign of life, in seconds."""
    call_timeout: Seconds = 30.0
    """The longest that one vendor call may take, in seconds."""
    sweep: Seconds = 5.0
    """How often to look for due students where no notification came, in seconds."""
    retry_base: Seconds = 2.0
    """Back-off of the first retry, in seconds."""
    retry_cap: Seconds = 600.0
    """Longest back-off, in seconds."""
    held_retry: Seconds = 3_600.0
    """The longest that a student who waits for a person is not tried again by itself, in seconds."""
    report_after: Seconds = 900.0
    """A student who waits for longer than this is reported downstream, with `final: false` and the reason, in seconds."""
    report_attempts: int = Field(default=10, ge=1)
    """Tries in a row at one step after which the student is reported so, too."""
    verify_after: Seconds = 900.0
    """When an account is looked at once more, after a call whose answer was lost or whose process went away, in seconds."""
    mail_hold_down: Seconds = 1_800.0
    """How long Mailgun's records take to become complete: a mail of unknown fate is looked up after that, in seconds."""
    credential_lifetime: float = Field(default=72 * 3_600.0, gt=0, le=30 * 86_400)
    """How long a sealed password is kept where its mail cannot be sent, in seconds."""


class OutboundSettings(_Section):
    """Loop 3. One relay is active over all replicas; `transactional_id` is what fences its predecessor."""

    transactional_id: Name = "provisioner-relay"
    """Kafka's `transactional.id`; the same for all replicas."""
    batch_size: int = Field(default=500, ge=1, le=5_000)
    """Outcomes in one Kafka transaction."""


class VaultKey(_Section):
    """One key-encryption key: 32 bytes, base64, by reference. The first of the list seals; all open."""

    id: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,32}$", title="letters, digits, `.`, `_`, `-`, at most 32", examples=["2026-09"]
    )
    """The key's name; it stands in what the key has sealed."""
    key: Secret
    """32 bytes in base64."""


class HttpSettings(_Section):
    """Where `/metrics`, `/livez` and `/readyz` are served. Port 0 takes a free one."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=9464, ge=0, le=65_535)
    """0 takes a free port."""


class LogSettings(_Section):
    """One JSON object a line, or lines for people."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    format: Literal["json", "console"] = "json"
    """One JSON object a line, or lines for people."""


class Settings(_Section):
    """Everything that the process is told, apart from its tenants."""

    kafka: KafkaSettings
    """Kafka."""
    registry: RegistrySettings
    """The schema registry."""
    database: DatabaseSettings
    """PostgreSQL."""
    vault: tuple[VaultKey, ...] = Field(min_length=1)
    """Keys that seal passwords: the first seals, all open."""
    provisioning: ProvisioningSettings = ProvisioningSettings()
    """Loop 2."""
    outbound: OutboundSettings = OutboundSettings()
    """Loop 3."""
    http: HttpSettings = HttpSettings()
    """Health and metrics."""
    log: LogSettings = LogSettings()
    """Logs."""
    tenants_dir: Path = Path("config/tenants")
    """Where the tenants' files are."""
    templates_dir: Path = Path("templates")
    """Where the mails' templates are."""
    shutdown: Seconds = 25.0
    """How long a stop may take, in seconds."""
