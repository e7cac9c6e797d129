"""What the chart installs: valid, hardened, and in agreement with the service that it runs."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumer import __version__
from consumer.configuration.loading import load_settings, load_tenants
from consumer.observe.catalogue import entries
from consumer.settings import HttpSettings, Settings
from monitoring.rules import prometheus
from tests.deploy.chart import CHART, EXAMPLE, ROOT, Release, changed, release
from tests.deploy.schemas import NEWEST, OLDEST, mistake

pytestmark = pytest.mark.usefixtures("helm")

PEERS = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
EVERYTHING = changed(
    imagePullSecrets=["registry"],
    environmentSecrets=["from-the-environment"],
    migration={"topics": {"create": True, "partitions": 12, "replication": 3}},
    serviceAccount={"create": True, "annotations": {"example/role": "provisioner"}},
    podAnnotations={"example/note": "yes"},
    podLabels={"team": "accounts"},
    nodeSelector={"kubernetes.io/os": "linux"},
    tolerations=[{"key": "schools", "operator": "Exists"}],
    affinity={"nodeAffinity": {}},
    priorityClassName="high",
    extraVolumes=[{"name": "authority", "configMap": {"name": "authority"}}],
    extraVolumeMounts=[{"name": "authority", "mountPath": "/etc/authority", "readOnly": True}],
    autoscaling={
        "triggers": [{"type": "cron", "metadata": {"timezone": "UTC", "start": "0 6 1 9 *", "end": "0 6 8 9 *"}}]
    },
    networkPolicy={
        "metricsFrom": PEERS,
        "kafka": {"to": PEERS, "ports": [9093]},
        "extraEgress": [{"to": PEERS, "ports": [{"port": 3128}]}],
    },
)
LEAST = {name: EXAMPLE[name] for name in ("image", "config", "tenants", "secrets")}
NOTHING = changed(
    migration={"enabled": False},
    serviceAccount={"create": False},
    topologySpread={"enabled": False},
    podDisruptionBudget={"enabled": False},
    serviceMonitor={"enabled": False},
    prometheusRule={"enabled": False},
    autoscaling={"enabled": False},
    networkPolicy={"enabled": False},
)
VALUES: Mapping[str, Mapping[str, Any]] = {
    "example": EXAMPLE,
    "least": LEAST,
    "everything": EVERYTHING,
    "nothing": NOTHING,
}


@cache
def rendered(name: str) -> Release:
    return release(VALUES[name])


@pytest.fixture
def example() -> Release:
    return rendered("example")


@pytest.fixture
def deployment(example: Release) -> Any:
    return example.one("Deployment")["spec"]


@pytest.fixture
def container(deployment: Any) -> Any:
    (container,) = deployment["template"]["spec"]["containers"]
    return container


@pytest.fixture
def installed(example: Release, tmp_path: Path) -> Path:
    """A folder with the files that a replica would see."""
    for config_map, folder in (("", "config"), ("-tenants", "tenants")):
        (tmp_path / folder).mkdir()
        for name, text in example.one("ConfigMap", suffix=f"provisioner{config_map}")["data"].items():
            (tmp_path / folder / name).write_text(text)
    return tmp_path


# --- its form ---


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", VALUES)
def test_kubernetes_and_the_operators_take_every_manifest(name: str, version: str) -> None:
    wrong = {f"{one['kind']} {one['metadata']['name']}": mistake(one, version) for one in rendered(name).manifests}
    assert {what: why for what, why in wrong.items() if why} == {}


def test_a_field_that_an_operator_does_not_know_is_a_mistake(example: Release) -> None:
    monitor = example.one("ServiceMonitor")
    spec = {**monitor["spec"], "endpoints": [{"port": "metrics", "intervall": "30s"}]}
    assert "intervall" in mistake({**monitor, "spec": spec}, NEWEST)


@pytest.mark.parametrize("name", VALUES)
def test_helm_s_linter_has_nothing_to_say(name: str) -> None:
    assert rendered(name).findings == []


def test_what_is_installed(example: Release) -> None:
    assert example.kinds() == [
        *("ConfigMap", "ConfigMap", "ConfigMap", "Deployment", "Job", "NetworkPolicy", "NetworkPolicy", "PodDisruptionBudget"),
        *("PrometheusRule", "ScaledObject", "Service", "ServiceAccount", "ServiceMonitor"),
    ]  # fmt: skip


def test_without_what_is_optional_nothing_else_is_left() -> None:
    assert rendered("nothing").kinds() == ["ConfigMap", "ConfigMap", "Deployment", "Service"]


def test_two_releases_in_a_namespace_share_no_name() -> None:
    first, second = (release(name=name) for name in ("north", "south"))
    names = [{(one["kind"], one["metadata"]["name"]) for one in of.manifests} for of in (first, second)]
    assert names[0].isdisjoint(names[1])


def test_the_chart_is_of_the_version_that_it_installs() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == chart["version"] == __version__


# --- its pods ---


@pytest.mark.parametrize("name", VALUES)
def test_no_pod_may_do_more_than_it_must(name: str) -> None:
    for pod in rendered(name).pods():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert all(mount["readOnly"] for mount in container["volumeMounts"])


def test_the_user_is_the_image_s(deployment: Any) -> None:
    (user,) = re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert deployment["template"]["spec"]["securityContext"]["runAsUser"] == int(user)


def test_no_variable_of_a_service_looks_like_a_setting(example: Release) -> None:
    assert [pod["enableServiceLinks"] for pod in example.pods()] == [False, False]


@pytest.mark.parametrize("shutdown", [25, 0.5, 90])
def test_a_pod_has_the_time_to_drain_that_the_service_takes(shutdown: float) -> None:
    pod = release(changed(config={"shutdown": shutdown})).one("Deployment")["spec"]["template"]["spec"]
    assert shutdown < pod["terminationGracePeriodSeconds"] <= shutdown + 11


def test_without_a_setting_it_is_the_service_s_default(deployment: Any) -> None:
    assert (
        deployment["template"]["spec"]["terminationGracePeriodSeconds"]
        == Settings.model_fields["shutdown"].default + 10
    )


def test_probes_and_prometheus_ask_where_the_service_answers(example: Release, container: Any, installed: Path) -> None:
    http = load_settings(installed / "config/service.yaml", {}).http
    assert http == HttpSettings(host="0.0.0.0", port=container["ports"][0]["containerPort"])  # noqa: S104  in its pod
    paths = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert paths == {
        "startup": {"path": "/livez", "port": "metrics"},
        "liveness": {"path": "/livez", "port": "metrics"},
        "readiness": {"path": "/readyz", "port": "metrics"},
    }
    (port,) = example.one("Service")["spec"]["ports"]
    (endpoint,) = example.one("ServiceMonitor")["spec"]["endpoints"]
    assert (port["name"], port["targetPort"]) == (endpoint["port"], "metrics")


def test_a_new_replica_is_ready_before_an_old_one_ends(deployment: Any) -> None:
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_replicas_are_spread_over_nodes_and_zones(deployment: Any) -> None:
    spread = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert [one["topologyKey"] for one in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert all(one["labelSelector"] == {"matchLabels": deployment["selector"]["matchLabels"]} for one in spread)


def test_everything_that_selects_replicas_selects_them_and_not_the_migration(example: Release, deployment: Any) -> None:
    labels = deployment["template"]["metadata"]["labels"]
    of_the_migration = example.one("Job")["spec"]["template"]["metadata"]["labels"]
    selectors = [
        deployment["selector"]["matchLabels"],
        example.one("Service")["spec"]["selector"],
        example.one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        example.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not selector.items() <= of_the_migration.items()


# --- its configuration ---


def test_the_service_reads_its_file_and_its_tenants_without_a_mistake(installed: Path) -> None:
    settings = load_settings(installed / "config/service.yaml", {})
    assert settings.tenants_dir == Path("/etc/provisioner/tenants")
    assert [tenant.id for tenant, _ in load_tenants(installed / "tenants")] == ["north-high"]


def test_folders_are_mounted_where_the_service_looks(example: Release, container: Any) -> None:
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert container["env"] == [{"name": "PROVISIONER_CONFIG", "value": f"{mounts['config']}/service.yaml"}]
    assert mounts["tenants"] == "/etc/provisioner/tenants"
    assert not any(
        "subPath" in mount for pod in example.pods() for one in pod["containers"] for mount in one["volumeMounts"]
    )


def test_no_manifest_holds_a_secret(example: Release) -> None:
    assert "Secret" not in example.kinds()
    text = yaml.safe_dump_all([one for one in example.manifests if one["kind"] == "ConfigMap"])
    values = re.findall(r"(?:password|secret|api_key|key): (\S+)$", text, re.MULTILINE)
    assert len(values) > 4
    assert [value for value in values if not value.startswith("file:/run/secrets/")] == []


def test_a_changed_service_file_restarts_the_replicas_and_a_changed_tenant_does_not(deployment: Any) -> None:
    school = {**EXAMPLE["tenants"]["files"]["north-high"], "name": "Another"}
    elsewhere = release(changed(tenants={"files": {"north-high": school}})).one("Deployment")["spec"]
    other = release(changed(config={"log": {"level": "debug"}})).one("Deployment")["spec"]
    assert elsewhere["template"] == deployment["template"]
    assert other["template"] != deployment["template"]


# --- its migration ---


def test_the_migration_runs_before_the_release_by_the_role_that_owns_the_tables(example: Release) -> None:
    job = example.one("Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    pod = job["spec"]["template"]["spec"]
    assert [one["args"] for one in (*pod["initContainers"], *pod["containers"])] == [
        ["schemas", "register"],
        ["db", "upgrade", "--grant-to", "provisioner"],
    ]
    file = yaml.safe_load(example.one("ConfigMap", suffix="-migration")["data"]["service.yaml"])
    assert file["database"]["url"].startswith("postgresql://provisioner_migration@")


def test_only_the_migration_sees_its_secrets_and_it_sees_no_tenant_s(example: Release) -> None:
    service, migration = ({one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one} for pod in example.pods())  # fmt: skip
    assert service == {"provisioner", "north-high"}
    assert migration == {"provisioner", "provisioner-migration"}


def test_what_the_migration_needs_is_there_before_it(example: Release) -> None:
    job = example.one("Job")
    for needed in (example.one("ConfigMap", suffix="-migration"), example.one("NetworkPolicy", suffix="-migration")):
        weights = [int(one["metadata"]["annotations"]["helm.sh/hook-weight"]) for one in (needed, job)]
        assert weights == sorted(weights)
    policy = example.one("NetworkPolicy", suffix="-migration")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= job["spec"]["template"]["metadata"]["labels"].items()


def test_every_step_may_be_left_out_but_the_database() -> None:
    values = changed(migration={"schemas": False, "grantTo": ""})
    pod = release(values).one("Job")["spec"]["template"]["spec"]
    assert "initContainers" not in pod
    assert [one["args"] for one in pod["containers"]] == [["db", "upgrade"]]


# --- what watches it ---


def test_its_alerts_are_those_of_the_repository(example: Release) -> None:
    assert example.one("PrometheusRule")["spec"] == yaml.safe_load(prometheus())


@pytest.mark.parametrize("name", ["provisioner", "north"])
def test_prometheus_calls_the_job_what_the_alerts_call_it(name: str) -> None:
    found = release(name=name)
    label = found.one("ServiceMonitor")["spec"]["jobLabel"]
    assert found.one("Service")["metadata"]["labels"][label] == "provisioner"


def test_it_is_scaled_by_what_is_due_and_by_what_is_not_read(example: Release) -> None:
    queries = [trigger["metadata"]["query"] for trigger in example.one("ScaledObject")["spec"]["triggers"]]
    named = [re.findall(r"provisioner_\w+", query) for query in queries]
    assert named == [["provisioner_due_students"], ["provisioner_intake_lag_records"]]
    assert {entry.name for entry in entries()} >= {name for (name,) in named}
    assert all('namespace="schools"' in query for query in queries)


def test_the_number_of_replicas_has_one_master(deployment: Any, example: Release) -> None:
    assert "replicas" not in deployment
    assert example.one("ScaledObject")["spec"]["scaleTargetRef"] == {
        "name": example.one("Deployment")["metadata"]["name"]
    }
    assert rendered("least").one("Deployment")["spec"]["replicas"] == 2


# --- whom it may reach ---


def test_it_reaches_its_dependencies_and_public_https_and_nothing_else(example: Release) -> None:
    egress = example.one("NetworkPolicy")["spec"]["egress"]
    ports = sorted((port["protocol"], port["port"]) for rule in egress for port in rule["ports"])
    assert ports == [
        *(
            ("TCP", 53),
            ("TCP", 443),
            ("TCP", 5432),
            ("TCP", 8081),
            ("TCP", 8443),
            ("TCP", 9092),
            ("TCP", 9093),
            ("UDP", 53),
        ),
    ]
    (https,) = [rule for rule in egress if rule["ports"] == [{"protocol": "TCP", "port": 443}]]
    excepted = {network for peer in https["to"] for network in peer["ipBlock"]["except"]}
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "fc00::/7"} <= excepted


def test_where_a_proxy_knows_the_names_nothing_else_leads_out() -> None:
    proxy = {"to": PEERS, "ports": [{"protocol": "TCP", "port": 3128}]}
    values = changed(networkPolicy={"https": {"ports": []}, "extraEgress": [proxy]})
    egress = release(values).one("NetworkPolicy")["spec"]["egress"]
    assert egress[-1] == proxy
    assert all("ipBlock" not in peer for rule in egress for peer in rule.get("to", ()))


def test_only_the_metrics_can_be_reached() -> None:
    (rule,) = rendered("everything").one("NetworkPolicy")["spec"]["ingress"]
    assert rule == {"ports": [{"protocol": "TCP", "port": "metrics"}], "from": PEERS}
