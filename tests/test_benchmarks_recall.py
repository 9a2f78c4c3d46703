"""The benchmarks' own parts: loaders of corpora in their published forms, and the metrics."""

import json
from datetime import UTC, datetime
from random import Random

import pytest

from benchmarks import chats, locomo
from benchmarks.adapter import sessions
from benchmarks.corpora import both, facts, one_of_each, own_turns, turns
from benchmarks.fts5 import Fts5
from benchmarks.invented import invent_calls, invent_language, invent_question
from benchmarks.played import as_calls, fts5_search, share_kept, turns_in, what_is_kept
from benchmarks.quality import Asked, ask_all, means, paired_difference, score, timed
from benchmarks.recall import adapter, corpora


def said(session, speaker, *texts):
    return [
        {"speaker": speaker, "dia_id": f"D{session}:{place}", "text": text}
        for place, text in enumerate(texts, 1)
    ]


CONVERSATION = {
    "speaker_a": "Nora",
    "speaker_b": "Otto",
    "session_2_date_time": "11:05 am on 3 May, 2024",
    "session_2": said(2, "Otto", "I sold the blue canoe.", "The museum was closed."),
    "session_1_date_time": "1:56 pm on 8 April, 2024",
    "session_1": said(1, "Nora", "My sister plays the oboe.", "We fly to Lisbon in June."),
    "session_3_date_time": "9:00 am on 4 May, 2024",
}
QUESTIONS = [
    {"question": "What does Nora's sister play?", "evidence": ["D1:1"], "category": 4},
    {"question": "Where to, and what was sold?", "evidence": ["D1:2; D:2:01"], "category": 1},
    {"question": "When was the museum closed?", "evidence": ["D2:2", "D9:9"], "category": 2},
    {"question": "Who is not mentioned?", "evidence": ["D8:1"], "category": 3},
    {"question": "What did Otto play?", "evidence": ["D1:1"], "category": 5},
]
OBSERVED = {
    "session_1_observation": {"Nora": [["Nora's sister is an oboist.", "D1:1"]]},
    "session_2_observation": {"Otto": [["Otto had a blue canoe and sold it.", ["D2:1", "D2:2"]]]},
}


@pytest.fixture
def folder(tmp_path):
    row = {"conversation": CONVERSATION, "qa": QUESTIONS, "observation": OBSERVED}
    rows = [{**row, "sample_id": "conv-26"}, {**row, "sample_id": "conv-99"}]
    (tmp_path / "locomo10.json").write_text(json.dumps(rows))
    return tmp_path


@pytest.fixture
def dialogue(folder):
    return locomo.load(folder / "locomo10.json", split="tune")[0]


def evidence(caller):
    return {q.text: [sorted(piece) for piece in q.evidence] for q in caller.questions}


def test_turns_are_in_order_of_the_sessions_and_dated_by_them(dialogue):
    (caller,) = turns(dialogue)
    assert [key for key, _, _ in caller.memories] == ["D1:1", "D1:2", "D2:1", "D2:2"]
    assert caller.memories[0][1] == "Nora: My sister plays the oboe."
    assert caller.memories[0][2] == datetime(2024, 4, 8, 13, 56, tzinfo=UTC).timestamp()


def test_evidence_is_read_as_it_was_meant_and_without_it_a_question_falls_out(dialogue):
    (caller,) = turns(dialogue)
    assert evidence(caller) == {
        "What does Nora's sister play?": [["D1:1"]],
        "Where to, and what was sold?": [["D1:2"], ["D2:1"]],
        "When was the museum closed?": [["D2:2"]],
        "What did Otto play?": [["D1:1"]],
    }
    assert [q.category for q in caller.questions] == [
        "single-hop", "multi-hop", "temporal", "adversarial",
    ]  # fmt: skip


def test_a_caller_is_asked_only_what_the_caller_alone_has_said(dialogue):
    nora, otto = own_turns(dialogue)
    assert [key for key, _, _ in nora.memories] == ["D1:1", "D1:2"]
    assert list(evidence(nora)) == ["What does Nora's sister play?", "What did Otto play?"]
    assert list(evidence(otto)) == ["When was the museum closed?"]


