"""
How much of what callers said a search finds, beside plain FTS5 BM25 over the same memories.

Public corpora are read from a folder that you name. They are for measuring: none is part of
this project, and their licences do not let it be. Each is used if it is there:

  locomo10.json                LoCoMo, github.com/snap-research/LoCoMo, data/; CC BY-NC 4.0
  beam/500K/1/chat.json, …     BEAM, github.com/mohammadtavakoli78/BEAM, chats/; the data set
                               card says CC BY-SA 4.0. Of each chat: chat.json, topic.json and
                               probing_questions/probing_questions.json
  longmemeval_s_cleaned.json   LongMemEval, linked from github.com/xiaowu0162/LongMemEval; MIT

LoCoMo is asked in four variants: every turn of both speakers is a memory (turns); only the
caller's are, each speaker being the caller once (caller); the published observations are
(facts); turns and observations are (both). Of BEAM and LongMemEval the user's messages are.

With --calls the conversations are played as calls instead: each session is a transcription,
signed and posted to the running program, one speaker as the caller, the other as the agent;
then its search endpoint is asked. Do not compare these figures with LLM-judged answers.

Run: uv run python -m benchmarks.recall --data FOLDER
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import chats, locomo
from benchmarks.adapter import Adapter
from benchmarks.corpora import VARIANTS, Caller, Dialogue
from benchmarks.fts5 import Fts5
from benchmarks.played import as_calls, fts5_search, http_search, post_all, share_kept, what_is_kept
from benchmarks.quality import (
    METRICS,
    WANTED,
    Answers,
    Asked,
    Search,
    ask_all,
    means,
    paired_difference,
    timed,
)
from benchmarks.server import running

OVERALL = "overall"
WITH_ADVERSARIAL = "with adversarial"


def adapter() -> Adapter:
    """Return an empty embedded memory with the two calls of an engine, for any harness."""
    return Adapter()


def corpora(folder: Path, split: str) -> Iterator[tuple[str, list[Dialogue]]]:
    """Yield the name and the dialogues of every corpus that is in the folder."""
    if (folder / locomo.FILE).is_file():
        dialogues = locomo.load(folder / locomo.FILE, split=split)
        if not dialogues:
            sys.exit(f"{folder / locomo.FILE} has no conversation of --split {split}; try another")
        yield f"LoCoMo, {split}", dialogues
    for size in sorted((folder / chats.BEAM_FOLDER).glob("*/")):
        yield f"BEAM {size.name}", chats.load_beam(size)
    if (folder / chats.LONGMEMEVAL_FILE).is_file():
        yield "LongMemEval_S", chats.load_longmemeval(folder / chats.LONGMEMEVAL_FILE)


def compare_stores(name: str, callers: Sequence[Caller], *, runs: int) -> dict[str, Any]:
    """Fill both engines, ask both, and return the report."""
    engine, peer = adapter(), Fts5()
    filled = {}
    for who, add in (("ours", engine.add), ("fts5", peer.add)):
        began = time.perf_counter()
        for caller in callers:
            add(caller.name, caller.memories)
        filled[who] = time.perf_counter() - began

    def search(caller: str, query: str) -> tuple[Sequence[frozenset[str]], float]:
        ids = engine.search(caller, query, WANTED)
        return [frozenset([each]) for each in ids], engine.seconds

    try:
        report = compare(name, callers, search, timed(peer.search), runs=runs)
    finally:
        engine.close()
        peer.close()
    sizes = [len(caller.memories) for caller in callers]
    report["filled"] = {
        "callers": len(sizes),
        "memories": sum(sizes),
        "in the median caller": statistics.median(sizes),
        "ms to store one": filled["ours"] * 1000 / sum(sizes),
        "ms with FTS5": filled["fts5"] * 1000 / sum(sizes),
    }
    return report


def compare_calls(
    name: str, dialogues: Sequence[Dialogue], *, runs: int, collect_name: bool
) -> Iterator[dict[str, Any]]:
    """Play the dialogues to the running program, ask it, and yield the reports."""
    calls = as_calls(dialogues, collect_name=collect_name)
    kept = {played.number: what_is_kept(played) for played in calls}
    peer = fts5_search(kept)
    with (
        tempfile.TemporaryDirectory(prefix="callspool-benchmark-") as folder,
        running(Path(folder).resolve(), "all-in-one") as server,
    ):
        filled = {
            "callers": len(calls),
            "calls": sum(len(played.payloads) for played in calls),
            "s until all were in memory": post_all(server, calls),
        }
        for what, own in (("the caller said", True), ("either said", False)):
            if not own and all(played.own == played.questions for played in calls):
                break  # nothing else is asked
            callers = [played.asked(own=own) for played in calls]
            neutral: list[str] = []
            search = http_search(server, calls, neutral)
            report = compare(f"{name}, evidence that {what}", callers, search, peer, runs=runs)
            report["timed"] = "HTTP request"
            if neutral:  # why, is in the program's log
                print((server.folder / "log").read_text("utf-8")[-2000:], file=sys.stderr)
            share = share_kept(calls, kept, own=own)
            more = {"neutral answers": len(neutral), "of the evidence in memory": share}
            report["filled"] = filled | more
            yield report


def compare(
    name: str, callers: Sequence[Caller], ours: Search, theirs: Search, *, runs: int
) -> dict[str, Any]:
    """Ask both engines every question, and return what they found, by category."""
    our, their = ask_all(ours, callers, runs=runs), ask_all(theirs, callers, runs=runs)
    rows = [_row(group, our, their) for group in _groups(our.asked)]
    return {
        "name": name,
        "rows": rows,
        "timed": "search",
        "ours ms": {"p50": our.p50_ms, "p99": our.p99_ms},
        "fts5 ms": {"p50": their.p50_ms, "p99": their.p99_ms},
    }


def _groups(asked: Sequence[Asked]) -> list[tuple[str, frozenset[str]]]:
    categories = sorted({each.category for each in asked})
    groups = [(each, frozenset([each])) for each in categories]
    groups.append((OVERALL, frozenset(categories) - {locomo.ADVERSARIAL}))
    if locomo.ADVERSARIAL in categories:
        groups.append((WITH_ADVERSARIAL, frozenset(categories)))
    return groups


def _row(group: tuple[str, frozenset[str]], our: Answers, their: Answers) -> dict[str, Any]:
    title, categories = group
    ours = [each for each in our.asked if each.category in categories]
    theirs = [each for each in their.asked if each.category in categories]
    gain = paired_difference(ours, theirs)
    return {
        "category": title,
        "questions": len(ours),
        "ours": means(ours),
        "fts5": means(theirs),
        "recall@10 gained": [gain.mean, gain.low, gain.high],
    }


def show(report: dict[str, Any]) -> None:
    """Print a report as a table: in each column our figure, then the peer's."""
    filled = ", ".join(f"{round(value, 3):g} {what}" for what, value in report["filled"].items())
    print(f"\n{report['name']}: {filled}")
    heads = "".join(f"{metric:>14}" for metric in METRICS)
    print(f"{'ours, then FTS5 BM25':25} {'n':>5}{heads}   recall@10 gained [95 %]")
    for row in report["rows"]:
        pairs = "".join(f"   {row['ours'][m]:.3f} {row['fts5'][m]:.3f}"[:14] for m in METRICS)
        mean, low, high = row["recall@10 gained"]
        print(
            f"{row['category']:25} {row['questions']:5}{pairs}   {mean:+.3f} [{low:+.3f}, {high:+.3f}]"
        )
    for at, ours in report["ours ms"].items():
        print(
            f"{report['timed']} {at} {ours:.2f} ms, FTS5 in this process {report['fts5 ms'][at]:.2f} ms"
        )


