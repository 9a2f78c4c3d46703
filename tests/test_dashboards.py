"""Every expression of the dashboard and of the alerts is about what a real server shows."""

import json
import re
import shutil
import subprocess
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from cloud.fetching.last_run import LastRun, last_run_file, write_last_run
from spool.backup.backup import note_place
from tests.factories import CALLER, encoded, transcription_payload
from tests.measurements import samples_of
from tests.program import free_port, program
from voice.signature import HEADER, sign

DEPLOY = Path(__file__).parent.parent / "deploy"
DASHBOARD = DEPLOY / "grafana" / "callspool.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
ALERT_TESTS = DEPLOY / "prometheus" / "alerts.test.yml"
PROMETHEUS = DEPLOY / "prometheus" / "prometheus.yml"
PROMTOOL = shutil.which("promtool")

BY_PROMETHEUS = {"job", "instance"}  # labels that every sample gets when it is scraped
KEYWORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "offset", "bool"}
# Matched values that are there only once something goes wrong.
SELDOM = {"status"}

_STRING = r'"(?:[^"\\]|\\.)*"'
_SELECTOR = re.compile(rf"([a-z_][a-z0-9_:]*)\s*(\{{(?:{_STRING}|[^}}])*\}})?(?!\s*\(|[a-z0-9_:])")
_MATCHER = re.compile(rf"([a-z_]+)\s*(=~|!~|!=|=)\s*({_STRING})")
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")


@pytest.fixture(scope="module")
def exposed(tmp_path_factory):
    """What a server shows at /metrics after it has been called, told and asked."""
    with program(tmp_path_factory.mktemp("exposed")) as running:
        running.environment |= {
            "OPENMEMORY_MODE": "remote",
            "OPENMEMORY_PORT": f"http://127.0.0.1:{free_port()}",
            "OPENMEMORY_KEY": "nobody-listens",
        }
        last_run_file(running.spool).parent.mkdir(parents=True)
        now = datetime.now(UTC)
        write_last_run(
            running.spool,
            LastRun(
                started_at=now, finished_at=now, status="ok", error="", listed=1, stored=1,
                recordings=0, failed=0, since=now, complete_until=now,
            ),
        )  # fmt: skip
        note_place(running.spool, running.folder / "backup", now)
        running.start("all-in-one")
        body = encoded(transcription_payload())
        signature = sign(
            body, running.secret("ELEVENLABS_POST_CALL_KEY"), timestamp=int(time.time())
        )
        send(running, "post-call", body, {HEADER: signature})
        running.wait_for_memory()
        about = {"caller_id": CALLER, "query": "the green bike"}
        for name in ("client-data", "search-data"):
            key = running.secret(f"ELEVENLABS_{name.upper().replace('-', '_')}_KEY")
            send(running, name, encoded(about), {"X-Api-Key": key})
        deadline = time.monotonic() + 20
        while "callspool_gathered_timestamp_seconds" not in (text := scraped(running)):
            assert time.monotonic() < deadline, running.log()
            time.sleep(0.05)
        yield text


def send(running, name, body, headers):
    url = f"http://127.0.0.1:{running.port}/webhook/{name}"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as response:
        assert response.status == 200


def scraped(running):
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/metrics", timeout=5) as response:
        return response.read().decode()


def panels():
    return [
        each for each in json.loads(DASHBOARD.read_text("utf-8"))["panels"] if "targets" in each
    ]


def targets():
    return [target for panel in panels() for target in panel["targets"]]


def rules():
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions():
    variables = {"$__rate_interval": "5m", "$job": ".*", "$instance": ".*"}
    for target in targets():
        expression = target["expr"]
        for name, value in variables.items():
            expression = expression.replace(name, value)
        yield expression
    yield from (rule["expr"] for rule in rules())


