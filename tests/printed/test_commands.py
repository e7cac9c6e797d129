"""Every command that README.md, docs/*.md and docker-compose.yml print works as printed: run as it stands, or listed with the reason.

A command that is added to a page without a place here fails the first test.
"""

import base64
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import psycopg
import pytest
import yaml

from consumer.settings import Topics
from sandbox.demo.institutions import INSTITUTIONS
from sandbox.embedded.ports import free_ports
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.world import REGISTRY, World
from testbed.parts.artefacts import Say
from testbed.parts.kafka import KafkaCluster
from tests.printed.collected import PAGES, ROOT, composition, in_composition, printed
from tests.printed.first_school import IN_THE_CHECKOUT, PAGE
from tests.printed.installation import Shell, answers

RUN_IN_ORDER = {
    "openssl rand -base64 32": 0,
    "provisioner --help": 0,
    "provisioner config check": 0,
    "provisioner config explain --tenant north-high --status enrolled --attribute grade=7": 0,
    "provisioner topics create": 0,
    "provisioner schemas check": 0,
    "provisioner schemas register": 0,
    "provisioner db upgrade": 0,
    "provisioner db grants": 0,
    "provisioner config check --connect": 0,
    "provisioner plan --tenant north-high --config candidate --topic": 0,
    "provisioner plan --tenant north-high --config candidate --events events.jsonl": 0,
    "provisioner keys check": 0,
    "provisioner keys rotate": 0,
    "provisioner tenant waits north-high": 0,
    "provisioner tenant resume north-high": 0,
    "provisioner tenant parked": 0,
    "provisioner status": 0,
    "provisioner student show north-high S000123": 1,
    "provisioner mail show north-high S000123": 1,
    "provisioner student list --tenant north-high --held": 0,
    "provisioner student list --tenant north-high --held --reason account_conflict": 0,
    "provisioner student retry north-high S000123": 1,
    "provisioner held list": 0,
    "provisioner held release --tenant north-high --reason licences_exhausted": 1,
    "provisioner reconcile --tenant north-high": 0,
    "provisioner tenant resume my-school": 0,
    "provisioner guard list": 0,
    'provisioner guard approve --tenant north-high --action suspend_account --list 1042 --reason "graduation, says the office"': 1,
    'provisioner guard reject --tenant north-high --action suspend_account --list 1042 --reason "the export was wrong"': 1,
    "provisioner acts list --tenant north-high --since 7d": 0,
    "provisioner dead-letters list": 0,
    "provisioner dead-letters list --since 2h": 0,
    "provisioner dead-letters list --tenant north-high --reason unlisted_status --since 7d": 0,
    "provisioner dead-letters show 0 1042": 1,
    "provisioner dead-letters replay --since 2h": 1,
    "provisioner dead-letters replay --since 2h --dry-run": 1,
    "provisioner dead-letters replay --reason unknown_tenant": 1,
    "provisioner dead-letters replay --reason unlisted_status --since 7d --dry-run": 1,
    'provisioner dead-letters replay --reason unlisted_status --since 7d --why "the status is listed now"': 1,
    "provisioner topics create --replication 1": 0,
    "provisioner simulate student --help": 0,
    "provisioner simulate events": 0,
    "PROVISIONER_FAILPOINTS='create.answer=crash' provisioner run": 137,
}
"""In an installation on three brokers, with the exit status that the pages promise. The crash needs the events before it, and a student
is known when replicas have run. No record is a dead letter before."""

STAY_UP = {"provisioner run", "provisioner simulate vendors --directory DIR", "provisioner status --watch"}
"""Run until Ctrl-C, after which they end with status 0."""

