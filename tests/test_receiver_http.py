"""What surrounds the endpoints: health, log lines, the payload log, cross-origin requests."""

import asyncio
import json
import logging
import stat

import pytest

from memory.errors import MemoryUnavailable
from memory.in_memory import InMemoryStore
from receiver.endpoints import OWNED
from spool.format import SpoolFailed
from tests.factories import transcription_payload
from tests.receiving import receiving

ANA = "+12025550142"


class UnreachableStore(InMemoryStore):
    async def position(self):
        raise MemoryUnavailable("the memory file is gone")


class HangingStore(InMemoryStore):
    async def position(self):
        await asyncio.sleep(60)


async def test_health_tells_the_backlog_and_every_check(tmp_path):
    async with receiving(tmp_path) as running:
        await running.deliver_json(transcription_payload())
        response = await running.client.get("/health")
        assert response.status == 200
        answer = await response.json()
    assert answer["status"] == "ok"
    assert answer["backlog"] == 1
    assert answer["checks"] == {"memory": "ok", "spool": "ok"}
    assert answer["counts"]["stored"] == 1


@pytest.mark.parametrize("store", [UnreachableStore, HangingStore])
async def test_health_is_503_when_memory_cannot_be_reached(tmp_path, store, monkeypatch):
    monkeypatch.setattr("receiver.health.CHECK_SECONDS", 0.1)
    async with receiving(tmp_path, memory=store()) as running:
        response = await running.client.get("/health")
        assert response.status == 503
        answer = await response.json()
    assert answer["status"] == "failing"
    assert answer["checks"]["memory"] != "ok"


def refuse():
    raise SpoolFailed("the disk is still broken")


async def test_health_is_503_when_the_spool_has_failed(tmp_path):
    async with receiving(tmp_path) as running:
        running.receiver.spool.state = "failed"
        running.receiver.spool.recover = refuse
        response = await running.client.get("/health")
        assert response.status == 503
        assert (await response.json())["checks"]["spool"] == "failed"


async def test_a_health_check_brings_a_recovered_disk_back_without_an_event(tmp_path):
    async with receiving(tmp_path) as running:
        running.receiver.spool.state = "failed"
        assert (await running.client.get("/health")).status == 200
        assert running.receiver.spool.state == "ok"


async def test_a_request_is_one_log_line_without_bodies_numbers_or_keys(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    async with receiving(tmp_path, client_data_key="a-key") as running:
        await running.client.post(
            "/webhook/client-data",
            json={"caller_id": ANA, "conversation_id": "conv_log"},
            headers={"X-Api-Key": "a-key"},
        )
    (record,) = [each for each in caplog.records if getattr(each, "action", "") == "request"]
    line = record.getMessage()
    assert line.startswith("POST /webhook/client-data 200 ")
    assert "ms conv_log +1 *** *** 0142" in line
    assert ANA not in caplog.text
    assert "a-key" not in caplog.text


async def test_a_path_cannot_break_the_log_line(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    async with receiving(tmp_path) as running:
        await running.client.get("/%0Aforged%0D%1b[31m")
    (record,) = [each for each in caplog.records if getattr(each, "action", "") == "request"]
    assert record.getMessage().isprintable()


async def test_the_payload_log_is_off_by_default_and_private_when_on(tmp_path):
    file = tmp_path / "payloads.jsonl"
    async with receiving(tmp_path, payload_log=file) as running:
        await running.client.post("/webhook/client-data", json={"caller_id": ANA})
        await running.deliver_json(transcription_payload(summary="olive trees"))
    ring, event = (json.loads(line) for line in file.read_text().splitlines())
    assert ANA in ring["body"]
    assert "dynamic_variables" in ring["answer"]
    assert "olive trees" in event["body"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with receiving(tmp_path / "other") as running:
        await running.client.post("/webhook/client-data", json={"caller_id": ANA})
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["spool"]


async def test_no_web_origin_may_call_unless_it_is_configured(tmp_path):
    origin = {"Origin": "https://app.example"}
    preflight = {**origin, "Access-Control-Request-Method": "POST"}
    async with receiving(tmp_path) as running:
        answer = await running.client.get("/health", headers=origin)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert (await running.client.options("/health", headers=preflight)).status == 405
    async with receiving(tmp_path, cors_origins=("https://app.example",)) as running:
        answer = await running.client.get("/health", headers=origin)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        allowed = await running.client.options("/webhook/search-data", headers=preflight)
        assert allowed.status == 204
        assert "X-Api-Key" in allowed.headers["Access-Control-Allow-Headers"]
        other = await running.client.get("/health", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize("path", [*sorted(OWNED.keys() - {"/calls"}), "/metrics", "/nowhere"])
async def test_what_the_owner_looks_up_is_not_in_the_payload_log(tmp_path, path):
    file = tmp_path / "payload.log"
    async with receiving(tmp_path, payload_log=file, admin_key="owner") as running:
        asked = path.replace("{conversation_id}", "conv_1").replace("{caller}", "+15550100142")
        asking = running.client.get(asked, headers={"Authorization": "Bearer owner"})
        async with asking as response:
            assert response.status != 401
    assert not file.exists()


async def test_a_payload_log_that_cannot_be_written_costs_no_answer(tmp_path, caplog):
    nowhere = tmp_path / "missing/payloads.jsonl"
    async with receiving(tmp_path, payload_log=nowhere) as running:
        response = await running.client.post("/webhook/client-data", json={"caller_id": ANA})
        assert response.status == 200
    assert any(getattr(each, "action", "") == "payload_log_failed" for each in caplog.records)


async def test_health_is_503_when_the_ledger_cannot_be_read(tmp_path):
    async def unreadable():
        raise SpoolFailed("cannot read the ledger")

    async with receiving(tmp_path) as running:
        object.__setattr__(running.receiver, "backlog", unreadable)
        response = await running.client.get("/health")
        assert response.status == 503
        assert (await response.json())["backlog"] is None
