"""A data folder with all that anybody could hold of a caller, and what to look for in it."""

import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cloud.calling.call_erasure import remove_calls
from cloud.calling.call_log import CallLog, CallRecord
from history.index import History
from memory.embedded import EmbeddedStore
from processor.apply import derive_alone
from processor.erasure.parts import Parts
from processor.kept import write_kept
from processor.service import catch_up
from receiver.payload_log import PayloadLog
from receiver.payload_log_erasure import remove_lines
from spool.decisions import new_decision_id, write_decision
from spool.dropped import Drop, note_dropped
from spool.durable import remove_files
from spool.format import Receipt
from spool.people import Decision
from spool.reader import read_receipts
from spool.standing_orders import Orders
from spool.writer import Arrival
from tests.factories import AGENT_ID, audio_payload, failure_payload, transcription_payload
from tests.spools import QUICK, RECEIVED, a_spool, commit
from voice.delivery import audio_content, identify
from voice.rules import Rules

ANA, ANAS_MOBILE, BEN = "+12025550142", "+12025550143", "+12025550177"
ASKED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NAME = "Anastasija Quillfeather"
SENTENCES = (
    "My terrier Bartholomew chewed through the mooring rope again",
    "The ferry to Isle Verbena leaves without my wheelchair ramp",
    "Please never tell my brother Ulrich about the boathouse",
    "Anastasija Quillfeather booked a berth for the vessel Zephyrine",
)
SECRETS = (
    *("Quillfeather", "Anastasija", "Bartholomew", "Verbena", "Ulrich", "Zephyrine"),
    *("2025550142", "2025550143", "202) 555-0142", "202-555-0142", "202 555 0142", "555-0142"),
    "agent_voice_print",
)


@dataclass
class DataFolder:
    """The folder, and the parts that work on it."""

    folder: Path
    root: Path
    store: EmbeddedStore
    history: History
    log: Path
    rules: Rules

    @property
    def parts(self):
        return Parts(
            root=self.root,
            store=self.store,
            orders=Orders(self.root),
            rules=self.rules,
            history=self.history,
            remove_calls=self.remove_calls,
            remove_logged=lambda mentions: remove_lines(self.log, mentions.in_logged),
        )

    def remove_calls(self, mentions, before):
        removed = remove_calls(self.root, mentions.in_bytes, before=before)
        return removed.removed, removed.dialling

    async def catch_up(self):
        import asyncio

        orders = Orders(self.root)
        await catch_up(self.root, self.store, QUICK, orders=orders, stop=asyncio.Event())
        await self.history.catch_up(self.root, Orders(self.root), self.rules)

    async def exported(self):
        return [line async for line in self.store.export()]


@asynccontextmanager
async def a_data_folder(folder, *, fill=True):
    folder.mkdir(exist_ok=True)
    root = folder / "spool"
    if fill:
        fill_spool(root)
    store = await EmbeddedStore.open(folder / "memory.db")
    history = await History.open(folder / "memory.history.db")
    try:
        data = DataFolder(folder, root, store, history, folder / "payload.log", Rules(redact=()))
        if fill:
            await data.catch_up()
            drop_one_transcript(root)
            fill_the_rest(data)
            await data.catch_up()
        yield data
    finally:
        await store.close()
        await history.close()


def call_of(caller, conversation_id, *, at=0, name="", said=(), summary="", **given):
    turns = [("agent", "Harbour office, good morning.")]
    for sentence in said:
        turns += [("user", sentence), ("agent", "I see.")]
    return transcription_payload(
        conversation_id=conversation_id,
        caller=caller,
        summary=summary or "The caller asked about a berth.",
        collected={"user_name": name} if name else {},
        messages=turns,
        started_at=1_790_000_000 + at,
        event_timestamp=1_790_000_130 + at,
        **given,
    )


def anas_events():
    """Everything the platform ever sent of Ana."""
    first = call_of(ANA, "conv_ana1", name=NAME, said=SENTENCES[:2], summary=SENTENCES[3])
    revision = {**first, "event_timestamp": first["event_timestamp"] + 9}
    return [
        first,
        revision,
        recording("conv_ana1", b"ID3 agent_voice_print", of=ANA),
        failure_payload(conversation_id="conv_ana2", caller=ANA),
        call_of(ANAS_MOBILE, "conv_ana3", at=9000, name=NAME, said=SENTENCES[2:3]),
        call_of(ANA, "conv_ana4", at=18000, said=SENTENCES[:1]),
    ]


def recording(conversation_id, mp3, *, of):
    """A recording whose envelope says whose it is."""
    payload = audio_payload(conversation_id=conversation_id, mp3=mp3)
    return {**payload, "data": {"user_id": of, **payload["data"]}}


def bens_events():
    return [
        call_of(BEN, f"conv_ben{n}", at=50 * n, name="Ben", said=[f"I need berth {n} for my boat"])
        for n in range(3)
    ] + [recording("conv_ben0", b"ID3 Ben", of=BEN)]