def selectors(expression):
    """Yield each metric that an expression reads, with its matchers (label, operator, value)."""
    bare = _GROUPED.sub("", re.sub(r"\[[^\]]*\]", "", expression))
    for match in _SELECTOR.finditer(bare):
        if match[1] not in KEYWORDS:
            found = _MATCHER.findall(match[2] or "")
            yield match[1], [(label, sign, json.loads(value)) for label, sign, value in found]


def grouped_by(expression):
    return {
        label.strip() for inside in _GROUPED.findall(expression) for label in inside.split(",")
    } - {"le"}


def is_met(matcher, labels):
    label, operator, value = matcher
    if label in BY_PROMETHEUS | SELDOM or operator.startswith("!"):
        return True
    if operator == "=":
        return labels.get(label) == value
    return re.fullmatch(value, labels.get(label, "")) is not None


def test_the_reader_of_expressions_reads_them():
    expression = (
        'sum by (job, le) (rate(a_total{x=~"/b/(c|d)",y!="}"}[5m])) / b_count > 0.05 '
        "or (time() - c_seconds > 3 * d and e == 1 unless f)"
    )
    assert list(selectors(expression)) == [
        ("a_total", [("x", "=~", "/b/(c|d)"), ("y", "!=", "}")]),
        *((name, []) for name in ("b_count", "c_seconds", "d", "e", "f")),
    ]
    assert grouped_by(expression) == {"job"}


def test_every_expression_is_about_metrics_labels_and_values_that_there_are(exposed):
    there = {}
    for name, labels, _ in samples_of(exposed):
        there.setdefault(name, []).append(labels)
    for expression in expressions():
        known = set(BY_PROMETHEUS)
        for metric, matchers in selectors(expression):
            if metric == "up":  # Prometheus's own
                continue
            assert metric in there, (metric, expression)
            series = there[metric]
            labels = {label for each in series for label in each} | BY_PROMETHEUS
            known |= labels
            for matcher in matchers:
                assert matcher[0] in labels, (metric, matcher)
                assert any(is_met(matcher, each) for each in series), (metric, matcher)
        assert grouped_by(expression) <= known, expression


def test_every_metric_of_ours_is_on_the_dashboard_or_in_an_alert(exposed):
    read = {metric for expression in expressions() for metric, _ in selectors(expression)}
    ours = {name for name, _, _ in samples_of(exposed) if name.startswith("callspool_")}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in read}
    # Of the build the dashboard's variables read.
    assert families - shown == {"callspool_build_info"}


def test_a_legend_names_only_labels_that_are_kept():
    for target in targets():
        named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert named <= grouped_by(target["expr"]), target


def test_the_dashboard_is_whole():
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    rows = [each["title"] for each in dashboard["panels"] if each["type"] == "row"]
    assert rows == ["Calls", "Live answers", "Memory", "Disk", "Limits"]
    ids = [each["id"] for each in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    taken = set()
    for each in dashboard["panels"]:
        place = each["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, each["title"]
        taken |= cells
        if each["type"] != "row":
            assert each["title"]
            assert each["description"]
            assert each["datasource"]["uid"] == "${datasource}"


def test_every_alert_says_what_it_is_and_what_to_do_and_is_shown_to_fire():
    fired = ALERT_TESTS.read_text("utf-8")
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert f'alertname="{rule["alert"]}"' in fired, rule["alert"]


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (the package prometheus) is not installed")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", ALERTS),
        ("check", "config", PROMETHEUS),
        ("test", "rules", ALERT_TESTS),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_promtool_finds_nothing_wrong(arguments):
    done = subprocess.run(
        [PROMTOOL, *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (the package prometheus) is not installed")
def test_promtool_finds_nothing_wrong_with_the_metrics(exposed):
    done = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=exposed, capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (the package prometheus) is not installed")
def test_promtool_understands_every_expression_of_the_dashboard(tmp_path):
    path = tmp_path / "dashboard.yml"
    recorded = [
        {"record": f"panel:{number}", "expr": expression}
        for number, expression in enumerate(expressions())
    ]
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": recorded}]}), "utf-8")
    done = subprocess.run(
        [PROMTOOL, "check", "rules", path], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
