"""Intake: what is signed is kept and acknowledged once durable; what is not leaves nothing."""

import asyncio
import base64
import hashlib
import io
import json
import time

import pytest

from spool.format import SpoolFailed, SpoolFull
from tests.factories import audio_payload, failure_payload, transcription_payload
from tests.receiving import SECRET, receiving
from voice.signature import sign

BASE_FILES = [".spool/ledger.jsonl"]


def body_of(payload):
    return json.dumps(payload).encode()


async def test_a_transcription_is_kept_byte_for_byte(tmp_path):
    body = json.dumps(transcription_payload(conversation_id="conv_1"), indent=3).encode()
    async with receiving(tmp_path) as running:
        response = await running.deliver(body)
        assert response.status == 200
        assert await response.json() == {
            "status": "stored", "type": "post_call_transcription", "conversation_id": "conv_1",
        }  # fmt: skip
        (receipt,) = running.receipts()
    assert (running.root / "conv_1/conv_1_transcription.json").read_bytes() == body
    assert receipt.sha256 == hashlib.sha256(body).hexdigest()
    assert receipt.signature.startswith("t=")
    assert receipt.source == "webhook"


async def test_the_same_event_again_is_a_duplicate_and_writes_nothing(tmp_path):
    async with receiving(tmp_path) as running:
        payload = transcription_payload(conversation_id="conv_1")
        assert (await running.deliver_json(payload))["status"] == "stored"
        before = running.files(), (running.root / ".spool/ledger.jsonl").read_bytes()
        assert (await running.deliver_json(payload))["status"] == "duplicate"
        assert (running.files(), (running.root / ".spool/ledger.jsonl").read_bytes()) == before


async def test_different_content_of_the_same_kind_becomes_a_revision(tmp_path):
    async with receiving(tmp_path) as running:
        for summary in ("first", "second", "second"):
            await running.deliver_json(transcription_payload(conversation_id="c", summary=summary))
        names = [name for name in running.files() if name.startswith("c/")]
    assert len(names) == 2
    assert names[0].startswith("c/c_transcription.json") or "rev-" in names[0]


@pytest.mark.parametrize("size", [1000, 3_000_000])
async def test_a_recording_is_kept_decoded(tmp_path, size):
    recording = bytes(index % 251 for index in range(size))
    body = body_of(audio_payload(mp3=recording, conversation_id="conv_1"))

    async def pieces():
        for offset in range(0, len(body), 70_001):
            yield body[offset : offset + 70_001]

    async with receiving(tmp_path) as running:
        signature = sign(body, SECRET, timestamp=int(time.time()))
        response = await running.client.post(
            "/webhook/post-call", data=pieces(), headers={"ElevenLabs-Signature": signature}
        )
        assert (await response.json())["status"] == "stored"
        (receipt,) = running.receipts()
        assert (running.root / "conv_1/conv_1_audio.mp3").read_bytes() == recording
        again = receipt.body_prefix.encode() + base64.b64encode(recording)
        assert again + receipt.body_suffix.encode() == body
        assert (await (await running.deliver(body)).json())["status"] == "duplicate"
        assert not list((running.root / ".spool/incoming").iterdir())


async def test_a_failed_call_is_kept(tmp_path):
    async with receiving(tmp_path) as running:
        answer = await running.deliver_json(failure_payload(conversation_id="conv_1"))
        assert answer["type"] == "call_initiation_failure"
        assert "conv_1/conv_1_failure.json" in running.files()


def large_escaped_audio():
    text = base64.b64encode(bytes(range(256)) * 8000).decode().replace("/", "\\/")
    return b'{"type":"post_call_audio","data":{"conversation_id":"conv_1","full_audio":"%s"}}' % (
        text.encode()
    )