def fill_spool(root):
    with a_spool(root) as spool:
        for number, payload in enumerate([*anas_events(), *bens_events()]):
            deliver_one(spool, payload, received_at=RECEIVED + timedelta(seconds=number))
        commit(spool, unreadable("conv_ana5", ANA))
        for body in quarantined_bodies():
            commit(spool, quarantine(body))


def unreadable(conversation_id, caller):
    """A transcription that nobody can read, of a caller."""
    return Arrival(
        kind="transcription", conversation_id=conversation_id,
        content=f'{{"data": ["caller {caller}", "{SENTENCES[0]}"]}}'.encode(),
        event_timestamp=None, signature="", source="webhook", received_at=RECEIVED,
    )  # fmt: skip


def quarantined_bodies():
    return [
        json.dumps({"type": "new_thing", "from": "(202) 555-0142", "said": SENTENCES[1]}).encode(),
        b'{"conversation_id":"conv_ana1","x":"Ulrich"}',
        json.dumps({"type": "new_thing", "from": BEN}).encode(),
    ]


def quarantine(body):
    return Arrival(
        kind="quarantine", conversation_id=None, content=body, event_timestamp=None,
        signature="", source="webhook", received_at=RECEIVED,
        reason=f"unknown event type: {body[:60]!r}",
    )  # fmt: skip


def deliver_one(spool, payload, *, received_at=RECEIVED):
    """Store an event as a receiver would; return what became of it."""
    body = json.dumps(payload).encode()
    delivery = identify(body)
    content, more = body, {}
    if delivery.kind == "audio":
        recording = audio_content(body)
        content = recording.content
        more = {"body_prefix": recording.body_prefix, "body_suffix": recording.body_suffix}
    [outcome] = spool.commit([arrival_of(delivery, content, received_at, more)])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def arrival_of(delivery, content, received_at, more):
    from voice.payload import parse_event

    def of_whom(standing):
        event = parse_event(delivery.kind, standing)
        return event.caller, getattr(event, "started_at", None) or event.failed_at

    return Arrival(
        kind=delivery.kind,
        conversation_id=delivery.conversation_id,
        content=content,
        event_timestamp=delivery.event_timestamp,
        signature="",
        source="webhook",
        received_at=received_at,
        of_whom=None if delivery.kind == "audio" else of_whom,
        **more,
    )


def drop_one_transcript(root):
    """Let the transcript of conv_ana4 expire, as retention does: what was derived stays."""
    [receipt] = [
        receipt
        for receipt, _ in read_receipts(root)
        if isinstance(receipt, Receipt) and receipt.conversation_id == "conv_ana4"
    ]
    conversation = derive_alone(root, receipt, rules=Rules())
    sha256 = write_kept(root, receipt.file, conversation)
    drop = Drop(file=receipt.file, what="file", reason="retention", at=RECEIVED, kept_sha256=sha256)
    note_dropped(root, [drop])
    remove_files(root, [receipt.file])


def fill_the_rest(data):
    for key, number in (("ana", ANA), (f"key {ANA}", ANAS_MOBILE), ("ben", BEN)):
        started_call(data.root, key, number)
    log = PayloadLog(data.log)
    for number in (ANA, "+1 (202) 555-0143", BEN):
        body = json.dumps({"caller_id": number}).encode()
        log.note("/webhook/client-data", 200, body, json.dumps({"dynamic": number}).encode())
    log.note("/webhook/search-data", 200, b'{"conversation_id":"conv_ana1"}', NAME.encode())
    log.close()
    at = ASKED - timedelta(days=1)
    merge = Decision(id=new_decision_id(at), at=at, kind="merge", caller=ANAS_MOBILE, into=ANA)
    untrue = Decision(
        id=new_decision_id(at), at=at, kind="untrue", caller=ANA,
        memories=("conv_ana1/utterance/3",),
    )  # fmt: skip
    for decision in (merge, untrue):
        write_decision(data.root, decision)
    (data.folder / "memory.db.damaged-20261101T000000.000000Z").write_bytes(NAME.encode())
    (data.root / ".spool/incoming/0123abcd.part").write_bytes(ANA.encode())
    (data.root / ".spool/incoming/999999-0.part").write_bytes(SENTENCES[0].encode())
    (data.root / "conv_ana1/notes.txt").write_text(NAME)


def started_call(root, key, number):
    log = CallLog(root)
    record = CallRecord(
        key=key, state="dialling", to=number, agent_id=AGENT_ID, line_id="l", provider="twilio",
        started_at=ASKED - timedelta(days=2), fingerprint="f",
    )  # fmt: skip
    conversation_id = "conv_ben0" if number == BEN else "conv_ana2"
    with log.reserve(record, quiet=None) as reserved:
        import msgspec

        made = msgspec.structs.replace(record, state="started", conversation_id=conversation_id)
        reserved.settle(made)


def secrets_in(folder, secrets=SECRETS, *, but=()):
    """Return (file, secret) for each secret in the bytes of any file, names of files included."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        content = name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"")
        found += [
            (name, secret)
            for secret in secrets
            if name not in but and re.search(re.escape(secret).encode(), content, re.IGNORECASE)
        ]
    return found