def test_a_turn_is_found_by_any_fact_that_was_drawn_from_it(dialogue):
    (caller,) = facts(dialogue)
    assert [text for _, text, _ in caller.memories] == [
        "Nora's sister is an oboist.",
        "Otto had a blue canoe and sold it.",
    ]
    assert evidence(caller)["Where to, and what was sold?"] == [["F2.0"]]
    (caller,) = both(dialogue)
    assert len(caller.memories) == 6
    assert evidence(caller)["Where to, and what was sold?"] == [["D1:2"], ["D2:1", "F2.0"]]


def test_a_split_takes_its_conversations(folder):
    names = {
        split: [each.name for each in locomo.load(folder / "locomo10.json", split=split)]
        for split in ("tune", "test", "all")
    }
    assert names == {"tune": ["conv-26"], "test": ["conv-99"], "all": ["conv-26", "conv-99"]}
    assert [name for name, _ in corpora(folder, "test")] == ["LoCoMo, test"]


def message(key, role, content, **more):
    return {"id": key, "role": role, "content": content, **more}


def test_a_chat_has_the_users_messages_as_evidence(tmp_path):
    chat = tmp_path / "beam" / "500K" / "7"
    (chat / "probing_questions").mkdir(parents=True)
    anchored = message(0, "user", "I moved to Bonn. ->-> 1,2", time_anchor="March-15-2024")
    first = [anchored, message(1, "assistant", "Noted.")]
    batches = [
        {"batch_number": 1, "turns": [first]},
        {"batch_number": 2, "turns": [[message(2, "user", "The cat is called Ink.")]]},
    ]
    asked = {
        "knowledge_update": [{"question": "Where?", "source_chat_ids": {"old": [0], "new": 1}}],
        "information_extraction": [{"question": "Which cat?", "source_chat_ids": [2, 1]}],
        "temporal_reasoning": [{"question": "Said by nobody?", "source_chat_ids": []}],
        "summarization": [{"question": "All of it?", "source_chat_ids": [0]}],
    }
    (chat / "chat.json").write_text(json.dumps(batches))
    (chat / "topic.json").write_text(json.dumps({"category": "Travel"}))
    (chat / "probing_questions" / "probing_questions.json").write_text(json.dumps(asked))
    ((name, [dialogue]),) = corpora(tmp_path, "test")
    (caller,) = own_turns(dialogue)
    assert name == "BEAM 500K"
    assert [text for _, text, _ in caller.memories] == [
        "User: I moved to Bonn.",
        "User: The cat is called Ink.",
    ]
    assert evidence(caller) == {"Where?": [["0"]], "Which cat?": [["2"]]}
    assert caller.memories[0][2] < caller.memories[1][2]
    (chat / "topic.json").write_text(json.dumps({"category": "Coding"}))
    assert chats.load_beam(tmp_path / "beam" / "500K") == []


def test_a_question_of_longmemeval_has_a_history_of_its_own(tmp_path):
    row = {
        "question_id": "q1",
        "question_type": "single-session-user",
        "question": "Which tea?",
        "haystack_dates": ["2023/05/21 (Sun) 02:21", "2023/05/20 (Sat) 10:00"],
        "haystack_session_ids": ["later", "earlier"],
        "haystack_sessions": [
            [{"role": "user", "content": "Hello."}],
            [
                {"role": "user", "content": "Only oolong for me.", "has_answer": True},
                {"role": "assistant", "content": "Oolong it is.", "has_answer": True},
            ],
        ],
    }
    file = tmp_path / "longmemeval_s_cleaned.json"
    file.write_text(json.dumps([row, {**row, "question_id": "q2_abs"}]))
    ((name, [dialogue]),) = corpora(tmp_path, "test")
    (caller,) = own_turns(dialogue)
    assert name == "LongMemEval_S"
    assert [key for key, _, _ in caller.memories] == ["earlier_0", "later_0"]
    assert evidence(caller) == {"Which tea?": [["earlier_0"]]}


