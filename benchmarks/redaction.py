"""
How long redaction takes: for an ordinary call, and for texts made to take it long.

An ordinary call is measured beside reading its payload, which is done for each event anyway. A
hostile text of four times the length may take four times as long; twice that is the limit, by the
medians over the runs.

Run: uv run python -m benchmarks.redaction [--runs 5]
"""

import argparse
import statistics
import time
from collections.abc import Callable

from tests.factories import encoded, transcription_payload
from voice.payload import parse_event
from voice.redaction import redact, redact_event

KINDS = ("card", "cvv", "iban", "ssn", "otp")
LIMIT = 2.0  # of the time in proportion
SHORT, LONG = 12_000, 48_000
UNITS = (
    "the brakes squeal and the chain jumps, so it goes. ",
    "I have two bikes and three cars. ",
    "4242 4242 4242 4242 ",
    "4 2 ",
    "42424242",
    "1 ",
    "forty two ",
    "double ",
    "code ",
    "code you ",
    "security code 123 is my cvv ",
    "123 is my ",
    "de 1 de 2 ",
    "d e 8 9 ",
    "DE89 3704 ",
    "DE89",
    "uh ",
    "[card number] 123 ",
    "verification code 4829 digits on the dos ",
    "vierzwo",
    "onetwo",
    "\u200b4",
    "- ",
    "123-45-6789-",
    "a1",
    "social security number ",
    "12/27 ",
    "hundred thousand ",
    "two hundert und ",
    "\n",
)


def seconds(work: Callable[[], object], *, runs: int) -> float:
    """Return the median time that `work` takes, of this process alone."""
    found = []
    for _ in range(runs):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return statistics.median(found)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    body = encoded(transcription_payload(turns=20))
    event = parse_event("transcription", body)
    read = seconds(lambda: parse_event("transcription", body), runs=20 * runs)
    redacted = seconds(lambda: redact_event(event, KINDS), runs=20 * runs)
    print(f"a call of 20 turns: read in {read * 1e6:.0f} us, redacted in {redacted * 1e6:.0f} us")
    worst = 0.0
    for unit in UNITS:
        short, long = ((unit * (size // len(unit) + 1))[:size] for size in (SHORT, LONG))
        took = [seconds(lambda text=text: redact(text, KINDS), runs=runs) for text in (short, long)]
        ratio = took[1] / took[0] / (LONG / SHORT)
        worst = max(worst, ratio)
        print(f"{unit!a:56} {took[1] * 1e3:8.1f} ms  {ratio:.2f} of proportion")
    print(f"worst {worst:.2f}, limit {LIMIT}: {'ok' if worst <= LIMIT else 'over'}")


if __name__ == "__main__":
    main()
