"""
The phrases by which text is told that instructs an agent, a table for each language.

Another language is another table here; how a phrase is written stands in `grammar`.
"""

from voice.instruction_phrases import eastern
from voice.instruction_phrases.english import ENGLISH
from voice.instruction_phrases.german import GERMAN
from voice.instruction_phrases.grammar import Phrases
from voice.instruction_phrases.northern import ARABIC, DUTCH, POLISH, RUSSIAN
from voice.instruction_phrases.orders import ORDERS
from voice.instruction_phrases.orders_northern import (
    ORDERS_ARABIC,
    ORDERS_DUTCH,
    ORDERS_GERMAN,
    ORDERS_POLISH,
    ORDERS_RUSSIAN,
)
from voice.instruction_phrases.orders_romance import (
    ORDERS_FRENCH,
    ORDERS_ITALIAN,
    ORDERS_PORTUGUESE,
    ORDERS_SPANISH,
)
from voice.instruction_phrases.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH
from voice.instruction_phrases.turkish import TURKISH

__all__ = ["PHRASES", "eastern"]

_TABLES = (
    *(ENGLISH, GERMAN, SPANISH, FRENCH, ITALIAN, PORTUGUESE, DUTCH, POLISH, RUSSIAN, ARABIC),
    *(TURKISH, ORDERS, ORDERS_GERMAN, ORDERS_SPANISH, ORDERS_FRENCH, ORDERS_ITALIAN),
    *(ORDERS_PORTUGUESE, ORDERS_DUTCH, ORDERS_POLISH, ORDERS_RUSSIAN, ORDERS_ARABIC),
)
PHRASES = Phrases(_TABLES)
