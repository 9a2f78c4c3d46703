"""After an erasure no byte of anybody's data is left in the folder, and nothing brings it back."""

import json
from dataclasses import replace

from processor.erasure.carry_out import carry_out
from processor.rebuild import rebuild
from spool.erasing import ask_to_forget
from spool.forgotten import (
    FORGOTTEN_FOLDER,
    Tombstone,
    certificate_of,
    keyed_hash,
    new_erasure_id,
    spool_key,
    write_tombstone,
)
from spool.verify import verify
from tests.erasures import (
    ANA,
    ANAS_MOBILE,
    ASKED,
    BEN,
    SECRETS,
    a_data_folder,
    anas_events,
    deliver_one,
    quarantine,
    quarantined_bodies,
    secrets_in,
)
from tests.spools import QUICK, a_spool


def forget_ana(data):
    return ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)


def of_ben(lines):
    return [line for line in lines if BEN in line]


async def test_nothing_of_a_caller_is_left_in_any_file(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        before = await data.exported()
        held = [await data.store.holdings(caller) for caller in (ANA, ANAS_MOBILE)]
        memories = sum(len(each.memories) for each in held)
        found = {secret for _, secret in secrets_in(data.folder)}
        assert found >= {"Quillfeather", "Ulrich", "2025550142", "2025550143", "Verbena"}
        certificate = await carry_out(forget_ana(data), data.parts)
        assert secrets_in(data.folder) == []
        assert await data.exported() == of_ben(before)
    assert secrets_in(tmp_path / "data") == []
    assert certificate.completed_at is not None
    assert certificate.removed == {
        "conversations": 5, "transcripts": 4, "recordings": 1, "failures": 1, "memories": memories,
        "quarantined": 2, "started_calls": 2, "logged_requests": 3, "decisions": 2, "parked": 1,
    }  # fmt: skip


async def test_the_certificate_is_on_disk_and_names_nobody(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        tombstone = forget_ana(data)
        certificate = await carry_out(tombstone, data.parts)
        kept = certificate_of(data.root, tombstone.id)
    assert kept == certificate.members()
    assert kept["status"] == "complete"
    assert not any(secret in json.dumps(kept) for secret in SECRETS)


async def test_nothing_comes_back_by_webhook_backfill_or_rebuild(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        before = await data.exported()
        await carry_out(forget_ana(data), data.parts)
        with a_spool(data.root) as spool:
            for payload in anas_events():
                assert deliver_one(spool, payload).status == "forgotten"
                again = {**payload, "source": "backfill"}
                assert deliver_one(spool, again).status == "forgotten"
            for body in quarantined_bodies()[:2]:
                [outcome] = spool.commit([quarantine(body)])
                assert outcome.status == "forgotten"
        await data.catch_up()
        await rebuild(data.root, data.store, options=QUICK)
        await data.history.rebuild(data.root, data.parts.orders, data.rules)
        assert await data.exported() == of_ben(before)
        assert secrets_in(data.folder) == []
    assert verify(data.root).findings == ()


async def test_a_later_call_begins_a_new_story(tmp_path):
    from tests.erasures import call_of

    async with a_data_folder(tmp_path / "data") as data:
        await carry_out(forget_ana(data), data.parts)
        late = int(ASKED.timestamp()) - 1_790_000_000 + 60
        with a_spool(data.root) as spool:
            new = call_of(ANA, "conv_new", at=late, said=["I am new here"], name="Nadia")
            assert deliver_one(spool, new).status == "stored"
        await data.catch_up()
        profile = await data.store.profile(ANA)
        assert profile.call_count == 1
        assert profile.name == "Nadia"
        assert await data.store.profile(ANAS_MOBILE) is None


async def test_done_again_it_changes_nothing(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        tombstone = forget_ana(data)
        first = await carry_out(tombstone, data.parts)
        exported = await data.exported()
        await carry_out(tombstone, data.parts)
        assert certificate_of(data.root, tombstone.id) == first.members()
        assert await data.exported() == exported


async def test_a_tombstone_alone_is_enough_to_find_who_it_is_about(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        before = await data.exported()
        key = spool_key(data.root)
        tombstone = Tombstone(
            id=new_erasure_id(), kind="caller", at=ASKED,
            callers=tuple(keyed_hash(key, "caller", each) for each in (ANA, ANAS_MOBILE)),
        )  # fmt: skip
        write_tombstone(data.root, tombstone)
        certificate = await carry_out(tombstone, data.parts)
        assert certificate.removed["conversations"] == 5
        assert await data.exported() == of_ben(before)
        assert secrets_in(data.folder) == []


async def test_one_conversation_goes_and_the_others_stay(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        before = await data.exported()
        tombstone = ask_to_forget(data.root, conversations=["conv_ana1"], at=ASKED)
        certificate = await carry_out(tombstone, data.parts)
        after = await data.exported()
        assert [line for line in before if '"conv_ana1"' not in line] == after
        assert certificate.removed["conversations"] == 1
        assert certificate.removed["memories"] == 4
        assert not (data.root / "conv_ana1").exists()
        assert (data.root / "conv_ana3").exists()
        assert secrets_in(data.folder, ["agent_voice_print", "Zephyrine"]) == []
        # what the agent was told when she called may be of it, and does not name it
        assert data.log.read_text().count("client-data") == 1
        assert BEN in data.log.read_text()
        with a_spool(data.root) as spool:
            assert deliver_one(spool, anas_events()[0]).status == "forgotten"
            assert deliver_one(spool, anas_events()[2]).status == "forgotten"


async def test_of_nobody_known_the_certificate_is_empty(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        before = await data.exported()
        tombstone = ask_to_forget(data.root, callers=["+12025550199"], at=ASKED)
        certificate = await carry_out(tombstone, data.parts)
        assert sum(certificate.removed.values()) == 0
        assert await data.exported() == before


async def test_what_was_refused_at_the_door_costs_no_step(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        before, steps = await data.exported(), []
        tombstone = ask_to_forget(data.root, conversations=["conv_never_stored"], at=ASKED)
        (
            data.root / FORGOTTEN_FOLDER / f"{tombstone.id}.progress"
        ).unlink()  # as refusing writes it
        parts = replace(data.parts, on_step=steps.append)
        certificate = await carry_out(tombstone, parts)
        assert certificate.completed_at is not None
        assert certificate.removed.get("conversations", 0) == 0
        assert not {"bytes", "history", "files"} & set(steps)
        assert tombstone.id in await data.store.settled()
        assert await data.exported() == before
