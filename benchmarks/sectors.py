"""
How often the rules give a memory the sector that a person gave it, beside always naming one.

The sentences and the rule for mixed cases are in tests/samples/sectors.tsv. A third of them, by
their hash, is held out: the rules are changed for mistakes in the others only.

Run: uv run python -m benchmarks.sectors [--mistakes]
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from memory.port import MemoryKind, Sector
from processor.sectors import cues_in, sector_of

SAMPLES = Path(__file__).parent.parent / "tests" / "samples" / "sectors.tsv"
SECTORS: tuple[Sector, ...] = ("episodic", "semantic", "procedural", "emotional", "reflective")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    sector: Sector
    kind: MemoryKind
    language: str
    trait: str
    text: str

    @property
    def is_held_out(self) -> bool:
        """True for the third of the sentences that the rules are not tuned to."""
        return sha256(self.text.encode()).digest()[0] % 3 == 0


Confusion = Counter[tuple[Sector, Sector]]  # how often, by (labelled, given)


def read_samples() -> list[Sample]:
    """Return the labelled sentences."""
    lines = SAMPLES.read_text("utf-8").splitlines()
    names, *rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [Sample(**dict(zip(names, row, strict=True))) for row in rows]


def confusion(samples: Iterable[Sample]) -> Confusion:
    """Return how often each sector was given to the sentences of each."""
    return Counter((sample.sector, sector_of(sample.kind, sample.text)) for sample in samples)


def accuracy(counts: Confusion, sector: Sector | None = None) -> float:
    """Return the share that is right: of one sector's sentences, or of all."""
    chosen = {pair: n for pair, n in counts.items() if sector in {None, pair[0]}}
    return sum(n for (labelled, given), n in chosen.items() if labelled == given) / sum(
        chosen.values()
    )


def matrix(counts: Confusion) -> str:
    """Return the counts as a table: a row for each label, a column for each sector given."""
    rows = [f"{'labelled, given:':18}" + "".join(f"{sector:>12}" for sector in SECTORS)]
    for labelled in SECTORS:
        given = "".join(f"{counts[labelled, sector]:12}" for sector in SECTORS)
        rows.append(f"{labelled:18}{given}")
    return "\n".join(rows)


def _print_share(title: str, samples: list[Sample]) -> None:
    print(f"{title:32}{len(samples):6}{accuracy(confusion(samples)):9.1%}")


def main() -> None:
    """Print accuracy by sector, language and trait, the held-out third and the confusion."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mistakes", action="store_true", help="list those not held out, and why")
    arguments = parser.parse_args()
    samples = read_samples()
    floor = Counter(sample.sector for sample in samples).most_common(1)[0]
    print(f"{'':32}{'n':>6}{'right':>9}")
    _print_share("all", samples)
    _print_share("held out", [sample for sample in samples if sample.is_held_out])
    print(f"{'always ' + floor[0]:32}{len(samples):6}{floor[1] / len(samples):9.1%}")
    for sector in SECTORS:
        of_sector = [sample for sample in samples if sample.sector == sector]
        _print_share(sector, of_sector)
        _print_share("  held out", [sample for sample in of_sector if sample.is_held_out])
    for name in ("kind", "language", "trait"):
        for value in dict.fromkeys(getattr(sample, name) for sample in samples):
            found = [sample for sample in samples if getattr(sample, name) == value]
            _print_share(f"{name}: {value}", found)
    print(f"\n{matrix(confusion(samples))}")
    if arguments.mistakes:
        _print_mistakes([sample for sample in samples if not sample.is_held_out])


def _print_mistakes(samples: Iterable[Sample]) -> None:
    for sample in samples:
        given = sector_of(sample.kind, sample.text)
        if given != sample.sector:
            reasons = ", ".join(f"{cue.reason} ({cue.sector})" for cue in cues_in(sample.text))
            print(f"\n{sample.sector}, given {given}: {sample.text}\n    {reasons}")


if __name__ == "__main__":
    main()
