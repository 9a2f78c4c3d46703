"""
The phrases by which text is told that instructs an agent, a table for each language.

Another language is another table here; how a phrase is written stands in `grammar`.
"""

from voice.instruction_phrases import eastern
from voice.instruction_phrases.english import ENGLISH
from voice.instruction_phrases.german import GERMAN
from voice.instruction_phrases.grammar import Phrases
from voice.instruction_phrases.northern import ARABIC, DUTCH, POLISH, RUSSIAN
from voice.instruction_phrases.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH

__all__ = ["PHRASES", "eastern"]

_TABLES = (ENGLISH, GERMAN, SPANISH, FRENCH, ITALIAN, PORTUGUESE, DUTCH, POLISH, RUSSIAN, ARABIC)
PHRASES = Phrases(_TABLES)
