"""An erasure that has to wait: what is clean is left alone, and nothing is claimed too early."""

import os
import threading
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from history.errors import HistoryUnavailable
from memory.errors import MemoryUnavailable
from processor.erasure.carry_out import carry_out
from processor.erasure.pacing import Pacing
from processor.erasure.subject import NAMELESS
from spool import erasing as spool_erasing
from spool.durable import remove_files
from spool.erasing import ask_to_forget, read_erasing
from spool.forgotten import FORGOTTEN_FOLDER, certificate_of
from tests.erasures import (
    ANA,
    ANAS_MOBILE,
    ASKED,
    BEN,
    a_data_folder,
    call_of,
    deliver_one,
    quarantine,
    secrets_in,
)
from tests.spools import a_spool


class InTheWay:
    """Another part, of which one method cannot do its work until `is_over`."""

    def __init__(self, part, method, error):
        self._part, self._method, self._error = part, method, error
        self.is_over = False
        self.calls = []

    def __getattr__(self, name):
        if name != self._method:
            return getattr(self._part, name)

        async def work(*given, **more):
            self.calls.append(name)
            if not self.is_over:
                raise self._error
            return await getattr(self._part, name)(*given, **more)

        return work


@pytest.mark.parametrize("who", ["store", "history"])
async def test_a_reader_is_waited_for_and_nothing_else_is_done_meanwhile(tmp_path, who):
    async with a_data_folder(tmp_path / "data") as data:
        error = {
            "store": MemoryUnavailable("somebody reads"),
            "history": HistoryUnavailable("somebody reads"),
        }[who]
        reader = InTheWay(getattr(data.parts, who), "scrub", error)
        steps = []
        parts = replace(data.parts, **{who: reader}, on_step=steps.append)
        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        first = await carry_out(tombstone, parts)
        assert first.completed_at is None
        assert "who else reads" in first.waiting_for
        note = data.root / FORGOTTEN_FOLDER / f"{tombstone.id}.progress"
        written, done_before = note.stat(), len(steps)
        assert (await carry_out(tombstone, parts)).completed_at is None
        assert steps[done_before:] == ["bytes" if who == "store" else "history"]
        assert (note.stat().st_ino, note.stat().st_mtime_ns) == (
            written.st_ino, written.st_mtime_ns,
        )  # fmt: skip
        reader.is_over = True
        last = await carry_out(tombstone, parts)
        assert last.completed_at is not None
        assert last.removed == first.removed
        assert secrets_in(data.folder) == []


async def test_after_a_failure_only_what_is_left_is_done(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        steps, broken = [], [OSError("the log is on strike")]

        def remove_logged(mentions):
            if broken:
                raise broken.pop()
            return data.parts.remove_logged(mentions)

        parts = replace(data.parts, remove_logged=remove_logged, on_step=steps.append)
        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        with pytest.raises(OSError, match="strike"):
            await carry_out(tombstone, parts)
        done_before = len(steps)
        assert (await carry_out(tombstone, parts)).completed_at is not None
        assert steps[done_before] == "log"
        assert secrets_in(data.folder) == []


async def test_what_comes_while_it_waits_has_every_step_done_again(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        reader = InTheWay(data.store, "scrub", MemoryUnavailable("somebody reads"))
        parts = replace(data.parts, store=reader)
        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        await carry_out(tombstone, parts)
        with a_spool(data.root) as spool:  # as a receiver that knew of no erasure yet
            late = call_of(ANA, "conv_late", at=50, said=["Quillfeather, a last word"])
            deliver_one(spool, late)
        reader.is_over = True
        assert (await carry_out(tombstone, parts)).completed_at is not None
        assert secrets_in(data.folder) == []


async def test_nothing_is_made_durable_on_the_event_loop(tmp_path, monkeypatch):
    async with a_data_folder(tmp_path / "data") as data:
        loop, seen = threading.get_ident(), []
        for name in ("fsync", "fdatasync"):
            real = getattr(os, name)

            def noted(descriptor, real=real):
                seen.append(threading.get_ident())
                return real(descriptor)

            monkeypatch.setattr(os, name, noted)
        tombstone = ask_to_forget(data.root, callers=[ANA, ANAS_MOBILE], at=ASKED)
        seen.clear()
        await carry_out(tombstone, data.parts)
        assert seen
        assert loop not in seen


async def test_an_erasure_that_is_just_being_asked_for_keeps_its_note(tmp_path, monkeypatch):
    stranger = "+12025550166"
    async with a_data_folder(tmp_path / "data") as data:
        with a_spool(data.root) as spool:
            spool.commit([quarantine(f'{{"from": "{stranger}"}}'.encode())])
        first = ask_to_forget(data.root, callers=[BEN], at=ASKED)
        is_noted, go_on = threading.Event(), threading.Event()
        real, asked = spool_erasing.write_tombstone, []

        def slowly(root, tombstone):
            is_noted.set()
            assert go_on.wait(10)
            real(root, tombstone)

        monkeypatch.setattr(spool_erasing, "write_tombstone", slowly)

        def ask():
            asked.append(ask_to_forget(data.root, callers=[stranger], at=ASKED))

        asking = threading.Thread(target=ask)
        asking.start()
        assert is_noted.wait(10)
        waiting = await carry_out(first, data.parts)
        assert waiting.waiting_for == "somebody who asks for another erasure"
        assert certificate_of(data.root, first.id) is None
        go_on.set()
        asking.join()
        assert (await carry_out(first, data.parts)).completed_at is not None
        assert read_erasing(data.root, asked[0].id).callers == (stranger,)
        await carry_out(asked[0], data.parts)
        assert secrets_in(data.folder, ["2025550166"]) == []


async def test_of_a_number_that_was_lost_the_certificate_says_that_it_may_remain(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        tombstone = ask_to_forget(data.root, callers=["+12025550199"], at=ASKED)
        remove_files(data.root, [f"{FORGOTTEN_FOLDER}/{tombstone.id}.progress"])
        await carry_out(tombstone, data.parts)
        assert certificate_of(data.root, tombstone.id)["may_remain_in"] == [NAMELESS]


async def test_what_is_in_quarantine_with_the_id_of_a_conversation_goes_with_it(tmp_path):
    async with a_data_folder(tmp_path / "data") as data:
        body = replace(quarantine(b'{"x": "mystery"}'), conversation_id="conv_ben1")
        with a_spool(data.root) as spool:
            spool.commit([body])
        tombstone = ask_to_forget(data.root, conversations=["conv_ben1"], at=ASKED)
        removed = (await carry_out(tombstone, data.parts)).removed
        assert removed["quarantined"] == 1
        assert secrets_in(data.folder, ["mystery"]) == []


def test_who_waits_longer_is_tried_less_often():
    now = [0.0]
    pacing = Pacing(clock=lambda: now[0])
    tried = []
    while now[0] < timedelta(hours=2).total_seconds():
        if pacing.is_due("er_1"):
            tried.append(now[0])
            pacing.has_tried(["er_1"], tried=["er_1"])
        now[0] += 1
    pauses = [later - sooner for sooner, later in pairwise(tried)]
    assert pauses[:4] == [5, 5, 5, 5]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 300
    assert pacing.is_due("er_2")  # one that is asked for meanwhile waits for nobody
    pacing.has_tried([], tried=["er_1"])
    assert pacing.is_due("er_1")
