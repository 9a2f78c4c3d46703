"""A caller is found in a text however the number is written, and nobody else is."""

import json

import pytest

from processor.erasure.mentions import Mentions

ANA = "+15550100142"
LONDON = "+442079460018"

WRITTEN = (
    "+15550100142",
    "15550100142",
    "5550100142",
    "0015550100142",
    "01115550100142",
    "+1 555 010 0142",
    "+1 (555) 010-0142",
    "(555) 010-0142",
    "555-010-0142",
    "555.010.0142",
    "555/010/0142",
    "1-555-010-0142",
    "5 5 5 0 1 0 0 1 4 2",
    "+1\u00a0555\u00a0010\u00a00142",
    "555\u2011010\u20110142",
    "\uff15\uff15\uff15\uff10\uff11\uff10\uff10\uff11\uff14\uff12",
    "\u0665\u0665\u0665\u0660\u0661\u0660\u0660\u0661\u0664\u0662",
    "sip:+15550100142@carrier.example",
    "tel:+1-555-010-0142",
    "/webhook/x?caller_id=%2B15550100142",
    '{"caller_id":"\\u002b15550100142"}',
    '{"body":"{\\"caller_id\\":\\"\\\\u002b1 555\\\\n010 0142\\"}"}',
    "call me on 555 010 0142, please",
    "caller5550100142x",
)
NOT_HER = (
    "+15550100143",
    "555010014",
    "55501001421",
    "95550100142",
    "0142",
    "555 010",
    "conv_7401k2q9x4wfe8ntr2v0bd6s5a",
    "1790000130",
    "",
)


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_found_in_any_form(text):
    found = Mentions(callers=[ANA])
    assert found.in_text(text)
    assert found.in_bytes(text.encode())
    assert found.in_text(json.dumps({"said": text}))
    assert found.in_text(json.dumps(json.dumps({"said": f"before {text} after"})))


@pytest.mark.parametrize("text", NOT_HER)
def test_other_numbers_are_not_taken_for_it(text):
    assert not Mentions(callers=[ANA]).in_text(text)


@pytest.mark.parametrize(
    "text", ["020 7946 0018", "+44 (0)20 7946 0018", "+44 20 7946 0018", "0044 2079460018"]
)
def test_a_national_form_with_a_trunk_zero_is_found(text):
    assert Mentions(callers=[LONDON]).in_text(text)


def test_a_short_line_is_not_looked_for_by_its_digits():
    assert not Mentions(callers=["line:1001"]).in_text("room 1001")
    assert Mentions(callers=["line:12345678"]).in_text("from 1234-5678")


def test_a_user_id_counts_only_where_ids_stand():
    found = Mentions(callers=["web:ana"])
    assert found.in_text('{"user_id": "ana"}')
    assert found.in_text('{"caller":"web:ana"}')
    assert not found.in_text('{"first_name": "ana", "user_id": "banana"}')


def test_an_id_is_found_as_a_word_and_in_the_names_of_its_files():
    found = Mentions(ids=["conv_1"])
    assert found.in_text('{"conversation_id":"conv_1"}')
    assert found.in_text("conv_1/conv_1_transcription.json")
    assert found.in_text("GET /history/conv_1/audio")
    assert not found.in_text("conv_10 and conv_1x")


def test_a_second_person_of_a_line_has_no_number_of_her_own():
    assert not Mentions(callers=["+15550100142~2"]).in_text("+15550100142")


def test_of_nobody_nothing_is_found():
    assert not Mentions().in_text("+15550100142 conv_1")


def test_bytes_that_are_no_text_are_read_as_far_as_they_are():
    assert Mentions(callers=[ANA]).in_bytes(b"\xff\xfe 555-010-0142 \x80")
