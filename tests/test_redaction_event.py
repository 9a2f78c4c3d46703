"""Events without secrets: answers, numbers told in parts, and all texts of an event."""

import json

import pytest

from tests.factories import encoded, failure_payload, transcription_payload
from voice.payload import parse_event
from voice.redaction import redact_event

KINDS = ("card", "cvv", "iban", "ssn", "otp")
CARD, CODE, ONCE = "[card number]", "[card code]", "[one-time code]"
SSN, IBAN = "[social security number]", "[IBAN]"


def call(*messages, **options):
    """An event with these (role, message) pairs; "u" and "a" are short for the roles."""
    roles = {"u": "user", "a": "agent"}
    said = [(roles[role], message) for role, message in messages]
    payload = transcription_payload(messages=said, **{"summary": "A call.", **options})
    return parse_event("transcription", encoded(payload))


def messages_of(event):
    return [turn.message for turn in event.turns]


def redacted(*messages, **options):
    event = redact_event(call(*messages, **options), KINDS)
    assert redact_event(event, KINDS) == event
    return event


ANSWERS = [
    ("And the security code?", "It's 123.", f"It's {CODE}."),
    ("What are the three digits on the back?", "one two three", CODE),
    ("Could you read me the CVV?", "Sure, uh, nine oh seven", f"Sure, uh, {CODE}"),
    ("And the CVC please.", "1234", CODE),
    ("Wie lautet die Prüfnummer?", "Neun, null, sieben.", f"{CODE}."),
    ("¿Cuál es el código de seguridad?", "Uno, dos, tres.", f"{CODE}."),
    ("Quel est le cryptogramme ?", "C'est le neuf cent sept.", f"C'est le {CODE}."),
    ("I have sent you a verification code.", "Okay, it's 482913", f"Okay, it's {ONCE}"),
    ("What is the one-time code?", "forty-eight, twenty-nine", ONCE),
    ("Please tell me the code we texted you.", "4 8 2 9", ONCE),
    ("Nennen Sie mir bitte die TAN.", "vier acht zwei neun eins drei", ONCE),
    ("¿Me dice el código de verificación?", "cuatro ocho dos nueve", ONCE),
    ("Quel est le code de vérification ?", "quatre huit deux neuf", ONCE),
    ("What's your social security number?", "123456789", SSN),
    ("Your social, please?", "one two three four five six seven eight nine", SSN),
    ("Can I have your SSN?", "It is 123 45 6789.", f"It is {SSN}."),
]


@pytest.mark.parametrize(("question", "answer", "expected"), ANSWERS)
def test_the_answer_to_a_question_for_a_secret_is_redacted(question, answer, expected):
    event = redacted(("a", question), ("u", answer), ("a", "Thank you."))
    assert messages_of(event) == [question, expected, "Thank you."]


@pytest.mark.parametrize(("question", "answer", "expected"), ANSWERS)
def test_an_answer_may_take_its_time(question, answer, expected):
    said = [("a", question), ("u", "Hold on."), ("a", "Sure, no hurry."), ("u", answer)]
    assert messages_of(redacted(*said))[-1] == expected


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is your ZIP code?", "94107"),
        ("What is the order number?", "It's 48291."),
        ("Which room are you in?", "4242"),
        ("And your phone number?", "555-0142"),
        ("In which year was it built?", "2012"),
        ("What is the CVV?", "I do not know it, my order number is 482."),
        ("I have sent you a verification code.", "I waited for 1500 seconds."),
        ("I have sent you a verification code.", "It came at 10:30."),
    ],
)
def test_the_answer_to_another_question_stays(question, answer):
    assert messages_of(redacted(("a", question), ("u", answer))) == [question, answer]


def test_a_question_is_over_when_the_next_one_is_asked():
    event = redacted(
        ("a", "What is the security code?"),
        ("u", "123"),
        ("a", "And your ZIP code?"),
        ("u", "94107"),
        ("a", "And the order number?"),
        ("u", "4829"),
    )
    assert messages_of(event)[1::2] == [CODE, "94107", "4829"]


