"""Service settings: `config/service.yaml`, overridden by the environment (`PROVISIONER_…`). Tenants are `consumer.tenants`.

Nested keys take two underscores (`PROVISIONER_DATABASE__URL`); any librdkafka setting may be given as `PROVISIONER_KAFKA_…`,
dots written as underscores (`PROVISIONER_KAFKA_SASL_USERNAME` is `sasl.username`).

One module for the one file, however long: its schema and its reference page are made of these models, in this order.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

_HOST = re.compile(rb"[a-z0-9._-]+|[0-9a-f:.]+")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@lru_cache(maxsize=256)
def _web(value: str) -> str:
    """Cached, as a thousand tenants have the same few addresses."""
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
        raise ValueError(f"is not an address: {str(error).rstrip('.')}") from error
    if not _HOST.fullmatch(host):
        raise ValueError("is not an address: its host is not a name")


def _is_open(value: str) -> bool:
    """Whether what is sent there could be read on the way."""
    url = urlsplit(value)
    return url.scheme == "http" and url.hostname not in _LOOPBACK


def _proxy(value: str) -> str:
    url = urlsplit(value)
    if url.scheme != "http" or not url.hostname:
        raise ValueError("is not a proxy's address such as http://proxy.example:3128")
    if url.username or url.password or url.path.strip("/") or url.query or url.fragment:
        raise ValueError("must hold no user name, password or path: they have separate keys, or none")
    return value.rstrip("/")


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
Days = Annotated[float, Field(gt=0, le=3_650)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class Topics(_Section):
    """Names of the topics, so that an institution's own naming rules can be met."""

    status_changed: Topic = "student-status-changed"
    account_provisioned: Topic = "account-provisioned"
    account_changed: Topic = "account-changed"
    account_provisioning_failed: Topic = "account-provisioning-failed"
    welcome_email_status: Topic = "welcome-email-status"
    account_planned: Topic = "account-planned"
    dead_letters: Topic = "student-status-changed.dead-letters"
    relay_progress: Topic = "provisioner.relay-progress"

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Those on which outcomes are published."""
        return (
            self.account_provisioned,
            self.account_changed,
            self.account_provisioning_failed,
            self.welcome_email_status,
            self.account_planned,
        )


KafkaSecret = Literal[
    "sasl.password",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "sasl.oauthbearer.assertion.private.key.pem",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
]
"""Those of librdkafka's settings that are secrets."""


_SASL_SECRETS = {name for name in get_args(KafkaSecret) if name.startswith("sasl.")}


class MskIam(_Section):
    """Amazon MSK with IAM access control, by the credentials that AWS's own client finds where the service runs. It needs \
`pip install 'provisioner[msk]'`."""

    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", title="a region of AWS", examples=["eu-central-1"])
    """The cluster's region."""
    role: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$",
        title="a role's ARN",
        examples=["arn:aws:iam::123456789012:role/provisioner"],
    )
    """A role to assume for it."""


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
    park_unknown: float = Field(default=900.0, ge=0, le=86_400)
    """How long events of a tenant without a file wait for it before they become dead letters, in seconds; 0: not at all."""
    librdkafka: dict[str, str] = Field(default_factory=dict)
    """Any other setting of the client, such as `sasl.username`."""
    secrets: dict[KafkaSecret, Secret] = Field(default_factory=dict[KafkaSecret, Secret])
    """Settings of the client that are secrets, by reference: `sasl.password: env:KAFKA_PASSWORD`."""
    msk_iam: MskIam | None = None
    """For Amazon MSK with IAM access control."""

    @model_validator(mode="after")
    def _has_one_access(self) -> Self:
        if twice := sorted(self.secrets.keys() & self.librdkafka.keys()):
            raise ValueError(f"gives `{twice[0]}` both in `librdkafka` and in `secrets`: give it once")
        own = [name for name in self.librdkafka if name.startswith("sasl.") or name == "security.protocol"]
        if self.msk_iam and (own or self.secrets.keys() & _SASL_SECRETS):
            raise ValueError("gives `msk_iam` and `sasl.*` or `security.protocol` besides: `msk_iam` sets them all")
        return self


