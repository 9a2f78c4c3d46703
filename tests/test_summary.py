"""The start-up summary: what is on, what is unsafe, and no secret in any of it."""

import asyncio
import logging

import pytest

from cli.serving.startup_summary import dangers, plain_settings, summarise, switches
from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from settings import Settings

KEYS = {"elevenlabs_client_data_key": "a", "elevenlabs_search_data_key": "b", "admin_key": "c"}


def settings(**given):
    return Settings(_env_file=None, **{**KEYS, **given})


def state(name, *, serves=True, **given):
    return dict(switches(settings(**given), serves=serves))[name]


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("missed calls", {}, "not looked for: no ELEVENLABS_API_KEY"),
        ("missed calls", {"elevenlabs_api_key": "sk"}, "looked for every 15m"),
        ("missed calls", {"elevenlabs_api_key": "sk", "reconcile_every": "off"}, "not looked for"),
        ("model", {"memory_embeddings": "ollama:nomic"}, "ollama:nomic"),
        ("kept", {}, "everything, for ever"),
        (
            "kept",
            {"store_audio": False, "retain_audio_days": 9, "retain_memories_days": 30},
            "memories 30 days, no recordings",
        ),
        ("kept", {"max_spool_gb": 1.5}, "at most 1.5 GB"),
        ("redacted", {"redact": "none"}, "nothing"),
        (
            "limits",
            {"limit_per_caller": 0, "allow_from": "elevenlabs"},
            "100/s an address, 1000 connections, only from elevenlabs",
        ),
        ("metrics", {"metrics_from": "none"}, "/metrics, by ADMIN_KEY"),
        ("traces", {"otel_exporter_otlp_endpoint": "http://u:p@127.0.0.1:1"}, "to http://127.0.0.1:1"),
        ("owner's API", {"admin_key": ""}, "off: no ADMIN_KEY"),
    ],
)  # fmt: skip
def test_what_is_on_is_said_as_it_is_set(name, given, expected):
    assert state(name, **given) == expected


def test_a_processor_alone_speaks_of_no_endpoint():
    shown = dict(switches(settings(metrics_port=9100), serves=False))
    assert shown["metrics"] == "on port 9100"
    assert not {"limits", "owner's API"} & shown.keys()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"elevenlabs_client_data_key": ""}, ["endpoint_open"]),
        ({"elevenlabs_search_data_key": ""}, ["endpoint_open"]),
        ({"host": "0.0.0.0"}, ["host_open"]),
        ({"host": "::"}, ["host_open"]),
        ({"host": "callspool.example"}, ["host_open"]),
        ({"host": "localhost"}, []),
        ({"host": "0.0.0.0", "trusted_proxies": "10.0.0.0/8"}, []),
        ({"trusted_proxies": "0.0.0.0/0"}, ["proxies_open"]),
        ({"payload_log_path": "payloads.log"}, ["payload_log_on"]),
    ],
)
def test_what_is_unsafe_is_found(given, expected):
    assert [action for action, _ in dangers(settings(**given))] == expected


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("http://10.0.0.5:9/", "http://10.0.0.5:9/"),
        ("https://user:p@ss@memory.example/a", "https://memory.example/a"),
        ("user:secret@memory.example:1", "memory.example:1"),
        ("https://memory.example/a?token=secret", "https://memory.example/a"),
    ],
)
def test_a_password_in_an_address_is_not_shown(given, shown):
    assert plain_settings(settings(openmemory_port=given))["OPENMEMORY_PORT"] == shown


async def test_memory_that_cannot_be_read_keeps_nobody_from_starting(tmp_path, caplog, capsys):
    class Broken(InMemoryStore):
        async def counts(self):
            raise MemoryUnavailable("out of order")

    caplog.set_level(logging.INFO)
    given = settings(payload_storage_path=tmp_path, log_format="json", host="0.0.0.0")
    ready, stop = asyncio.get_running_loop().create_future(), asyncio.Event()
    service = asyncio.create_task(summarise(given, Broken(), ready=ready, stop=stop))
    await asyncio.sleep(0)
    assert not capsys.readouterr().out  # after the banner, not before it
    ready.set_result(8080)
    while len(caplog.records) < 3:
        await asyncio.sleep(0)
    assert [r.action for r in caplog.records] == ["summary_incomplete", "started", "host_open"]
    assert not service.done()  # a service that ends ends the others
    stop.set()
    await service
    out = capsys.readouterr().out
    assert "in the spool" not in out
    assert "unsafe          HOST=0.0.0.0 lets other machines in" in out