def test_the_metrics_are_those_of_their_names():
    ranked = [frozenset([f"m{place}"]) for place in range(1, 21)]
    scores = score(ranked, [frozenset(["m2"]), frozenset(["x", "m7"]), frozenset(["y"])])
    assert scores == {
        "recall@5": pytest.approx(1 / 3),
        "recall@10": pytest.approx(2 / 3),
        "recall@20": pytest.approx(2 / 3),
        "hit@10": 1.0,
        "MRR": 0.5,
    }
    assert set(score([], one_of_each(["m1"])).values()) == {0.0}


def test_a_difference_is_paired_and_its_interval_repeatable():
    def answers(*recalls):
        return [Asked(category="c", scores={"recall@10": each}) for each in recalls]

    found = paired_difference(answers(1, 1, 0.5, 1), answers(0, 1, 0.5, 0))
    assert found == paired_difference(answers(1, 1, 0.5, 1), answers(0, 1, 0.5, 0))
    assert found.mean == 0.5
    assert found.low <= 0.5 <= found.high
    same = paired_difference(answers(1, 0), answers(1, 0))
    assert (same.low, same.high) == (0, 0)


def test_a_long_silence_separates_two_conversations():
    items = [("a", "x", 0.0), ("b", "x", 1800.0), ("c", "x", 3601.0), ("d", "x", 20.0)]
    assert [[key for key, _, _ in each] for each in sessions(items)] == [["a", "b"], ["c"], ["d"]]
    assert list(sessions([])) == []


def test_both_engines_find_what_was_said_and_keep_callers_apart(dialogue):
    callers = own_turns(dialogue)
    memory, peer = adapter(), Fts5()
    try:
        for caller in callers:
            memory.add(caller.name, caller.memories)
            peer.add(caller.name, caller.memories)
        for engine in (memory, peer):
            assert engine.search("conv-26/Nora", "oboe", 5)[0] == "D1:1"
            assert not {"D1:1", "D1:2"} & set(engine.search("conv-26/Otto", "oboe", 5))
        answers = ask_all(timed(peer.search), callers, runs=1)
        assert len(answers.asked) == 3
        assert 0 < means(answers.asked)["recall@10"] <= 1
    finally:
        memory.close()
        peer.close()


def test_a_dialogue_is_played_once_for_each_speaker(dialogue):
    nora, otto = as_calls([dialogue], collect_name=True)
    assert nora.number != otto.number
    assert [len(each.payloads) for each in (nora, otto)] == [2, 2]
    transcript = next(iter(nora.payloads.values()))["data"]["transcript"]
    assert [(turn["role"], turn["message"]) for turn in transcript] == [
        ("user", "My sister plays the oboe."),
        ("user", "We fly to Lisbon in June."),
    ]
    assert next(iter(otto.payloads.values()))["data"]["transcript"][0]["role"] == "agent"
    assert len(nora.own) == 2
    assert len(nora.questions) == 4
    kept = {each.number: what_is_kept(each) for each in (nora, otto)}
    found, _ = fts5_search(kept)(nora.number, "Who plays the oboe?")
    assert found[0] == {"D1:1"}
    assert share_kept([nora, otto], kept, own=True) == 1
    assert share_kept([nora, otto], kept, own=False) < 1  # nobody answered Otto's last line


def test_a_returned_memory_is_the_turns_whose_words_it_holds():
    spoken = [("D1:1", "yesitwasred"), ("D1:2", "whichonewasit"), ("D1:3", "")]
    content = 'Caller: "Yes, it was red…" (answering: "Which one was it?")'
    assert turns_in(spoken, content) == {"D1:1", "D1:2"}


def test_invented_calls_are_repeatable_and_no_two_memories_alike():
    def invented(seed):
        random = Random(seed)
        return list(invent_calls(random, invent_language(random), "+15550100142", 60))

    calls = invented(1)
    memories = [memory for call in calls for memory in call.memories]
    assert invented(1) == calls
    assert invented(2) != calls
    assert len({memory.id for memory in memories}) == 600
    assert len({memory.content for memory in memories}) == 600
    assert all(invent_question(Random(3), memory).strip() for memory in memories)
