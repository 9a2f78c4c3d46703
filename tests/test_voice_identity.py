"""Whose call it is, in every spelling and on every channel; and who is nobody."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import AGENT_LINE, transcription_payload
from tests.json_values import json_values, mutated
from voice.identity import (
    caller_at_initiation,
    caller_of_call,
    caller_of_search,
    mask,
    messaging_key,
    phone_key,
    web_key,
)

CALLER = "+15550100142"


@pytest.mark.parametrize(
    "spelling",
    [
        "+15550100142",
        " +1 (555) 010-0142 ",
        "+1.555.010.0142",
        "+1\u2011555\u20110100142",
        "+1/5550100142",
        "+1\u00a0555\u00a00100142",
        "0015550100142",
        "01115550100142",
        "tel:+1-555-010-0142",
        "tel:+15550100142;phone-context=example.com",
        "sip:+15550100142@trunk.example:5060;user=phone",
        "SIPS:%2B15550100142@trunk.example",
        "sip:+15550100142:secret@trunk.example",
        "sip:+15550100142;npdi@trunk.example",
        "+15550100142@trunk.example",
        '"Ana Torres" <sip:+15550100142@trunk.example>;tag=1',
        "<+15550100142>",
    ],
)
def test_one_number_has_one_key(spelling):
    assert phone_key(spelling.removesuffix(";tag=1")) == CALLER


def test_a_trunk_zero_in_brackets_is_no_digit_of_the_number():
    assert phone_key("+44 (0)20 7946 0018") == "+442079460018"


WITHHELD = """
    anonymous | Anonymous | +anonymous | ANONYMOUS CALLER | unknown | Unknown Caller | restricted
    | Restricted | unavailable | not available | private | Private Number | blocked | withheld
    | No Caller ID | none | null | undefined | N/A | sip:anonymous@anonymous.invalid
    | Anonymous <sip:anonymous@anonymous.invalid> | "Anonymous" <sip:+15550100142@trunk.example>
    | +266696687 | 266696687 | +7378742833 | 7378742833 | +2562533 | 2562533 | +8656696 | 8656696
    | +86282452253 | 86282452253 | +464 | 464 | +0000000 | 0 | | +