async def test_a_large_recording_with_escapes_is_kept_decoded_too(tmp_path):
    async with receiving(tmp_path) as running:
        response = await running.deliver(large_escaped_audio())
        assert (await response.json())["status"] == "stored"
        kept = (running.root / "conv_1/conv_1_audio.mp3").read_bytes()
    assert kept == bytes(range(256)) * 8000


async def test_a_large_transcription_is_kept_byte_for_byte(tmp_path):
    payload = transcription_payload(conversation_id="conv_1")
    payload["data"]["notes"] = ["x" * 1000] * 3000
    body = body_of(payload)
    async with receiving(tmp_path) as running:
        assert (await running.deliver_json(payload))["status"] == "stored"
    assert (running.root / "conv_1/conv_1_transcription.json").read_bytes() == body


SMALL_AUDIO = base64.b64encode(b"x" * 3000).decode()
NOT_UNDERSTOOD = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "not json": b"{",
    "not UTF-8": b'{"type":"\xff"}',
    "too deep": b"[" * 100_000,
    "too deep inside": b'{"type":"post_call_transcription","data":{"conversation_id":"c","x":'
    + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "unknown type": b'{"type":"speech_to_text","data":{"conversation_id":"c"}}',
    "otel": b'{"type":"post_call_transcription_otel","data":{"conversation_id":"c"}}',
    "no id": b'{"type":"post_call_transcription","data":{}}',
    "parent folder": b'{"type":"post_call_transcription","data":{"conversation_id":"../x"}}',
    "absolute": b'{"type":"post_call_transcription","data":{"conversation_id":"/etc/x"}}',
    "NUL": b'{"type":"post_call_transcription","data":{"conversation_id":"a\\u0000b"}}',
    "newline": b'{"type":"post_call_transcription","data":{"conversation_id":"a\\n"}}',
    "300 characters": b'{"type":"post_call_transcription","data":{"conversation_id":"%s"}}'
    % (b"a" * 300),
    "a dot": b'{"type":"post_call_transcription","data":{"conversation_id":".spool"}}',
    "bad base64": b'{"type":"post_call_audio","data":{"conversation_id":"c","full_audio":"%s!"}}'
    % SMALL_AUDIO.encode(),
    "no audio": b'{"type":"post_call_audio","data":{"conversation_id":"c"}}',
    "large bad base64": b'{"type":"post_call_audio","data":{"conversation_id":"c",'
    b'"full_audio":"%s"}}'
    % (b"QUJD" * 500_000 + b"*"),
    "large, cut short": b'{"type":"post_call_audio","data":{"conversation_id":"c","full_audio":"%s'
    % (b"QUJD" * 500_000),
    "large, no JSON": b"x" * 2_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
async def test_what_is_signed_but_not_understood_is_kept_in_quarantine(tmp_path, name):
    body = NOT_UNDERSTOOD[name]
    sha256 = hashlib.sha256(body).hexdigest()
    async with receiving(tmp_path) as running:
        for _ in range(2):
            response = await running.deliver(body)
            assert response.status == 200
            assert (await response.json())["status"] == "quarantined"
        files = running.files()
        assert running.receiver.counts["quarantined"] == 2
        (receipt,) = running.receipts()
    expected = [f".spool/quarantine/{sha256}.body", f".spool/quarantine/{sha256}.json"]
    assert files == sorted([*BASE_FILES, *expected])
    assert (running.root / expected[0]).read_bytes() == body
    assert receipt.reason
    assert not [path for path in tmp_path.iterdir() if path != running.root]


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"\\ud800"', "1e999", "12345678901234567890"])
async def test_what_pythons_own_encoder_emits_is_understood(tmp_path, value):
    body = (
        '{"type":"post_call_transcription","event_timestamp":%s,'
        '"data":{"conversation_id":"c","x":%s}}' % (value, value)
    ).encode()
    async with receiving(tmp_path) as running:
        assert (await (await running.deliver(body)).json())["status"] == "stored"


