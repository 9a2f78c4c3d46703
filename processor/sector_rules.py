"""
The cues by which a text's sector is told: what speaks for which sector, and how much.

Each cue counts once, however many of its phrases are there. The weights keep an order: an insight
outweighs a feeling, a feeling a question how, that a time; and no single weak cue outweighs that
the words were said in a call. Only several cues of one sector together turn the order round.
"""

import re
from itertools import product
from typing import NamedTuple

from memory.port import Sector
from processor.sector_phrases import NOT_MEANT, TABLES


class Cue(NamedTuple):
    """What speaks for a sector, and how much. Its reason names its phrases in the tables."""

    sector: Sector
    weight: int
    reason: str


CUES = (
    Cue("reflective", 16, "an insight"),
    Cue("reflective", 14, "a look back"),
    Cue("reflective", 6, "an impression"),
    Cue("reflective", 3, "a rule from cases"),
    Cue("emotional", 12, "a bad feeling"),
    Cue("emotional", 12, "a feeling"),
    Cue("emotional", 6, "praise or blame"),
    Cue("procedural", 7, "how it is done"),
    Cue("procedural", 5, "a routine"),
    Cue("procedural", 3, "an instruction"),
    Cue("procedural", 2, "a sequence"),
    Cue("procedural", 4, "a step"),
    Cue("procedural", 2, "a habit"),
    Cue("episodic", 3, "a time"),
    Cue("episodic", 2, "something that happened"),
    Cue("episodic", 1, "the past"),
    Cue("episodic", 2, "a request or plan"),
    Cue("episodic", 2, "how it is now"),
    Cue("episodic", 1, "in progress"),
    Cue("semantic", 4, "a lasting fact"),
    Cue("semantic", 5, "a question of fact"),
    Cue("semantic", 3, "a rule or a price"),
    Cue("semantic", 1, "an attribute"),
    Cue("semantic", 2, "a state"),
)
# Of two sectors with the same sum, the one named first wins.
SECTORS: tuple[Sector, ...] = ("reflective", "emotional", "procedural", "episodic", "semantic")
# How words end that tell what happened or goes on, in English, French and Spanish.
ENDINGS = (("ed", "the past"), ("é", "the past"), ("ó", "the past"), ("ing", "in progress"))
SAID_IN_A_CALL = 1  # speaks for episodic in every utterance
FACT_BAR = 6  # a fact is semantic, unless this much speaks for a feeling or for steps

# Put together, the beginning of an instruction: "then hold", "and wait".
_STEP_LEADS = "(^|then|and|just|never|always|you|don't|do not|first)"
_STEP_VERBS = """
    add, apply, ask, attach, back up, bake, boil, breathe, bring it, check, choose, clean, click,
    close, connect, count, cover, cut, dial, drain, drop, dry, enter, fasten, feed, fill, fold,
    follow, freeze, give, go, hang, heat, hit, hold, inject, insert, iron, keep, knock, label,
    leave, let, lift, load, lock, log, look for, loosen, make, measure, mix, move, open, peel,
    pick, place, plant, plug, pour, press, print, pull, push, put, remove, repeat, ring, rinse,
    roll, run, save, scan, screw, select, send, set, shake, sign, slice, slide, sort, spray,
    squeeze, stand, start, stick, stop, store, swallow, swipe, switch, sync, take, tap, text, tie,
    tighten, tip, turn, type, unload, unlock, update, upload, use, wait, walk, wash, weigh, wipe,
    wrap, write
"""
# A feeling that is denied, and a date that only dates a fact or belongs to a routine.
_DENIED = "(not|not that i'm|not really|no longer|nicht|nicht mehr|no estoy|pas)"
_DATING = "(since|every|each|seit|depuis|desde)"

_CHOICE = re.compile(r"\(([^)]*)\)")


def phrases_of(reason: str) -> list[str]:
    """Return the phrases of a cue in every language."""
    found = [phrase for table in TABLES for phrase in _phrases(table.get(reason, ""))]
    if reason == "a step":
        found += _put_together(_STEP_LEADS, _phrases(_STEP_VERBS))
    if reason == "a habit":
        found += _put_together("(i|we)", _phrases(_STEP_VERBS))
    return found


def misleading() -> list[str]:
    """Return the phrases in which a shorter one does not mean what its cue says."""
    denied = _put_together(_DENIED, phrases_of("a bad feeling"))
    dating = set(_put_together(_DATING, phrases_of("a time"))) - set(phrases_of("a routine"))
    return [*_phrases(NOT_MEANT), *denied, *sorted(dating)]


def _put_together(leads: str, phrases: list[str]) -> list[str]:
    expanded = _expand(leads)
    return [f"{lead} {phrase}" for phrase in phrases for lead in expanded]


def _phrases(table: str) -> list[str]:
    return [found for entry in table.split(",") if entry.strip() for found in _expand(entry)]


def _expand(entry: str) -> list[str]:
    """Return what an entry stands for: "(a|b) c" for "a c" and "b c"."""
    entry = " ".join(entry.split())
    if "(" not in entry:
        return [entry]
    parts = _CHOICE.split(entry)  # plain, choices, plain, …
    options = [part.split("|") if place % 2 else [part] for place, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*options)]