NOT_RUN = {
    "make test": "takes minutes",
    "make test-fast": "a part of `make test`",
    "make contract": "a part of `make test` and `make prove`",
    "python -m tests.contracts.facts": "changes a page; tests/contracts/test_facts.py holds the page against it",
    "python -m monitoring": "changes files; tests/monitoring holds them against what it writes",
    'python -m monitoring.pictures --prometheus http://127.0.0.1:9090 --note "A run with 10,000 students"': (
        "changes pictures; tests/monitoring draws them"
    ),
    "python -m tests.monitoring.sample": "takes minutes, and changes pictures",
    "python -m tests.observe.page": "changes a page; tests/observe/test_catalogue.py holds the page against it",
    "python -m tests.observe.log_page": "changes a page; tests/observe/test_log_lines.py holds the page against it",
    "provisioner adopt --tenant north-high --from matches.csv": "needs a file of the school's; tests/cli runs it",
    "provisioner adopt --tenant north-high --from matches.csv --digest DIGEST": "likewise, and the digest that was printed",
    "provisioner --install-completion": "changes the shell's own files; tests/cli/test_commands.py has it complete",
    "make prove": "runs this test",
    "make sbom": "installs an environment; tests/test_shipping.py runs it",
    "make audit": "needs a network, which tests do without",
    "python -m bench.sizing": "changes a page; tests/bench/test_sizing.py holds the page against it",
    "python -m proof.alerting": "takes minutes, and changes a page; tests/proof/alerting plays it",
    "python -m tests.deploy.values": "changes a file; tests/deploy/test_values.py holds it against what it writes",
    "make lint": "takes a minute of both cores; CI runs it before the tests",
    "make demo KEEP=1": "stays up for a person to look at; `make demo` is run",
    "make bench": "takes minutes, and measures nothing beside other tests",
    "make bench PEERS=1": "installs the peers, takes minutes",
    "make bench ARGS=--quick": "half a minute of full load",
    'make bench ARGS="--only accounts start"': "takes minutes",
    'make bench ARGS="--only growth"': "takes hours",
    'make bench ARGS="--only neighbours"': "takes minutes",
    'make bench ARGS="--only relay accounts commits"': "takes minutes",
    'make bench ARGS="--only year"': "takes minutes, and changes a page",
    'make bench ARGS="--write docs/performance.md"': "takes minutes, and changes a page",
    "python -m bench --peers --write docs/performance.md": "takes minutes, and changes a page",
    "make simulate": "a thousand seeds take minutes; tests/proof plays seeds",
    "make simulate SEED=4711 ARGS=--trace": "a minute of trace; tests/proof plays seeds",
    "make simulate SEED=7 ARGS=--lives": "test_lives plays that seed",
    "make chaos": "takes an hour; tests/proof plays every row in its short form",
    "make chaos ROWS=1,5-9,kafka MINUTES=10 SEED=7": "takes hours",
    "python -m proof.checker .cache/chaos/1-34.json": "judges what `make chaos` kept",
    "openssl pkcs12 -in app.pfx -out app.pem": "asks for the passwords of a file that only Azure hands out",
    "pip install 'provisioner[msk]'": "installs a release",
    "pip install 'provisioner[tracing]'": "likewise",
    "docker compose up": "needs a container engine; its commands are run below, tests/test_shipping.py checks the file",
    "docker compose --profile monitoring up": "likewise",
}
"""Checked as far as can be: make knows the target, the module that it calls has the options."""

RUN_ELSEWHERE = {
    "psql --dbname provisioner --file deploy/postgres/roles.sql": "tests/deploy/test_least_privilege.py",
    "psql --dbname provisioner --username provisioner_migration --file deploy/postgres/grants.sql": "tests/deploy/test_least_privilege.py",
    "provisioner db upgrade --grant-to provisioner": "tests/deploy/test_least_privilege.py",
    "BOOTSTRAP_SERVERS=kafka:9093 COMMAND_CONFIG=admin.properties deploy/kafka/acls.sh": "tests/deploy/test_least_privilege.py",
    "helm template provisioner deploy/helm/provisioner --namespace schools --values values.yaml": "tests/deploy/chart.py",
}
"""By tests that have the roles, the access control lists, or Helm's library in place of its command."""