NOW = str(int(time.time()))
BAD_HEADERS = [
    None, "", "t=1", "v0=00", "t=1,v0=", "t=x,v0=" + "0" * 64, f"t={NOW},v0=" + "0" * 64,
    f"t={NOW}.5,v0=" + "0" * 64, "t=" + "9" * 5000 + ",v0=" + "0" * 64, "t=-1,v0=" + "0" * 64,
    f"t={NOW},v1=" + "0" * 64, f"t={NOW},v0=" + "g" * 64, f"t={NOW},v0=\u00e9", "=" * 50, "," * 500,
]  # fmt: skip


@pytest.mark.parametrize("header", BAD_HEADERS, ids=range(len(BAD_HEADERS)))
@pytest.mark.parametrize("size", [10, 2_000_000])
async def test_without_a_right_signature_nothing_is_written(tmp_path, header, size):
    async with receiving(tmp_path) as running:
        headers = {} if header is None else {"ElevenLabs-Signature": header}
        response = await running.client.post(
            "/webhook/post-call", data=io.BytesIO(b"x" * size), headers=headers
        )
        assert response.status == 401
        assert (await response.json())["error"]["code"] == "invalid_signature"
        assert running.files() == BASE_FILES
        assert not running.receipts()


@pytest.mark.parametrize("age", [-1900, 1900, -(10**9)])
async def test_a_signature_from_another_time_is_refused(tmp_path, age):
    body = body_of(transcription_payload())
    signature = sign(body, SECRET, timestamp=int(time.time()) + age)
    async with receiving(tmp_path) as running:
        response = await running.client.post(
            "/webhook/post-call", data=body, headers={"ElevenLabs-Signature": signature}
        )
        assert response.status == 401
        assert running.files() == BASE_FILES


async def test_both_secrets_hold_during_a_rotation(tmp_path):
    async with receiving(tmp_path, post_call_secrets=("wsec_new", SECRET)) as running:
        assert (await running.deliver_json(transcription_payload()))["status"] == "stored"


@pytest.mark.parametrize("is_chunked", [True, False])
async def test_a_body_over_the_limit_is_refused_and_leaves_nothing(tmp_path, is_chunked):
    body = b"x" * 3_000_000

    async def pieces():
        for offset in range(0, len(body), 65536):
            yield body[offset : offset + 65536]

    async with receiving(tmp_path, max_body_bytes=2_000_000) as running:
        signature = sign(body, SECRET, timestamp=int(time.time()))
        response = await running.client.post(
            "/webhook/post-call",
            data=pieces() if is_chunked else io.BytesIO(body),
            headers={"ElevenLabs-Signature": signature},
        )
        assert response.status == 413
        assert running.files() == BASE_FILES


async def test_a_compressed_body_is_refused(tmp_path):
    async with receiving(tmp_path) as running:
        response = await running.deliver(b"x", headers={"Content-Encoding": "br"})
        assert response.status in (400, 415)
        assert running.files() == BASE_FILES


class FailingCommitter:
    def __init__(self, error):
        self.error = error

    async def append(self, arrival):
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"), [(SpoolFull("full"), "storage_full"), (SpoolFailed("eio"), "storage_failed")]
)
async def test_what_could_not_be_stored_is_not_acknowledged(tmp_path, error, code):
    async with receiving(tmp_path) as running:
        object.__setattr__(running.receiver, "committer", FailingCommitter(error))
        response = await running.deliver(body_of(transcription_payload()))
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert (await response.json())["error"]["code"] == code


async def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(tmp_path):
    async with receiving(tmp_path) as running:
        port = running.port
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        signature = sign(b"", SECRET, timestamp=int(time.time()))
        head = (
            f"POST /webhook/post-call HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n"
            f"ElevenLabs-Signature: {signature}\r\n\r\n"
        )
        writer.write(head.encode() + b'{"type":"post_call_audio' + b"A" * 3_000_000)
        await writer.drain()
        incoming = running.root / ".spool/incoming"
        for _ in range(200):
            if list(incoming.iterdir()):
                break
            await asyncio.sleep(0.01)
        writer.close()
        for _ in range(500):
            if not list(incoming.iterdir()):
                break
            await asyncio.sleep(0.01)
        assert running.files() == BASE_FILES


