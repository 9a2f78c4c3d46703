"""The files of `deploy/`: what is said in several of them, or in the program too, agrees."""

import re
from ipaddress import ip_address, ip_network

import pytest
import yaml

from settings import Settings
from tests.fronting import DEPLOY
from tests.test_rules import PACKAGES

ROOT = DEPLOY.parent


def documents(path):
    return [each for each in yaml.safe_load_all((DEPLOY / path).read_text("utf-8")) if each]


def test_the_image_holds_all_of_the_program_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_through = {line.removeprefix("!") for line in lines if line.startswith("!")}
    others = {"requirements.txt", "run.py", "settings.py", "setting_*.py", "deploy/probe.py"}
    assert lines[1] == "*"
    assert let_through == {*PACKAGES, *others}
    assert all(any(path.match(pattern) for pattern in others) for path in ROOT.glob("*.py"))


def test_what_is_said_in_several_files_is_the_same_everywhere():
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    user = int(re.search(r"^USER (\d+)", dockerfile, re.MULTILINE)[1])
    [stateful] = documents("kubernetes/statefulset.yaml")
    pod = stateful["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == user
    [container] = pod["containers"]
    probe = "/opt/callspool/app/deploy/probe.py"
    assert probe in dockerfile
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[name]["exec"]["command"] == ["python", "-I", probe, "alive"]
    assert stateful["spec"]["replicas"] == 1

    megabytes = Settings.model_fields["max_body_mb"].default
    assert (
        f"client_max_body_size      {megabytes}m;" in (DEPLOY / "nginx/callspool.conf").read_text()
    )
    assert f"max_size {megabytes}MiB" in (DEPLOY / "caddy/Caddyfile").read_text()
    [ingress] = documents("kubernetes/ingress.yaml")
    assert f"{megabytes}m" in ingress["metadata"]["annotations"].values()


def test_compose_believes_its_own_caddy_and_prometheus_and_no_other_container():
    [compose] = documents("compose.yaml")
    services = compose["services"]
    [network] = compose["networks"]["callspool"]["ipam"]["config"]
    fixed = {
        name: service["networks"]["callspool"]["ipv4_address"]
        for name, service in services.items()
        if isinstance(service.get("networks"), dict)
    }
    settings = services["callspool"]["environment"]
    assert settings["TRUSTED_PROXIES"].split(",") == [network["gateway"], fixed["caddy"]]
    assert settings["METRICS_FROM"].split(",") == ["127.0.0.1", fixed["prometheus"]]
    for address in (*fixed.values(), network["gateway"]):
        assert ip_address(address) in ip_network(network["subnet"])
        assert ip_address(address) not in ip_network(network["ip_range"])  # nobody else gets it
    for service in services.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_the_secret_that_is_applied_by_hand_goes_where_the_server_looks_for_it():
    [secret] = documents("kubernetes/secret.example.yaml")
    [together] = documents("kubernetes/kustomization.yaml")
    assert secret["metadata"]["namespace"] == together["namespace"]
    [container] = documents("kubernetes/statefulset.yaml")[0]["spec"]["template"]["spec"][
        "containers"
    ]
    named = [each["secretRef"]["name"] for each in container["envFrom"] if "secretRef" in each]
    assert named == [secret["metadata"]["name"]]


def test_a_backup_sees_what_the_server_keeps_and_is_the_same_user():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert "-o 10001 -g 10001 /data /backup" in dockerfile
    data, place = services["backup"]["volumes"]
    assert [data] == services["callspool"]["volumes"]
    assert place.endswith("}:/backup")
    assert "callspool backup /backup --json" in services["backup"]["command"][0]
    assert services["backup"]["image"] == services["callspool"]["image"]
    assert services["backup"]["network_mode"] == "none"

    [stateful] = documents("kubernetes/statefulset.yaml")
    claim, cron = documents("kubernetes/backup.yaml")
    server = stateful["spec"]["template"]
    job = cron["spec"]["jobTemplate"]["spec"]["template"]
    assert job["spec"]["securityContext"] == server["spec"]["securityContext"]
    [runs], [serves] = job["spec"]["containers"], server["spec"]["containers"]
    assert runs["securityContext"] == serves["securityContext"]
    assert runs["image"] == serves["image"]
    assert runs["args"] == ["backup", "/backup", "--json"]
    [template] = stateful["spec"]["volumeClaimTemplates"]
    claims = {
        each["name"]: each["persistentVolumeClaim"]["claimName"]
        for each in job["spec"]["volumes"]
        if "persistentVolumeClaim" in each
    }
    of_server = f"{template['metadata']['name']}-{stateful['metadata']['name']}-0"
    assert claims == {"data": of_server, "backup": claim["metadata"]["name"]}
    # It runs beside the server, and no call is sent to it.
    [near] = job["spec"]["affinity"]["podAffinity"].values()
    assert near[0]["labelSelector"]["matchLabels"] == server["metadata"]["labels"]
    [service] = documents("kubernetes/service.yaml")
    assert not service["spec"]["selector"].items() <= job["metadata"]["labels"].items()


@pytest.mark.parametrize("path", ["compose.yaml", "kubernetes/configmap.yaml"])
def test_every_setting_named_there_is_a_setting_and_can_be_used(path):
    [document] = documents(path)
    named = document.get("data") or document["services"]["callspool"]["environment"]
    known = {name.upper() for name in Settings.model_fields}
    assert set(named) <= known
    given = {name.lower(): value for name, value in named.items() if value is not None}
    Settings(_env_file=None, **given)


def test_ci_runs_with_every_python_that_is_allowed():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    first, end_ = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', pyproject).groups()
    versions = workflow["jobs"]["run"]["strategy"]["matrix"]["python"]
    assert versions == [f"3.{minor}" for minor in range(int(first), int(end_))]
