"""What is remembered of a call: which memories, with which words, ids and sectors."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from memory.content import fact_content
from memory.dump import dump_line
from memory.recall.terms import rules
from processor.derive import DERIVATION, derive, origin
from tests.factories import (
    CALLER,
    encoded,
    failure_payload,
    transcription_payload,
)
from tests.json_values import json_values, mutated
from tests.test_voice_payload import SAMPLES, sample
from voice.delivery import identify
from voice.payload import NotUnderstood, parse_event
from voice.rules import Rules

HASH = "ab" * 32
# What the samples come to, and the DERIVATION that it belongs to: the two change together.
PINNED = (4, "8c7c0c50f63ab52f92d8d4aa97d91c8b7fc8606d657553fe3758ad6589c55532")

# The samples promise nothing.
PROMISES = {
    "en": "The agent will send the invoice. Ana paid. She prefers tea. The agent will not call.",
    "de": "Der Agent wird die Rechnung schicken. Die Ware wurde geliefert. Sie bevorzugt Tee.",
    "es": "El agente enviará la factura. El pago fue recibido. Prefiere té.",
    "fr": "L'agent a promis de rappeler. La facture a été envoyée. Elle préfère le thé.",
    "pt": "A atendente vai enviar a fatura. O problema foi resolvido. Ela prefere chá.",
    "it": "L'operatrice invierà la fattura. La fattura è stata pagata. Preferisce il tè.",
}


def derived(**fields):
    event = parse_event("transcription", encoded(transcription_payload(**fields)))
    return derive(event, sha256=HASH)


def said(*messages):
    """Return what is kept of these (role, message) pairs, without facts and summary."""
    found = derived(messages=list(messages), summary=None).memories
    return [memory.content for memory in found if memory.kind == "utterance"]


def facts(**fields):
    return {
        memory.key: memory.content for memory in derived(**fields).memories if memory.kind == "fact"
    }


def test_a_call_becomes_facts_a_summary_and_what_the_caller_said():
    conversation = derive(sample("twilio_inbound"), sha256=HASH)
    assert conversation.version == (1790001090.0, HASH)
    assert [(memory.id, memory.content) for memory in conversation.memories] == [
        ("conv_twilio_in_20c7/fact/bikes", "bikes: 1"),
        ("conv_twilio_in_20c7/fact/first_name", "first name: Ana"),
        ("conv_twilio_in_20c7/fact/is_member", "is member: no"),
        ("conv_twilio_in_20c7/fact/last_name", "last name: Torres"),
        ("conv_twilio_in_20c7/fact/preferred_day", "preferred day: Tuesday"),
        ("conv_twilio_in_20c7/fact/stated_name", "stated name: Ana Torres"),
        (
            "conv_twilio_in_20c7/summary",
            "Ana Torres reported a squealing rear brake and booked a service for Tuesday at nine.",
        ),
        (
            "conv_twilio_in_20c7/utterance/1",
            "Caller: \"Hello, my name is Ana Torres. My rear brake is squealing and I'm a bit "
            'worried." (answering: "Thank you for calling Harbour Bikes. Who is speaking?")',
        ),
        (
            "conv_twilio_in_20c7/utterance/8",
            'Caller: "Yes, Tuesday." (answering: "Would Tuesday at nine suit you?")',
        ),
        (
            "conv_twilio_in_20c7/utterance/9",
            'Caller: "1" (answering: "Would Tuesday at nine suit you?")',
        ),
    ]


REMEMBERED = {
    "twilio_outbound": """
        The customer will fetch the bike tomorrow.
        Caller: "No, tomorrow. I live outside the town and have no car." (answering: "Good
          afternoon, this is Harbour Bikes. Your bike is ready. Shall we expect you today?")
    """,
    "sip_withheld": "",
    "sms": """
        Ana will fetch the bike at five.
        Caller: "Is my bike ready?"
        Caller: "Yes" (answering: "It will be ready at five. Will you come today?")
    """,
    "whatsapp": """
        stated name: Jonas Weber
        Jonas Weber ist nach Bremen gezogen.
        Caller: "Hallo, mein Name ist Jonas Weber. Ich wohne jetzt in Bremen."
    """,
    "web": """
        The reader asked for a new crime novel and had it put aside.
        Caller: "Hi, I usually read crime novels. Is there a new one?" (answering: "Hello, this
          is Nora from Tidewater Library. What are you looking for?")
        Caller: "Yes." (answering: "There is. Would you like me to put it aside for you?")
    """,
    "earlier_field_names": """
        A table for two was booked.
        Caller: "I would like a table for two."
    """,
    "failure_twilio": "",
}


@pytest.mark.parametrize("name", REMEMBERED)
def test_each_channel_is_remembered(name):
    conversation = derive(sample(name), sha256=HASH)
    contents = REMEMBERED[name].replace("\n          ", " ").strip().split("\n        ")
    assert [memory.content for memory in conversation.memories] == [c for c in contents if c]


def test_a_placeholder_is_no_name():
    collected = {"first_name": "None", "caller_name": "Caller.", "allergies": "none"}
    assert facts(collected=collected) == {"allergies": "allergies: none"}


def test_a_memory_says_whose_it_is_and_when_it_was_said():
    conversation = derived(messages=[("agent", "Hello?"), ("user", "My bike squeaks.")])
    fact, summary, utterance = derived(
        collected={"first_name": "Ana"},
        messages=[("agent", "Hello?"), ("user", "My bike squeaks.")],
    ).memories
    started_at = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert utterance.occurred_at == started_at + timedelta(seconds=5)
    assert fact.occurred_at == summary.occurred_at == started_at
    for memory in (fact, summary, utterance):
        assert memory.caller == CALLER
        assert memory.conversation_id == conversation.id
        assert memory.agent_id == conversation.agent_id
        assert memory.decay_lambda == 0.0
    assert (fact.salience, summary.salience, utterance.salience) == (1.0, 0.9, 0.8)
    assert (fact.key, summary.key, utterance.key) == ("first_name", "", "")


@pytest.mark.parametrize("caller", ["anonymous", "", "+266696687", None])
def test_nobodys_call_has_no_memories(caller):
    conversation = derived(caller=caller)
    assert conversation.caller is None
    assert conversation.memories == ()
    assert conversation.summary


def test_a_failed_call_is_history_only():
    event = parse_event("failure", encoded(failure_payload()))
    conversation = derive(event, sha256=HASH)
    assert (conversation.kind, conversation.outcome) == ("failure", "no-answer")
    assert (conversation.direction, conversation.channel) == ("outbound", "phone")
    assert (conversation.summary, conversation.memories) == ("", ())
    assert conversation.caller == CALLER


@pytest.mark.parametrize(
    "noise",
    [
        "...",
        "…",
        "—",
        "Uh-huh.",
        "mm-hmm",
        "Mhm",
        "Hmm, uh",
        "Okay.",
        "ok ok",
        "Right",
        "Yeah.",
        "Got it.",
        "I see",
        "Genau",
        "Vale",
        "D'accord",
        "d\u2019accord",
        "Sì",
        "嗯",
    ],
)
def test_listening_noises_are_not_remembered(noise):
    assert said(("agent", "Your bike will be ready on Tuesday."), ("user", noise)) == []


@pytest.mark.parametrize(
    "answer",
    ["Yes.", "No.", "No", "Okay", "Sure", "Ja", "Sí", "Oui", "Tuesday", "7", "はい、火曜日"],
)
def test_a_short_answer_to_a_question_is_remembered(answer):
    question = "Would Tuesday suit you?"
    assert said(("agent", question), ("user", answer)) == [
        f'Caller: "{answer}" (answering: "{question}")'
    ]


def test_a_no_is_remembered_whatever_it_answers():
    assert len(said(("agent", "I will book it."), ("user", "No."))) == 1


def test_what_the_platform_calls_backchannel_is_not_remembered():
    payload = transcription_payload(messages=[("user", "Tell me more about that please")])
    payload["data"]["transcript"][0]["ignored_as_backchannel"] = True
    event = parse_event("transcription", encoded(payload))
    assert [memory.kind for memory in derive(event, sha256=HASH).memories] == ["summary"]


def test_what_the_caller_says_unasked_stands_alone():
    assert said(("user", "Hello,\n  is  anybody there")) == ['Caller: "Hello, is anybody there"']


def test_of_a_long_question_the_end_is_kept():
    (content,) = said(("agent", "word " * 200 + "or Tuesday?"), ("user", "Tuesday."))
    assert content.endswith('word word or Tuesday?")')
    assert content.startswith('Caller: "Tuesday." (answering: "…word')
    assert len(content) < 360


def test_a_long_message_becomes_several_memories_and_nothing_of_it_is_lost():
    sentences = [f"Sentence {n} tells of one thing among many others." for n in range(40)]
    message = " ".join(sentences)
    conversation = derived(messages=[("agent", "And then?"), ("user", message)], summary=None)
    contents = [memory.content for memory in conversation.memories]
    assert 3 <= len(contents) <= 5
    assert all(len(content) < 1_000 for content in contents)
    parts = [c.removeprefix('Caller: "').partition('" (answering: "And then?")') for c in contents]
    assert " ".join(part[0] for part in parts) == message
    assert [memory.id.partition("/")[2] for memory in conversation.memories][:3] == [
        "utterance/1",
        "utterance/1.002",
        "utterance/1.003",
    ]
    assert len({memory.occurred_at for memory in conversation.memories}) == 1


def test_a_message_without_end_becomes_only_so_many():
    assert len(said(("user", "blah " * 100_000))) == 200


def test_a_long_summary_becomes_several_memories_and_stays_one_summary():
    summary = " ".join(f"Sentence {n} tells of one thing among many others." for n in range(40))
    conversation = derived(summary=summary, messages=[])
    assert conversation.summary == summary
    assert " ".join(memory.content for memory in conversation.memories) == summary
    assert [memory.id.partition("/")[2] for memory in conversation.memories] == [
        "summary",
        "summary.002",
        "summary.003",
    ]


def test_an_answer_is_kept_with_all_that_the_agent_said_in_a_row():
    kept = said(
        ("agent", "Would Tuesday suit you?"),
        ("agent", "One moment, please, while I look at the whole of the calendar for you."),
        ("user", "Yes."),
        ("agent", "Fine."),
        ("user", "Okay."),
    )
    assert kept == [
        'Caller: "Yes." (answering: "Would Tuesday suit you? One moment, please, while I look at '
        'the whole of the calendar for you.")'
    ]


def test_what_a_call_promises_is_noted():
    conversation = derived(summary="Ana called. The agent promised to call back on Friday.")
    [note] = conversation.notes
    assert (note.kind, note.by, note.source) == ("commitment", "agent", "summary")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Hello, my name is Ana.", "Ana"),
        ("My name's Ana Torres, and my bike squeaks", "Ana Torres"),
        ("My name\u2019s Ana", "Ana"),
        ("MY NAME IS Ana-María O'Neil", "Ana-María O'Neil"),
        ("Guten Tag, mein Name ist Jonas Weber.", "Jonas Weber"),
        ("Hola, me llamo Lucía", "Lucía"),
        ("Bonjour, je m'appelle Zoé Martin", "Zoé Martin"),
        ("Je m\u2019appelle Élodie", "Élodie"),
        ("My name is Ana. No, my name is Anna!", "Anna"),
        ("Hi, this is Maria Lopez from Acme.", "Maria Lopez"),
        ("This is Maria Lopez From Acme", "Maria Lopez"),
        ("I'm Tom", "Tom"),
        ("Hello, I am Tom Miller, and my bike squeaks.", "Tom Miller"),
        ("I\u2019m Calling about a bike. I\u2019m Ana.", "Ana"),
        ("I'm Ana, and this is Urgent", "Ana"),
        ("My name is Ana, I'm Tom's sister. I'm Zoe", "Ana"),
        ("I already told him, my name is Ana", "Ana"),
        ("I said my name is Ana", "Ana"),
        ("I was told to call. My name is Ana", "Ana"),
        ("You asked, my name is Ana", "Ana"),
        ('He said "no problem" and my name is Ana', "Ana"),
        ("It's the kids' bike, my name is Ana", "Ana"),
    ],
)
def test_a_name_that_the_caller_states_is_a_fact(message, name):
    assert facts(messages=[("user", message)]) == {"stated_name": f"stated name: {name}"}


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Please call me Annie.", "Annie"),
        ("Everybody calls me Nana Torres", "Nana Torres"),
        ("I go by Annie, no one says Ana", "Annie"),
        ("Nennen Sie mich Jo", "Jo"),
        ("Llámeme Lucía, por favor", "Lucía"),
        ("Appelez-moi Zoé", "Zoé"),
    ],
)
def test_what_a_caller_likes_to_be_called_is_a_fact(message, name):
    assert facts(messages=[("user", message)]) == {
        "stated_preferred_name": f"stated preferred name: {name}"
    }


@pytest.mark.parametrize(
    "message",
    [
        "Please don't call me Annie",
        "Nobody calls me Annie",
        "Call me Monday",
        "Call me Tomorrow at nine",
        "call me back",
        "You can call me When it is ready",
    ],
)
def test_a_call_that_is_asked_for_is_no_name(message):
    assert facts(messages=[("user", message)]) == {}


@pytest.mark.parametrize(
    "message",
    [
        "my name is on the list",
        "My name is not important",
        "It is in my name",
        "Ana is my name",
        "my name is spelled with a k",
        "Her name is Ana",
        "The technician said 'my name is Bob', and he broke it.",
        "The technician said my name is Bob",
        "He told me: my name is Bob",
        "She said, hi, I'm Bob",
        "It read \u201cMy name is Bob\u201d on the card",
        "It read \u201edas, mein Name ist Bob\u201c",
        'On the card: "Hi, my name is Bob"',
        "And then 'hello, my name is Bob'",
        "Er meinte: mein Name ist Bob",
        "El técnico dijo: me llamo Bob",
        "Il a dit : je m'appelle Bob",
        "My name is Laura's husband",
        "I'm Laura\u2019s husband",
        "I'm Calling about a bike",
        "this is Urgent",
        "I'm not Tom",
        "I am German",
        "This is Room 12",
        "I am tom",
        "This is Monday",
        "Is this Ana?",
    ],
)
def test_what_is_not_plainly_a_name_is_no_fact(message):
    assert facts(messages=[("user", message)]) == {}


def test_what_is_said_late_in_a_call_introduces_nobody():
    late = [("user", "Hello?"), ("agent", "Yes?"), ("user", "My bike"), ("user", "I'm Tom")]
    assert facts(messages=late) == {}
    assert facts(messages=late[2:]) == {"stated_name": "stated name: Tom"}
    called = [("user", "My name is Laura's husband, call me Mike")]
    assert facts(messages=called) == {"stated_preferred_name": "stated preferred name: Mike"}
    told = [("user", "The technician said: call me Bob")]
    assert facts(messages=told) == {}


def test_only_the_caller_can_state_the_callers_name():
    assert facts(messages=[("agent", "My name is Nora.")]) == {}


def test_the_name_stated_last_counts():
    messages = [("user", "My name is Ana"), ("user", "Sorry, my name is Anna")]
    assert facts(messages=messages) == {"stated_name": "stated name: Anna"}


@pytest.mark.parametrize("other", ["Hello", "Ol\u00e1, caf\u00e9", "Call me tomorrow", "\u0130"])
def test_a_stated_name_is_heard_among_other_messages(other):
    messages = [("user", other), ("user", "My name is Ana, call me Annie"), ("user", other)]
    assert facts(messages=messages) == {
        "stated_name": "stated name: Ana",
        "stated_preferred_name": "stated preferred name: Annie",
    }


@pytest.mark.parametrize("seconds", [7, 7.0, "7", 7.5, -1, None, True])
def test_a_message_is_dated_by_its_seconds(seconds):
    payload = transcription_payload(messages=[("user", "My bike squeaks")], summary=None)
    payload["data"]["transcript"][0]["time_in_call_secs"] = seconds
    event = parse_event("transcription", encoded(payload))
    [memory] = derive(event, sha256=HASH).memories
    after = {7.5: 7.5, -1: 0, None: 0, True: 0}.get(seconds, 7)
    assert memory.occurred_at == event.started_at + timedelta(seconds=after)


def test_our_own_dynamic_variables_never_become_facts():
    payload = transcription_payload()
    variables = payload["data"]["conversation_initiation_client_data"]["dynamic_variables"]
    variables |= {"user_name": "Ana", "caller_preferences": "tea"}
    event = parse_event("transcription", encoded(payload))
    assert not [m for m in derive(event, sha256=HASH).memories if m.kind == "fact"]


def test_odd_fact_names_get_short_ids_that_differ():
    names = ["color", "Color", "favourite colour", "favourite/colour", "x" * 200, "x" * 201, "é"]
    conversation = derived(collected=dict.fromkeys(names, "v"))
    ids = [memory.id for memory in conversation.memories if memory.kind == "fact"]
    assert len(set(ids)) == len(names)
    assert all(len(id_) < 120 and id_.isascii() and " " not in id_ for id_ in ids)
    assert any(id_.endswith("/fact/color") for id_ in ids)


@pytest.mark.parametrize(
    "message",
    [
        *("Call me ASAP, please.", "Please call me OK?", "Call me PM.", "Call me Please."),
        *("Call me Christmas Eve.", "Call me New Year's Day.", "Could you call me Mobile?"),
    ],
)
def test_what_comes_after_call_me_is_not_always_a_name(message):
    conversation = derived(messages=[("user", message)], summary=None)
    assert [memory.key for memory in conversation.memories if memory.kind == "fact"] == []


def test_a_name_ends_where_the_sentence_goes_on():
    said = [("user", "My name is Ana And I need help")]
    (fact,) = [m for m in derived(messages=said, summary=None).memories if m.kind == "fact"]
    assert fact.content == "stated name: Ana"


def test_the_words_before_a_facts_value_are_as_long_as_its_name():
    assert fact_content("user:first_name", "a: b") == "user first name: a: b"


@pytest.mark.parametrize(
    ("collected", "said", "speaker"),
    [
        ({"first_name": "Ana", "last_name": "Torres"}, "Hello.", "Ana Torres"),
        ({}, "Hello, this is Ana.", "Ana"),
        ({"name": "Ana Torres"}, "Hello, this is Bea.", "Ana Torres"),
        ({"name": "unknown"}, "Hello, this is Bea.", "Bea"),
        ({}, "Call me Annie.", ""),
        ({"city": "Rome"}, "Hello.", ""),
    ],
)
def test_who_speaks_is_who_gave_a_name_in_the_call(collected, said, speaker):
    conversation = derived(collected=collected, messages=[("user", said)])
    assert conversation.speaker == speaker


def test_of_somebody_without_a_number_no_name_is_kept():
    conversation = derived(
        caller="anonymous", collected={"name": "Ana Torres"}, messages=[("user", "This is Ana.")]
    )
    assert (conversation.caller, conversation.speaker) == (None, "")


def test_the_agents_words_do_not_decide_the_sector():
    conversation = derived(
        messages=[("agent", "How can I help you?"), ("user", "My bike squeaks")], summary=None
    )
    assert [memory.sector for memory in conversation.memories] == ["episodic"]


def whole_line(conversation):
    """The canonical dump with the version, which is derived too but is no part of the dump."""
    whole = json.loads(dump_line(conversation)) | {"version": conversation.version}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"))


def test_what_is_derived_changes_only_with_its_number():
    lines = []
    for path in sorted(SAMPLES.glob("*.json")):
        body = path.read_bytes()
        if identify(body).kind != "audio":
            event = parse_event(identify(body).kind, body)
            lines.append(whole_line(derive(event, sha256=HASH)))
    for language, promises in PROMISES.items():
        lines.append(whole_line(derived(language=language, summary=promises)))
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert (DERIVATION, digest) == PINNED, (
        "what is derived from an event has changed: raise DERIVATION in processor/derive.py, so "
        "that every memory is derived anew, and pin the new pair here"
    )


def test_the_origin_of_a_memory_is_its_ledger_and_how_it_was_derived():
    assert origin("abc", read_by=Rules(region="US")) == f"abc/{DERIVATION}.{rules()}/US"
    assert (
        origin("abc", read_by=Rules())
        == origin("abc", read_by=Rules(region=""))
        != origin("abc", read_by=Rules(region="DE"))
    )
    assert origin("", read_by=Rules(region="US")) == ""


def check_sound(payload):
    """Derive from anything that can be parsed: repeatable, ids unique, text that can be stored."""
    body = json.dumps(payload).encode()
    for kind in ("transcription", "failure"):
        try:
            event = parse_event(kind, body)
        except NotUnderstood:
            return
        conversation = derive(event, sha256=HASH)
        assert derive(parse_event(kind, body), sha256=HASH) == conversation
        ids = [memory.id for memory in conversation.memories]
        assert len(set(ids)) == len(ids)
        for memory in conversation.memories:
            assert memory.caller == conversation.caller
            assert memory.occurred_at.tzinfo is UTC
            f"{memory.id} {memory.content} {memory.key}".encode()


@given(mutated(transcription_payload(turns=4, collected={"first_name": "Ana"})))
def test_anything_that_can_be_parsed_can_be_derived(payload):
    check_sound(payload)


@given(json_values, json_values)
def test_anything_at_all_in_the_right_places_can_be_derived(one, two):
    item = {"role": "user", "message": one, "time_in_call_secs": two}
    phone_call = {"external_number": CALLER, "direction": two}
    check_sound(
        {
            "data": {
                "conversation_id": one,
                "transcript": [item, {"role": "user", "message": two}, one],
                "metadata": {"phone_call": phone_call, "start_time_unix_secs": one},
                "analysis": {"data_collection_results": one, "transcript_summary": two},
            },
            "event_timestamp": one,
        }
    )