async def test_wrong_paths_and_methods_get_json_that_says_what_to_do(tmp_path):
    async with receiving(tmp_path) as running:
        missing = await running.client.post("/webhook/nothing")
        wrong = await running.client.get("/webhook/post-call")
        assert missing.status == 404
        assert wrong.status == 405
        for response in (missing, wrong):
            assert "/" in (await response.json())["error"]["message"]


def signed_head(body, *more):
    signature = sign(body, SECRET, timestamp=int(time.time()))
    lines = ["POST /webhook/post-call HTTP/1.1", "Host: x", f"ElevenLabs-Signature: {signature}"]
    return "\r\n".join([*lines, *more, "", ""]).encode()


@pytest.mark.parametrize("size", [10, 2_000_000])
async def test_a_broken_chunk_is_an_error_of_the_senders_and_leaves_nothing(
    tmp_path, size, monkeypatch
):
    monkeypatch.setattr("receiver.intake.STALL_SECONDS", 0.3)
    async with receiving(tmp_path) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        head = signed_head(b"", "Transfer-Encoding: chunked")
        writer.write(head + f"{size:x}\r\n".encode() + b"A" * size + b"\r\nzz\r\n")
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        await writer.wait_closed()
        assert line.split()[1] in (b"400", b"408"), line
        assert running.files() == BASE_FILES
        assert not running.receiver.counts["defects"]


@pytest.mark.parametrize("size", [100, 2_000_000])
async def test_a_body_that_stalls_is_given_up_and_leaves_nothing(tmp_path, size, monkeypatch):
    monkeypatch.setattr("receiver.intake.STALL_SECONDS", 0.3)
    async with receiving(tmp_path) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(signed_head(b"", f"Content-Length: {2 * size}") + b"A" * size)
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        await writer.wait_closed()
        assert line.split()[1] == b"408"
        assert running.files() == BASE_FILES


@pytest.mark.parametrize("size", [500, 2_000_000])
async def test_a_body_that_is_still_coming_when_told_to_stop_is_finished(tmp_path, size):
    recording = bytes(index % 251 for index in range(size))
    body = body_of(audio_payload(mp3=recording, conversation_id="conv_late"))
    async with receiving(tmp_path) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(signed_head(body, f"Content-Length: {len(body)}") + body[: len(body) // 2])
        await writer.drain()
        while not running.receiver.requests.in_flight:
            await asyncio.sleep(0.01)
        running.stop.set()
        await asyncio.sleep(0.2)
        writer.write(body[len(body) // 2 :])
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        assert b'"status":"stored"' in answer
        assert (running.root / "conv_late/conv_late_audio.mp3").read_bytes() == recording


@pytest.mark.parametrize("what", ["spool", "spool/.spool/ledger.jsonl"])
async def test_nothing_is_acknowledged_where_nobody_looks_for_it(tmp_path, what):
    async with receiving(tmp_path) as running:
        await running.deliver_json(transcription_payload(conversation_id="conv_1"))
        moved = tmp_path / "elsewhere"
        (tmp_path / what).rename(moved)
        health = await running.client.get("/health")
        assert health.status == 503
        response = await running.deliver(body_of(transcription_payload(conversation_id="conv_2")))
        assert response.status == 503
        moved.rename(tmp_path / what)
        await asyncio.sleep(2.1)  # recovery is tried every two seconds
        assert (await running.client.get("/health")).status == 200
        answer = await running.deliver_json(transcription_payload(conversation_id="conv_2"))
        assert answer["status"] == "stored"
        assert len(running.receipts()) == 2
