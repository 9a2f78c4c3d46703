"""How much each signal counts in ranking. Reasons and curves: benchmarks/RECALL.md."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The constants of ranking; the defaults are what is used, the rest is for measuring."""

    saturation: float = 1.0  # BM25's k1: how soon repeating a word stops helping
    length: float = 0.5  # BM25's b: how much a long memory has to hold more
    # What a word counts in the neighbourhood of a memory, where 1 is in the memory itself.
    answered: float = 0.6  # in the question of the other side that it answers
    before: float = 0.4  # in another line of the other side that it follows
    after: float = 0.2  # in the line of the other side that follows it
    near: float = 0.15  # in what the same person said one or two memories before or after
    exchange: float = 0.2  # all through the exchange, by density
    stands_alone: float = 60.0  # words: the neighbourhood of a longer memory counts less
    # What a word of the question counts, where 1 is a word with content.
    stop: float = 0.2
    near_synonym: float = 0.2
    look_alike: float = 0.6  # times the likeness
    # Factors on the sum.
    speaker: float = 0.8  # more for what was said by whom the question names
    date: float = 0.5  # more for what was said when the question says
    exact_date: float = 1.0  # the same, where the question names one call, day or week
    question: float = 0.2  # less for what was only asked
    newest: float = 1.0  # more for the newest of what answers a question about now
    present: float = 0.5  # the same, where only the tense of the question says now
    superseded: float = 0.3  # less for a fact that has a newer value
    # What being said at the named time counts, where 1 is a rare word: enough to find something
    # where no word does ("what was the last call about?"), too little to outweigh words.
    time_alone: float = 0.3
    exact_time_alone: float = 1.5
    # The share of meaning in the whole, where vectors are there, and what neighbours share of it.
    meaning: float = 0.4
    meaning_spread: float = 0.15
    meaning_alone: float = 0.6  # of the best, from which on it is found without a common word


WEIGHTS = Weights()