def reports(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a report on every corpus and variant that is there."""
    for name, dialogues in corpora(options.data, options.split):
        if options.calls:
            yield from compare_calls(
                f"{name}, played as calls", dialogues, runs=options.runs,
                collect_name=options.collect_name,
            )  # fmt: skip
            continue
        has_two_sides = len(dialogues[0].callers) > 1
        for variant in options.variants:
            if variant != "caller" and not has_two_sides:
                continue  # an assistant's answers are no memories, and facts there are none
            callers = [each for dialogue in dialogues for each in VARIANTS[variant](dialogue)]
            asked = [caller for caller in callers if caller.questions]
            yield compare_stores(f"{name}, {variant}", asked, runs=options.runs)


def main() -> None:
    """Print quality by category and latency, a table for each corpus and variant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of the corpora")
    parser.add_argument(
        "--split", choices=("tune", "test", "all"), default="test",
        help="of LoCoMo: the three conversations that settings may be chosen on, the others, all",
    )  # fmt: skip
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--calls", action="store_true", help="play the conversations as calls")
    parser.add_argument(
        "--collect-name", action="store_true", help="with --calls: each call has collected the name"
    )
    parser.add_argument("--runs", type=int, default=3, help="of which latency is the median")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = []
    for report in reports(options):
        found.append(report)
        if not options.json:
            show(report)
    if not found:
        sys.exit(f"there is no corpus in {options.data}; --help says where to get them")
    if options.json:
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
