"""
How much an answer may hold.

The platform refuses answers of more than 256 KiB; these bounds keep ours below 200 KB even where
each character needs twelve bytes of JSON.
"""

MAX_TEXT_CHARS = 2_000
MAX_MEMORY_CHARS = 1_000
MAX_FACT_CHARS = 500
MAX_PREVIOUS_CHARS = 120
MAX_NOTE_CHARS = 300
MAX_NAME_CHARS = 80
MAX_PREFERENCES_CHARS = 1_000
MAX_MEMORIES_BYTES = 60_000
MAX_FACTS_BYTES = 30_000
MAX_NOTES_BYTES = 12_000
MAX_UNANSWERED_BYTES = 8_000
MAX_OTHERS_BYTES = 10_000  # all people who call from the line too
MAX_OTHER_BYTES = 2_000  # the facts of each of them
MAX_OTHER_FACT_CHARS = 200