"""
NO_NUMBER = ["alice", "+15550100142 ext. 7", "+1555O100142", "9" * 400, "\uff11" * 11]
NO_TEXT = [None, True, [CALLER], -5]


@pytest.mark.parametrize("number", [*map(str.strip, WITHHELD.split("|")), *NO_NUMBER, *NO_TEXT])
def test_a_withheld_number_is_nobody(number):
    assert phone_key(number) is None
    assert phone_key(number, region="US") is None


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("15550100142", "line:15550100142"),
        (15550100142, "line:15550100142"),
        ("(555) 010-0142", "line:5550100142"),
        ("1001", "line:1001"),
        ("sip:1001@pbx.example", "line:1001"),
        ("+1001", "line:1001"),
        ("+015550100142", "line:015550100142"),
        ("0112345678", "line:0112345678"),
    ],
)
def test_without_a_country_a_number_is_kept_apart(number, key):
    assert phone_key(number) == key


@pytest.mark.parametrize(
    ("number", "region", "key"),
    [
        ("(212) 555-0142", "US", "+12125550142"),
        ("1 212 555 0142", "US", "+12125550142"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("1001", "US", "line:1001"),
        ("5550142", "US", "line:5550142"),
        ("2125550142", "XX", "line:2125550142"),
        ("+442079460018", "US", "+442079460018"),
    ],
)
def test_with_a_region_a_national_number_gets_its_country(number, region, key):
    assert phone_key(number, region=region) == key


@pytest.mark.parametrize(
    ("user", "key"),
    [
        ("15550100142", CALLER),
        ("+15550100142", CALLER),
        (15550100142, CALLER),
        ("US.1349", "whatsapp:US.1349"),
        ("unknown", None),
        ("266696687", None),
        ("", None),
    ],
)
def test_a_whatsapp_number_is_a_phone_number(user, key):
    assert messaging_key(user) == key


@pytest.mark.parametrize(
    ("user", "key"),
    [
        ("member-2291", "web:member-2291"),
        (CALLER, f"web:{CALLER}"),
        (2291, "web:2291"),
        ("", None),
        ("\u200b", None),
        ("anonymous", None),
        ("undefined", None),
        ("Guest", None),
        (None, None),
        ({}, None),
    ],
)
def test_a_browsers_user_id_can_never_be_a_phone_number(user, key):
    assert web_key(user) == key


def test_on_an_outbound_call_the_human_is_the_one_called():
    key = caller_at_initiation(AGENT_LINE, CALLER, caller_is_agent_line=True, call_sid="CA1")
    assert key == CALLER
    key = caller_at_initiation(CALLER, AGENT_LINE, caller_is_agent_line=False, call_sid="CA1")
    assert key == CALLER


def test_an_empty_call_sid_means_whatsapp():
    key = caller_at_initiation(
        "15550100142", "104550100900", caller_is_agent_line=False, call_sid=""
    )
    assert key == CALLER


def test_a_search_asks_for_the_phone_number_first():
    assert caller_of_search(CALLER, "member-2291") == CALLER
    assert caller_of_search("", "member-2291") == "web:member-2291"
    assert caller_of_search(None, "member-2291") == "web:member-2291"
    assert caller_of_search("anonymous", "member-2291") is None
    assert caller_of_search(None, None) is None


def data_of(**fields):
    return transcription_payload(**fields)["data"]


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_the_external_number_is_the_human_in_both_directions(direction):
    parties = caller_of_call(data_of(direction=direction))
    assert (parties.caller, parties.direction) == (CALLER, direction)
    assert (parties.channel, parties.agent_line) == ("phone", AGENT_LINE)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_without_an_external_number_the_direction_says_who_the_human_is(direction):
    data = data_of(direction=direction)
    del data["metadata"]["phone_call"]["external_number"]
    del data["metadata"]["phone_call"]["agent_number"]
    parties = caller_of_call(data)
    assert (parties.caller, parties.agent_line) == (CALLER, AGENT_LINE)


def test_without_a_direction_no_humans_number_is_taken_for_an_agents():
    data = data_of(direction="outbound")
    del data["metadata"]["phone_call"]
    assert caller_of_call(data).agent_line == ""
    data["metadata"]["phone_call"] = {"external_number": CALLER}
    assert caller_of_call(data).agent_line == ""


@pytest.mark.parametrize("number", ["", "anonymous", "+266696687"])
def test_a_withheld_call_is_nobodys_even_with_a_user_id(number):
    parties = caller_of_call(data_of(caller=number, user_id="member-2291"))
    assert (parties.caller, parties.channel) == (None, "phone")


def test_on_the_web_the_user_id_counts():
    parties = caller_of_call(data_of(caller=None, user_id="member-2291"))
    assert (parties.caller, parties.channel) == ("web:member-2291", "web")


def test_on_the_web_a_dynamic_variable_may_carry_the_user_id():
    data = data_of(caller=None)
    data["conversation_initiation_client_data"]["dynamic_variables"]["user_id"] = "member-7"
    assert caller_of_call(data).caller == "web:member-7"


def test_a_call_without_any_id_is_nobodys():
    assert caller_of_call(data_of(caller=None)).caller is None
    assert caller_of_call({}).caller is None


spaces = st.text(alphabet=" ()-./", max_size=2)
digits = st.text(string.digits, min_size=1, max_size=16)
spelled_numbers = st.builds(
    lambda prefix, groups, gap: prefix + gap.join(groups),
    st.sampled_from(["", "+", "00", "011", "sip:+", "tel:"]),
    st.lists(digits, min_size=1, max_size=3),
    spaces,
) | st.sampled_from(["anonymous", "Private", "+464", ""])


@given(number=spelled_numbers, region=st.sampled_from([None, "US", "DE"]))
def test_before_during_and_after_a_call_it_is_the_same_caller(number, region):
    data = data_of(caller=number)
    after = caller_of_call(data, region=region).caller
    before = caller_at_initiation(
        number, AGENT_LINE, caller_is_agent_line=False, call_sid="CA1", region=region
    )
    outbound = caller_at_initiation(
        AGENT_LINE, number, caller_is_agent_line=True, call_sid="CA1", region=region
    )
    during = caller_of_search(number, None, region=region)
    assert after == before == outbound == during


@given(
    st.from_regex(r"[1-9][0-9]{3,15}", fullmatch=True) | st.text(max_size=20),
    st.sampled_from(["whatsapp", "sms"]),
)
def test_before_and_after_a_message_it_is_the_same_caller(user, channel):
    field = {"whatsapp": "whatsapp_user_id", "sms": "sms_user_phone_number"}[channel]
    data = data_of(caller=None)
    data["metadata"][channel] = {"direction": "inbound", field: user}
    before = caller_at_initiation(user, "104550100900", caller_is_agent_line=False, call_sid="")
    assert caller_of_call(data).caller == before


@given(st.text(max_size=300))
def test_a_key_is_stable_and_a_users_id_stays_in_its_name_space(text):
    key = phone_key(text)
    assert key is None or key.startswith(("+", "line:"))
    if key and key.startswith("+"):
        assert phone_key(key) == key
    web = web_key(text)
    assert web is None or web.startswith("web:")


@given(json_values, json_values, json_values)
def test_any_value_has_a_key_or_none(one, two, three):
    for key in (
        phone_key(one, region="US"),
        web_key(one),
        caller_of_search(one, two),
        caller_at_initiation(one, two, caller_is_agent_line=False, call_sid=three),
        caller_at_initiation(one, two, caller_is_agent_line=True, call_sid=three),
    ):
        assert key is None or key.encode()


@given(mutated(transcription_payload(turns=1)))
def test_any_payload_has_parties(payload):
    data = payload.get("data")
    if isinstance(data, dict):
        caller_of_call(data)


@pytest.mark.parametrize(
    ("caller", "masked"),
    [
        (CALLER, "+1 *** *** 0142"),
        ("+442079460018", "+44 *** *** 0018"),
        ("+12345678", "+1 *** *** 78"),
        ("web:member-2291", "web:***91"),
        ("web:ana", "web:***"),
        ("line:1001", "line:***"),
        ("whatsapp:US.1349", "whatsapp:***49"),
        (None, "withheld"),
    ],
)
def test_a_masked_caller_cannot_be_called(caller, masked):
    assert mask(caller) == masked


def test_two_user_ids_that_differ_at_all_are_two_people():
    ids = ["ana", "ana\u200b", "\0a\u202ena", "a" * 256 + "1", "a" * 256 + "2", "a" * 256]
    keys = [web_key(each) for each in ids]
    assert len(set(keys)) == len(ids)
    assert all(len(key) < 300 and key.isprintable() for key in keys)


@pytest.mark.parametrize("shared", ["-", "N/A", "Unknown User", "unknown", " ", "\u200b", "(null)"])
def test_a_user_id_that_many_would_share_is_nobody(shared):
    assert web_key(shared) is None


@pytest.mark.parametrize("withheld", ["00464", "011464", "002562533", "+00266696687", "464"])
def test_a_withheld_number_stays_withheld_behind_a_prefix(withheld):
    assert phone_key(withheld) is None
