"""What limits are counted by, and how: addresses, token buckets, and who may upload next."""

import json
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.assembly.options import receiver_options
from receiver.limits.address import NOBODY, client_of, parse
from receiver.limits.admission import PLACES, Ask, next_admitted
from receiver.limits.limiter import Limits
from receiver.limits.token_bucket import Buckets, Debts
from settings import Settings
from voice.document import MAX_DEPTH, check_depth, read_object
from voice.errors import TooDeep
from voice.webhook_addresses import PUBLISHED

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # nobody's word
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the client's own invention
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.9.9.9", "203.0.113.9"),  # two proxies of ours
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # a client among the proxies
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9,,", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("::1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "", "fe80::1"),
    ],
)
def test_only_what_a_trusted_proxy_adds_is_believed(peer, forwarded, address):
    assert client_of(peer, forwarded, PROXIES).address == ip_address(address)


def test_nothing_is_believed_where_no_proxy_is_trusted():
    assert client_of("10.0.0.1", "203.0.113.9", ()).key == "10.0.0.1"
    assert client_of("", "203.0.113.9", PROXIES) == NOBODY
    assert not NOBODY.is_in([ip_network("0.0.0.0/0")])


def test_a_network_of_ipv6_is_one_client():
    one, same, other = (
        client_of(peer, "", PROXIES).key
        for peer in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")
    )
    assert one == same != other


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_gives_some_client(peer, forwarded):
    client = client_of(peer, forwarded, (ip_network("0.0.0.0/0"), ip_network("::/0")))
    assert client.key
    assert client.address is None or parse(str(client.address)) == client.address


