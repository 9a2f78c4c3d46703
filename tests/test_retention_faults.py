"""Retention is killed at every call that changes the disk: nothing is lost, and all is finished."""

import json

import pytest

from tests.test_spool_faults import run


@pytest.mark.parametrize("first", [1, 2, 3])
@pytest.mark.parametrize("scenario", ["aged", "unstored"])
def test_a_kill_at_any_step_loses_no_memory_and_the_next_start_finishes(tmp_path, scenario, first):
    summary = json.loads(run("retention_faults", tmp_path, scenario, first, 3))
    assert summary["calls"] > 35
    assert summary["violations"] == []
    assert "conv_50/conv_50_transcription.memories.json" in summary["left"]
    assert "conv_50/conv_50_audio.mp3" not in summary["left"]
