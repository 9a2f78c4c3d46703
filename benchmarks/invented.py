"""
Invented calls, any number of them, the same for the same seed.

Words follow Zipf's law, as in speech: a few hundred English ones are most of what is said, and
behind them come thousands of made-up rare ones. Names, order codes, amounts, dates and e-mail
addresses are strewn in, so that no two memories are alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

from memory.content import fact_content, split_utterance, utterance_content
from memory.port import Conversation, Memory, MemoryKind


def _words(text: str) -> list[str]:
    return text.split()


MEMORIES_A_CALL = 10  # a fact, a summary, and what the caller said in eight turns

_BEGAN = datetime(2024, 1, 8, 9, 0, tzinfo=UTC)
_AGENT_LINE = "+15550100100"
_RARE_WORDS = 20_000
_COMMON_WORDS = _words("""
    the i to a and it is you that of my in was for on me with have but this be not so at they we
    can just what do if are there will from or when would about get one all up out had like know
    time go because how been an no then now some could by your has really think back want who
    need them more did work today still day going last week see over call called order again make
    only came new told after good right before help next other well phone money into never first
    two here went made house booked morning number door check paid sent got bring left letter
    bill problem weekend delivery account working started bought office friend afternoon doctor
    sister brother mother garden kitchen window repair engine invoice parcel flight ticket hotel
    insurance battery appointment refund password address holiday colleague neighbour breakfast
""")
_ONSETS = _words("b bl br c ch d dr f fl g gr h j k l m n p pl pr qu r s sh sl st t th tr v w z")
_VOWELS = _words("a e i o u ai ea ee oa ou")
_CODAS = ["", "", "", "l", "m", "n", "nd", "r", "rk", "s", "st", "t", "x"]
_FACT_KEYS = _words("""
    first_name last_name email city street order_number product callback_time preferred_day
    contract plan allergy dog_name car_model appointment complaint favourite_colour seat
""")
_MONTHS = _words("January March April May June August September October December")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Words, the frequent ones first, and the sums of their frequencies up to each."""

    words: Sequence[str]
    sums: Sequence[float]


def invent_language(random: Random) -> Language:
    """Return a vocabulary with Zipf's law."""
    rare = dict.fromkeys(invent_word(random) for _ in range(_RARE_WORDS))
    words = list(dict.fromkeys([*_COMMON_WORDS, *rare]))
    return Language(
        words=words, sums=list(accumulate(1 / rank for rank in range(2, len(words) + 2)))
    )


def invent_word(random: Random) -> str:
    """Return a word of two or three syllables that can be pronounced."""
    syllables = random.choice((2, 2, 3))
    return "".join(
        random.choice(_ONSETS) + random.choice(_VOWELS) + random.choice(_CODAS)
        for _ in range(syllables)
    )


def invent_calls(
    random: Random, language: Language, caller: str, count: int, *, first: int = 0
) -> Iterator[Conversation]:
    """Yield `count` calls of one caller, some days apart, `MEMORIES_A_CALL` memories each."""
    for number in range(first, first + count):
        at = _BEGAN + timedelta(days=number * 2.3, minutes=random.randrange(400))
        yield _call(random, language, caller, f"conv_{caller[1:]}_{number}", at)


def invent_question(random: Random, memory: Memory) -> str:
    """Return what an agent might ask to find this memory: some of its words, one misheard."""
    said, _ = split_utterance(memory.content)
    words = [word.strip('".,?') for word in said.removeprefix("Caller: ").split()]
    asked = random.sample(words, min(len(words), random.choice((2, 3, 3, 4))))
    if random.random() < 0.2 and len(asked[0]) > 4:
        asked[0] = asked[0][:2] + asked[0][3:]
    frame = random.choice(_QUESTIONS)
    return frame.format(" ".join(asked[: len(asked) // 2]), " ".join(asked[len(asked) // 2 :]))


_QUESTIONS = (
    "What did the caller say about {0} and {1}?",
    "When was {0} {1}?",
    "{0} {1}",
    "Did they mention {0} in March, or {1}?",
    "Where does the caller want {0}? Is it {1}?",
    "how many times did they ask for {0} {1}",
    "the {0} from last week, {1}",
)


def _call(
    random: Random, language: Language, caller: str, conversation_id: str, at: datetime
) -> Conversation:
    summary = f"{_sentence(random, language)} {_sentence(random, language)}"
    memories = tuple(
        Memory(
            id=f"{conversation_id}/{path}",
            caller=caller,
            conversation_id=conversation_id,
            agent_id="agent_1",
            kind=kind,
            key=path.partition("/")[2] if kind == "fact" else "",
            content=content,
            sector="semantic" if kind == "fact" else "episodic",
            salience=0.8,
            occurred_at=at + timedelta(seconds=seconds),
        )
        for seconds, (kind, path, content) in enumerate(_contents(random, language, summary))
    )
    return Conversation(
        id=conversation_id,
        kind="call",
        version=(at.timestamp(), ""),
        caller=caller,
        channel="phone",
        direction="inbound",
        agent_id="agent_1",
        agent_line=_AGENT_LINE,
        started_at=at,
        duration_secs=120.0,
        language="en",
        outcome="success",
        summary=summary,
        memories=memories,
    )


def _contents(
    random: Random, language: Language, summary: str
) -> Iterator[tuple[MemoryKind, str, str]]:
    """Yield kind, path and content of what is remembered of a call."""
    key = random.choice(_FACT_KEYS)
    yield "fact", f"fact/{key}", fact_content(key, _detail(random))
    yield "summary", "summary", summary
    for turn in range(MEMORIES_A_CALL - 2):
        asked, said = _sentence(random, language, end="?"), _sentence(random, language)
        yield "utterance", f"utterance/{2 * turn + 1}", utterance_content(said, asked)


def _sentence(random: Random, language: Language, *, end: str = ".") -> str:
    count = random.choice((5, 7, 9, 12, 16, 22))
    words = random.choices(language.words, cum_weights=language.sums, k=count)
    if random.random() < 0.4:
        words.insert(random.randrange(count), _detail(random))
    text = " ".join(words)
    return text[0].upper() + text[1:] + end


def _detail(random: Random) -> str:
    """Return a name, a code, an amount, a date or an e-mail address."""
    name = invent_word(random)
    match random.randrange(5):
        case 0:
            return f"{name.title()} {invent_word(random).title()}"
        case 1:
            return f"{name[:2].upper()}-{random.randrange(100_000):05d}-{random.choice('KLMX')}"
        case 2:
            return f"{random.randrange(5, 4000)} euros"
        case 3:
            return f"{random.randrange(1, 29)} {random.choice(_MONTHS)}"
    return f"{name}@{invent_word(random)}.example"