def test_a_card_number_told_in_parts_is_redacted_in_each():
    event = redacted(
        ("a", "Your card number, please?"),
        ("u", "Yes, it's four two four two"),
        ("a", "Go on."),
        ("u", "4242"),
        ("a", "Okay, 4242. Next?"),
        ("u", "uh, forty-two forty-two"),
        ("u", "and four two four two."),
        ("a", "Thank you, ending in 4242."),
    )
    assert messages_of(event) == [
        "Your card number, please?",
        f"Yes, it's {CARD}",
        "Go on.",
        CARD,
        "Okay, 4242. Next?",
        f"uh, {CARD}",
        f"and {CARD}.",
        "Thank you, ending in 4242.",
    ]


def test_a_card_number_told_in_parts_is_redacted_whatever_the_parts_are_called():
    event = redacted(
        ("a", "Your card number, please?"),
        ("u", "4242 is the first"),
        ("a", "Okay."),
        ("u", "then the second one, 4242"),
        ("a", "Yes."),
        ("u", "the third is 4242"),
        ("a", "And then?"),
        ("u", "and finally the last, 4242."),
    )
    assert messages_of(event)[1::2] == [
        f"{CARD} is the first",
        f"then the second one, {CARD}",
        f"the third is {CARD}",
        f"and finally the last, {CARD}.",
    ]


def test_what_the_agent_repeats_of_the_parts_is_redacted():
    event = redacted(
        ("u", "My card is three seven eight two"),
        ("a", "Three seven eight two, go on."),
        ("u", "822463"),
        ("a", "8 2 2 4 6 3, and then?"),
        ("u", "one zero zero zero five"),
        ("a", "Thank you."),
    )
    assert messages_of(event)[1::2] == [f"{CARD}, go on.", f"{CARD}, and then?", "Thank you."]


def test_numbers_that_answer_different_questions_are_not_one():
    said = [
        ("a", "Your customer number?"),
        ("u", "42424242"),
        ("a", "And your order number?"),
        ("u", "42424242"),
    ]
    assert messages_of(redacted(*said)) == [message for _, message in said]


def test_an_iban_told_in_parts_is_redacted():
    event = redacted(
        ("a", "Ihre IBAN bitte."),
        ("u", "D E acht neun, drei sieben null vier"),
        ("a", "Ja?"),
        ("u", "null null vier vier null fünf drei zwei"),
        ("a", "Weiter."),
        ("u", "null eins drei null null null"),
    )
    assert messages_of(event)[1::2] == [IBAN] * 3


def test_what_the_agent_repeats_is_redacted_too():
    event = redacted(
        ("a", "Which verification code did you get?"),
        ("u", "482913"),
        ("a", "So that is four eight two nine one three, right?"),
        ("u", "Right, 4 8 2 9 1 3."),
    )
    assert messages_of(event)[2:] == [f"So that is {ONCE}, right?", f"Right, {ONCE}."]


def test_every_text_of_a_call_is_redacted():
    payload = transcription_payload(
        messages=[("agent", "What is the code we sent?"), ("user", "482913")],
        summary="The caller paid with 4242 4242 4242 4242 and gave 482913.",
        collected={
            "card_number": "4242424242424242",
            "cvv": "123",
            "otp_code": 4829,
            "room": "424",
        },
    )
    payload["data"]["analysis"]["evaluation_criteria_results"] = {
        "paid": {"criteria_id": "paid", "result": "success", "rationale": "SSN 123-45-6789 given."}
    }
    event = redact_event(parse_event("transcription", encoded(payload)), KINDS)
    assert event.summary == f"The caller paid with {CARD} and gave {ONCE}."
    assert [item.value for item in event.collected] == [CARD, CODE, ONCE, "424"]
    assert event.evaluations[0].rationale == f"SSN {SSN} given."
    assert redact_event(event, KINDS) == event


def test_the_reason_of_a_failure_is_redacted():
    payload = failure_payload(reason="declined 4242 4242 4242 4242")
    event = parse_event("failure", json.dumps(payload).encode())
    assert redact_event(event, KINDS).reason == f"declined {CARD}"
    assert redact_event(event, ()) == event


def test_a_call_without_secrets_stays_as_it_is():
    event = parse_event("transcription", encoded(transcription_payload(turns=20)))
    assert redact_event(event, KINDS) == event


def test_a_call_without_turns_is_no_problem():
    assert redacted().turns == ()
