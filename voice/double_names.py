"""First names of two words that are common: "Mary Ann" is one name, "Ana Torres" is not."""

import re
import unicodedata

_WORDS = re.compile(r"[^\W\d_]+")
# The first word: the words that make one name with it.
_PAIRS = {
    "mary": "ann anne anna jane beth kate lou ellen jo sue alice rose louise",
    "anna": "maria lena lisa sophie katharina luisa paula theresa marie",
    "ana": "maria belen isabel luisa paula sofia lucia paola cristina",
    "jose": "luis antonio carlos maria manuel miguel angel ramon francisco javier",
    "juan": "carlos jose manuel pablo antonio luis ramon diego francisco andres",
    "luis": "miguel alberto fernando angel enrique felipe carlos",
    "maria": "jose teresa elena luisa isabel fernanda eugenia cristina theresia clara",
    "carlos": "alberto eduardo manuel andres",
    "miguel": "angel",
    "jean": "paul pierre luc claude marc michel jacques louis francois baptiste philippe yves",
    "marie": "louise claire therese christine anne france laure helene luise charlotte",
    "anne": "marie sophie laure claire kathrin",
    "hans": "peter jurgen joachim dieter werner georg",
    "karl": "heinz otto",
    "klaus": "peter dieter",
    "eva": "maria",
    "gian": "luca carlo paolo franco",
    "pier": "paolo luigi",
    "billy": "joe bob jo ray",
    "bobby": "joe jo sue",
    "betty": "ann sue lou jane",
    "peggy": "sue ann",
    "sarah": "jane ann beth",
    "emma": "jane lou kate",
    "tommy": "lee joe",
    "jim": "bob",
    "joao": "pedro paulo carlos",
    "pedro": "henrique paulo",
}


def is_one_name(first: str, second: str) -> bool:
    """Tell whether these two words are one first name."""
    return _folded(second) in _PAIRS.get(_folded(first), "").split()


def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(_WORDS.findall("".join(c for c in decomposed if not unicodedata.combining(c))))