NEED_A_CLUSTER = {
    "kubectl create secret generic provisioner --namespace schools --from-file=secrets/provisioner",
    "kubectl create secret generic provisioner-migration --namespace schools --from-file=secrets/provisioner-migration",
    "kubectl create secret generic north-high --namespace schools --from-file=secrets/north-high",
    "helm upgrade --install provisioner deploy/helm/provisioner --namespace schools --values values.yaml --wait --timeout 25m",
    "helm rollback provisioner --namespace schools --wait",
    "kubectl rollout status deployment/provisioner --namespace schools",
    "kubectl rollout restart deployment/provisioner --namespace schools",
    "kubectl scale deployment/provisioner --namespace schools --replicas 0",
    "kubectl annotate scaledobject provisioner --namespace schools autoscaling.keda.sh/paused-replicas=0",
    "kubectl drain node-1 --ignore-daemonsets --delete-emptydir-data",
    "pg_dump --format custom --file provisioner.dump provisioner",
    "pg_restore --dbname provisioner --no-owner --role provisioner_migration --clean --if-exists provisioner.dump",
}
"""Of Kubernetes, or of an administrator's PostgreSQL. The names in them are those of the chart as tests/deploy renders it."""

PLACES = {*RUN_IN_ORDER, *STAY_UP, *NOT_RUN, *RUN_ELSEWHERE, *NEED_A_CLUSTER, *IN_THE_CHECKOUT}

OURS = {
    name
    for name, service in composition()["services"].items()
    if service["image"] in {"provisioner", "provisioner-sandbox"}
}
OF_OTHER_IMAGES = {"kafka", "postgres", "registry", "prometheus", "alertmanager", "grafana"}
"""Their commands are health checks by programs that only their images have, or they have none."""


def test_every_printed_command_has_its_place() -> None:
    first_hour = set(PAGE.commands)
    unknown = {command: pages for command, pages in printed().items() if command not in PLACES | first_hour}
    assert unknown == {}, "run them in a test, or list them with the reason why not"


def test_no_place_is_for_a_command_that_is_no_longer_printed() -> None:
    assert PLACES - printed().keys() == set()


def test_what_is_run_elsewhere_has_its_test() -> None:
    assert {test for test in RUN_ELSEWHERE.values() if not (ROOT / test).is_file()} == set()


@pytest.mark.parametrize("command", sorted(NEED_A_CLUSTER))
def test_what_needs_a_cluster_names_what_the_chart_calls_so(command: str) -> None:
    words = shlex.split(command)
    files = [word for word in words if word.startswith("deploy/")]
    assert [file for file in files if not (ROOT / file).exists()] == []
    if words[0] in {"helm", "kubectl"} and words[1] != "drain":
        assert words[words.index("--namespace") + 1] == "schools"
        assert {"provisioner", "deployment/provisioner", "provisioner-migration", "north-high"} & set(words)


def test_the_index_of_the_readme_has_every_page() -> None:
    linked = set(re.findall(r"\]\((docs/[a-z-]+\.md)\)", (ROOT / "README.md").read_text()))
    assert linked == {page for page in PAGES if page.startswith("docs/") and not page.startswith("docs/runbooks/")}


def test_every_service_of_the_composition_has_its_place() -> None:
    assert composition()["services"].keys() == OURS | OF_OTHER_IMAGES
    assert {*COMPOSED, "vendors", "provisioner"} == OURS


@pytest.mark.parametrize(
    "command", [command for command in NOT_RUN if not command.startswith(("docker", "make audit"))]
)
def test_what_is_not_run_could_be(command: str, tmp_path: Path) -> None:
    words = shlex.split(command)
    called = Shell(ROOT).run(f"make -n {shlex.join(words[1:])}") if words[0] == "make" else command
    module = called.strip().splitlines()[-1]
    shell = Shell(tmp_path, {"PYTHONPATH": str(ROOT)})
    program, *arguments = shlex.split(module)
    asked = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    named = arguments[:2] if arguments[0] == "-m" else [word for word in arguments[:1] if not word.startswith("-")]
    known = shell.run(shlex.join([Path(program).name, *named, "--help"]))
    assert {option for option in asked if option not in known} == set()