def test_a_bucket_gives_a_burst_and_then_the_rate():
    buckets = Buckets()

    def take(now):
        return buckets.take("a", now=now, per_second=2, burst=4)

    assert [take(0.0) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert take(0.4) == pytest.approx(0.1)
    assert take(0.5) == 0
    assert take(0.5) == 0.5
    assert [take(100.0) for _ in range(5)] == [0, 0, 0, 0, 0.5]  # no more than the burst is saved


def test_a_token_given_back_is_there_again_but_never_more_than_the_burst():
    buckets = Buckets()
    terms = {"per_second": 1, "burst": 1}
    assert buckets.take("a", now=0.0, **terms) == 0
    assert buckets.wait("a", now=0.0, **terms) == 1.0
    buckets.give_back("a")
    assert buckets.wait("a", now=0.0, **terms) == 0
    buckets.give_back("a")
    buckets.give_back("nobody")
    assert [buckets.take("a", now=0.0, **terms) for _ in range(2)] == [0, 1.0]


def test_a_clock_that_goes_back_gives_nothing_away():
    buckets = Buckets()
    assert buckets.take("a", now=10.0, per_second=1, burst=1) == 0
    assert buckets.take("a", now=5.0, per_second=1, burst=1) == 1.0
    assert buckets.take("a", now=6.0, per_second=1, burst=1) == 0


def test_however_many_ask_only_the_latest_are_remembered():
    buckets, debts = Buckets(max_keys=3), Debts(per_second=1, max_keys=3)
    for key in range(10):
        buckets.take(key, now=0.0, per_second=1, burst=1)
        debts.add(key, 5, now=0.0)
    assert len(buckets) == 3
    assert buckets.wait(9, now=0.0, per_second=1, burst=1) == 1.0
    assert debts.owed(9, now=2.0) == 3
    assert debts.owed(9, now=20.0) == debts.owed(0, now=0.0) == 0


def ask(key, *, number=0, size=10, is_proven=False):
    return Ask(key=key, size=size, is_proven=is_proven, number=number)


def admitted(waiting, *, budget=1000, owed=None):
    """Return the keys in the order in which they are let in."""
    waiting, running = list(waiting), []
    while found := next_admitted(
        waiting, running, budget_bytes=budget, owed=lambda key: (owed or {}).get(key, 0)
    ):
        waiting.remove(found)
        running.append(found)
    return [each.key for each in running]


def test_half_of_the_places_is_kept_for_proven_addresses():
    strangers = [ask(f"stranger {number}", number=number) for number in range(20)]
    assert admitted(strangers) == [f"stranger {number}" for number in range(PLACES // 2)]
    known = [ask(f"known {number}", number=99 + number, is_proven=True) for number in range(20)]
    assert admitted([*strangers, *known]) == [f"known {number}" for number in range(PLACES)]


def test_one_address_gets_half_of_what_it_could_have():
    assert admitted([ask("a", number=number) for number in range(9)]) == ["a"] * (PLACES // 4)
    proven = [ask("a", number=number, is_proven=True) for number in range(9)]
    assert admitted(proven) == ["a"] * (PLACES // 2)
    assert admitted([*proven, ask("b", number=10)]).count("b") == 1


def test_who_sent_unsigned_bodies_waits_longest():
    waiting = [ask("a", number=1), ask("b", number=2), ask("a", number=3), ask("c", number=4)]
    assert admitted(waiting) == ["a", "b", "a", "c"]
    assert admitted(waiting, owed={"a": 9, "b": 5}) == ["c", "b", "a", "a"]


def test_the_bodies_under_way_keep_to_the_budget_of_disk_and_half_of_it_is_for_the_proven():
    assert admitted([ask(key, size=30) for key in "abc"], budget=100) == ["a"]
    assert admitted([ask(key, size=25) for key in "abc"], budget=100) == ["a", "b"]
    known = [ask(key, size=30, is_proven=True) for key in "abcd"]
    assert admitted(known, budget=100) == ["a", "b", "c"]
    # Nothing would ever let it in if not this.
    assert admitted([ask("a", size=100), ask("b", size=1, number=1)], budget=100) == ["a"]


def test_a_large_one_is_not_overtaken_for_ever_by_smaller_ones():
    first = ask("a", size=60, is_proven=True)
    large = ask("b", size=60, number=1, is_proven=True)
    small = ask("c", size=10, number=2, is_proven=True)
    assert admitted([first, large, small], budget=100) == ["a"]


def test_an_address_is_proven_by_a_signature_for_a_day_or_by_what_the_platform_publishes():
    now = [0.0]
    limits = Limits(clock=lambda: now[0])
    stranger = client_of("203.0.113.9", "", ())
    assert limits.is_proven(client_of(str(PUBLISHED[0][0]), "", ()))
    assert not limits.is_proven(stranger)
    limits.prove(stranger)
    assert limits.is_proven(stranger)
    now[0] = 25 * 3600.0
    assert not limits.is_proven(stranger)


def test_the_platforms_addresses_and_networks_of_ones_own_can_be_allowed_together():
    options = receiver_options(Settings(allow_from="elevenlabs, 192.0.2.0/24"))
    assert options.allow_from == (*PUBLISHED, ip_network("192.0.2.0/24"))
    assert receiver_options(Settings(allow_from="anyone")).allow_from is None
    assert receiver_options(Settings(allow_from="192.0.2.7")).allow_from == (
        ip_network("192.0.2.7/32"),
    )


def test_the_settings_of_limits_reach_the_receiver():
    options = receiver_options(
        Settings(limit_per_address=7, limit_per_caller=8, upload_budget_mb=16)
    )
    assert (options.limit_per_address, options.limit_per_caller) == (7, 8)
    assert options.upload_budget_bytes == 16 * 1024 * 1024
    assert ip_network("127.0.0.0/8") in options.trusted_proxies


def nested(levels):
    value = ']}[{\\"[' if levels % 2 else 7
    for level in range(levels):
        value = [value, {}, []] if level % 2 else {"[": value, "{": '"'}
    return json.dumps(value).encode()


@pytest.mark.parametrize("levels", [0, 1, 63, 64])
def test_json_of_64_levels_is_read(levels):
    check_depth(nested(levels))
    check_depth(b"[" + b",".join([nested(10)] * 200) + b"]")


@pytest.mark.parametrize("levels", [65, 66, 500])
def test_json_of_more_levels_is_too_deep(levels):
    with pytest.raises(TooDeep, match="64"):
        check_depth(nested(levels))
    with pytest.raises(TooDeep):
        read_object(b'{"a":' + nested(levels) + b"}", max_depth=MAX_DEPTH)


def depth(value):
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, items), default=0)
    return 0


json_values = st.recursive(
    st.text(alphabet='[]{}"\\a', max_size=6) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)


@given(json_values, st.integers(1, 4))
def test_the_depth_that_is_counted_is_the_depth_that_there_is(value, most):
    body = json.dumps(value).encode()
    if depth(value) <= most:
        check_depth(body, max_depth=most)
    else:
        with pytest.raises(TooDeep):
            check_depth(body, max_depth=most)


@given(st.binary(max_size=300))
def test_any_bytes_have_some_depth(body):
    check_depth(body * 3, max_depth=10_000)
