"""
The phrases by which a sector is told, a table for each language: reason → phrases.

The words are whole and in lower case; "(a|b) c" stands for "a c" and "b c", and "^" for the
beginning of the text. Another language is another table here.
"""

from processor.sector_phrases import english, english_facts, french, german, spanish
from processor.sector_phrases.misleading import NOT_MEANT

__all__ = ["NOT_MEANT", "TABLES"]

TABLES = (
    english.PHRASES,
    english_facts.PHRASES,
    german.PHRASES,
    spanish.PHRASES,
    french.PHRASES,
)