@pytest.fixture
def installation(tmp_path: Path, database_url: str, say: Say) -> Iterator[Shell]:
    """`config/` beside three brokers, a database, and simulated vendors with a registry; topics, schemas and tables are not there yet."""
    world = World(INSTITUTIONS, tmp_path / "config", clock=time.time, seed=1)
    port = free_ports(1)[0]
    with (
        KafkaCluster(tmp_path / "kafka", size=3, say=say) as kafka,
        ServedInThread(world.server) as vendors,
    ):
        world.write_tenants(world.tenants(vendors))
        settings = {
            "kafka": {"bootstrap_servers": kafka.bootstrap_servers},
            "registry": {"url": vendors.url(REGISTRY), "ca_file": str(world.authority.ca_file)},
            "database": {"url": database_url},
            "vault": [{"id": "2026-09", "key": "env:VAULT_KEY"}],
            "provisioning": {"lease": 8, "call_timeout": 4, "retry_base": 0.2},
            "http": {"port": port},
            "templates_dir": str(ROOT / "templates"),
        }
        (tmp_path / "config/service.yaml").write_text(yaml.safe_dump(settings))
        copytree(tmp_path / "config/tenants", tmp_path / "candidate")
        (tmp_path / "events.jsonl").touch()
        yield Shell(tmp_path, {"VAULT_KEY": base64.b64encode(bytes(32)).decode(), "HEALTH": f"http://127.0.0.1:{port}"})


@pytest.mark.long(seconds=250)
@pytest.mark.parts
def test_the_commands_of_the_pages_do_what_they_say(installation: Shell, database_url: str) -> None:
    log = installation.folder / "log"
    for command, status in RUN_IN_ORDER.items():
        installation.run(command, status=status)
    with installation.running(
        "provisioner run", log=log, until=lambda: answers(f"{installation.environ['HEALTH']}/readyz")
    ):
        pass
    directory = installation.folder / "DIR"
    with installation.running(
        "provisioner simulate vendors --directory DIR", log=log, until=(directory / "ready").exists
    ):
        installation.run("provisioner config check --config DIR/service.yaml")
    looks = installation.folder / "looks"
    with installation.running("provisioner status --watch", log=looks, until=lambda: "Leaders" in looks.read_text()):
        pass
    with psycopg.connect(database_url) as ledger:
        assert ledger.execute("SELECT count(*) > 0 FROM account").fetchone() == (True,)


COMPOSED = ("topics", "schemas", "migrations", "events")
"""In the order in which they start; `vendors` runs before them and `provisioner` after."""


@pytest.mark.long(seconds=60)
@pytest.mark.parts
def test_the_commands_of_the_composition_do_what_they_say(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    """On this machine's addresses instead of the containers': nothing else of the commands is changed."""
    here = {
        "--name=vendors": "--name=localhost",
        "0.0.0.0": "127.0.0.1",  # noqa: S104  what is replaced
        "/var/lib/provisioner": str(tmp_path / "volume"),
        "kafka:9092": kafka,
        "postgresql://provisioner@postgres:5432/provisioner": database_url,
    }

    def command(words: list[str]) -> str:
        text = shlex.join(words)
        for theirs, ours in here.items():
            text = text.replace(theirs, ours)
        return f"provisioner {text}"

    services = {name: words for name, words in in_composition(composition()) if words[0] != "test"}
    names = {f"PROVISIONER_KAFKA__TOPICS__{t.upper()}": f"{unique_name}.{t}" for t in Topics.model_fields}
    own = {"PROVISIONER_KAFKA__GROUP_ID": unique_name, "PROVISIONER_OUTBOUND__TRANSACTIONAL_ID": unique_name}
    shell = Shell(tmp_path, {"PROVISIONER_CONFIG": str(tmp_path / "volume/service.yaml"), **names, **own})
    ready = tmp_path / "volume/ready"
    with shell.running(command(list(services["vendors"])), log=tmp_path / "vendors.log", until=ready.exists):
        for name in COMPOSED:
            shell.run(command(list(services[name])))
        health = yaml.safe_load((tmp_path / "volume/service.yaml").read_text())["http"]["port"]
        until = f"http://127.0.0.1:{health}/readyz"
        with shell.running(
            command(list(services["provisioner"])), log=tmp_path / "run.log", until=lambda: answers(until)
        ):
            pass