class RegistryOAuth(_Section):
    """The registry's client at an OAuth token endpoint (client credentials, RFC 6749 4.4)."""

    token_url: HttpsUrl
    """The token endpoint."""
    client_id: str
    """The client's id."""
    client_secret: Secret
    """The client's secret."""
    scope: str | None = None
    """What the token is to be good for, such as `api://…/.default` at Entra."""
    logical_cluster: str | None = Field(default=None, examples=["lsrc-abc123"])
    """Confluent Cloud's id of the registry; it is sent as `target-sr-cluster`."""
    identity_pool: str | None = Field(default=None, examples=["pool-xyz"])
    """Confluent Cloud's id of the identity pool; it is sent as `Confluent-Identity-Pool-Id`."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust at the token endpoint instead of the system's."""


class RegistrySettings(_Section):
    """The Confluent-compatible schema registry. It asks for nothing, for a password, for OAuth tokens, for a client certificate, or for \
a certificate and one of the others."""

    url: Annotated[str, AfterValidator(_web), Field(title="an https or http address", examples=["https://host:8081"])]
    """Its root. Plain http is for private networks, and carries neither passwords nor tokens."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust instead of the system's."""
    username: str | None = None
    """For basic authentication."""
    password: Secret | None = None
    """For basic authentication."""
    oauth: RegistryOAuth | None = None
    """For tokens."""
    client_certificate: Path | None = None
    """The client's certificate (PEM, with the intermediate ones after it), where the registry asks for one."""
    client_key: Path | None = None
    """Its private key (PEM)."""
    client_key_password: Secret | None = None
    """The password of that key, if it has one."""
    cache_size: int = Field(default=1_000, ge=1)
    """Schemas kept in memory."""

    @model_validator(mode="after")
    def _keeps_its_secrets(self) -> Self:
        for name, given in (("a password", self.password), ("an `oauth` section", self.oauth)):
            if given and _is_open(self.url):
                raise ValueError(f"has {name}, which plain http would expose: make its `url` https")
        if self.client_certificate and urlsplit(self.url).scheme != "https":
            raise ValueError("has a `client_certificate`, which plain http has no place for: make its `url` https")
        return self

    @model_validator(mode="after")
    def _has_whole_credentials(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("gives one of `username` and `password`: give both or neither")
        if self.password and self.oauth:
            raise ValueError("gives a `password` and an `oauth` section: give one of them")
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("gives one of `client_certificate` and `client_key`: give both or neither")
        if self.client_key_password and not self.client_key:
            raise ValueError("gives a `client_key_password` without a `client_key`")
        return self


class ProxySettings(_Section):
    """An HTTP proxy for all outgoing HTTP: vendors, token endpoints, Mailgun and the registry. Without this section, `HTTPS_PROXY`, \
`HTTP_PROXY` and `NO_PROXY` of the environment count. Kafka, PostgreSQL, this machine and metadata servers are always reached directly."""

    url: Annotated[str, AfterValidator(_proxy), Field(title="an http address")] | None = Field(
        default=None, examples=["http://proxy.example:3128"]
    )
    """The proxy; it opens tunnels (CONNECT), so that calls stay encrypted end to end. Left out: no proxy, whatever the environment says."""
    username: str | None = None
    """For a proxy that asks for one."""
    password: Secret | None = None
    """For a proxy that asks for one."""
    no_proxy: tuple[str, ...] = ()
    """What is reached directly: names (with all names below them), addresses, networks such as `10.0.0.0/8`; `name:port` for one port."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("gives one of `username` and `password`: give both or neither")
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
    breaker_wait: Seconds = 30.0
    """How long a tenant's service is left alone after several failures in a row, in seconds; then one student tries it."""
    throttle_wait: Seconds = 30.0
    """The longest that a tenant waits after a rate limit for which the vendor names no time, in seconds; the first wait is 1."""
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
    """When an account is verified after a call whose response was lost or whose process crashed, in seconds."""
    mail_hold_down: Seconds = 1_800.0
    """How long Mailgun's records take to become complete: a mail with an unknown outcome is looked up after that, in seconds."""
    reconcile_share: float = Field(default=0.25, gt=0, le=1)
    """The part of a vendor's limits that reconciliations and adoptions use at most; the rest stays for students."""
    credential_lifetime: float = Field(default=72 * 3_600.0, gt=0, le=30 * 86_400)
    """How long a sealed password is kept where its mail cannot be sent, in seconds."""


class OutboundSettings(_Section):
    """Loop 3. One relay is active over all replicas; `transactional_id` is what fences its predecessor."""

    transactional_id: Name = "provisioner-relay"
    """Kafka's `transactional.id`; the same for all replicas."""
    batch_size: int = Field(default=500, ge=1, le=5_000)
    """Outcomes in one Kafka transaction."""
    linger: float = Field(default=0.1, ge=0, le=10)
    """How long to gather outcomes for the next transaction after one that was not full, in seconds."""


class RetentionSettings(_Section):
    """How long the ledger keeps what the service has no need of any more, in days. One replica at a time deletes it, a little at a time."""

    published_outcomes: Days = 7.0
    """Outcomes that are on their topics."""
    settled_events: Days = 90.0
    """Events that were settled, by which a repeated one is recognised: at least as long as the input topic keeps its records. An event \
that is delivered again after that does nothing either, but counts as superseded. Also what people decided of what the guard had parked."""
    attempts: Days = 90.0
    """What became of each attempt at a step. A tenant may have its own: `keep_attempts`."""
    ended_waits: Days = 7.0
    """Waits of tenants' services that are over."""
    every: Seconds = 300.0
    """How often to look, in seconds."""


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


class MetricsSettings(_Section):
    """What waits in the ledger, as `/metrics` shows it: see [metrics.md](metrics.md)."""

    tenants: int = Field(default=200, ge=0, le=1_000)
    """Tenants with series of their own: those in which students, holds and parked actions wait longest. The others are added up as \
`tenant="other"`."""
    every: Seconds = 30.0
    """How often one of the replicas measures it, in seconds."""


class LogSettings(_Section):
    """One JSON object a line, or lines for people."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The lowest level that is logged."""
    format: Literal["json", "console"] = "json"
    """One JSON object a line, or lines for people."""


class TracingSettings(_Section):
    """Traces, by OpenTelemetry. They need `pip install 'provisioner[tracing]'`."""

    endpoint: Annotated[
        str, AfterValidator(_web), Field(title="an https or http address", examples=["http://collector:4318/v1/traces"])
    ]
    """Where a collector takes spans by OTLP over HTTP. It is reached directly, whatever the proxy."""
    share: float = Field(default=1.0, ge=0, le=1)
    """The part of traces that is recorded, of those that begin here. An event's `traceparent` says whether its trace is recorded."""
    headers: dict[str, Secret] = Field(default_factory=dict[str, Secret])
    """Headers that the collector requires, by reference, such as `authorization: env:OTLP_AUTHORIZATION`."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust instead of the system's."""

    @model_validator(mode="after")
    def _keeps_its_secrets(self) -> Self:
        if self.headers and _is_open(self.endpoint):
            raise ValueError("has `headers`, which plain http would expose: make its `endpoint` https")
        return self


class Settings(_Section):
    """The configuration of the process, apart from its tenants."""

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
    retention: RetentionSettings = RetentionSettings()
    """What the ledger keeps, and for how long."""
    http: HttpSettings = HttpSettings()
    """Health and metrics."""
    metrics: MetricsSettings = MetricsSettings()
    """Metrics of what waits."""
    proxy: ProxySettings | None = None
    """An HTTP proxy for outgoing HTTP."""
    log: LogSettings = LogSettings()
    """Logs."""
    tracing: TracingSettings | None = None
    """Traces; left out: none."""
    tenants_dir: Path = Path("config/tenants")
    """Where the tenants' files are."""
    tenants_every: Seconds = 5.0
    """How often to look for changes of tenants' files and of the secrets and certificates that they name, in seconds; SIGHUP looks at \
once."""
    templates_dir: Path = Path("templates")
    """Where the mails' templates are."""
    shutdown: Seconds = 25.0
    """How long a stop may take, in seconds."""
