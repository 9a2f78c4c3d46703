"""The words by which numbers are spoken, in plain lower-case letters; data only."""

# ruff: noqa: SIM905  (words in rows are easier to read than lists of strings)

from itertools import product

_ENGLISH = """
zero 0 oh 0 o 0 nought 0 naught 0 aught 0 nil 0 one 1 two 2 three 3 four 4 five 5 fife 5 six 6
seven 7 eight 8 nine 9 niner 9 ten 10 eleven 11 twelve 12 thirteen 13 fourteen 14 fifteen 15
sixteen 16 seventeen 17 eighteen 18 nineteen 19 twenty 20 thirty 30 forty 40 fourty 40 fifty 50
sixty 60 seventy 70 eighty 80 ninety 90
"""
_GERMAN = """
null 0 eins 1 zwei 2 zwo 2 drei 3 vier 4 funf 5 fuenf 5 sechs 6 sieben 7 acht 8 neun 9 zehn 10
elf 11 zwolf 12 zwoelf 12 dreizehn 13 vierzehn 14 funfzehn 15 fuenfzehn 15 sechzehn 16 siebzehn 17
achtzehn 18 neunzehn 19 zwanzig 20 dreissig 30 dreisig 30 vierzig 40 funfzig 50 fuenfzig 50
sechzig 60 siebzig 70 achtzig 80 neunzig 90
"""
_SPANISH = """
cero 0 uno 1 dos 2 tres 3 cuatro 4 cinco 5 seis 6 siete 7 ocho 8 nueve 9 diez 10 once 11 doce 12
trece 13 catorce 14 quince 15 dieciseis 16 diecisiete 17 dieciocho 18 diecinueve 19 veinte 20
veintiuno 21 veintiun 21 veintidos 22 veintitres 23 veinticuatro 24 veinticinco 25 veintiseis 26
veintisiete 27 veintiocho 28 veintinueve 29 treinta 30 cuarenta 40 cincuenta 50 sesenta 60
setenta 70 ochenta 80 noventa 90 doscientos 200 trescientos 300 cuatrocientos 400 quinientos 500
seiscientos 600 setecientos 700 ochocientos 800 novecientos 900
"""
_FRENCH = """
zero 0 un 1 une 1 deux 2 trois 3 quatre 4 cinq 5 six 6 sept 7 huit 8 neuf 9 dix 10 onze 11
douze 12 treize 13 quatorze 14 quinze 15 seize 16 vingt 20 vingts 20 trente 30 quarante 40
cinquante 50 soixante 60 septante 70 huitante 80 octante 80 nonante 90
"""
_ITALIAN = """
zero 0 uno 1 due 2 tre 3 quattro 4 cinque 5 sei 6 sette 7 otto 8 nove 9 dieci 10 undici 11
dodici 12 tredici 13 quattordici 14 quindici 15 sedici 16 diciassette 17 diciotto 18
diciannove 19 venti 20 trenta 30 quaranta 40 cinquanta 50 sessanta 60 settanta 70 ottanta 80
novanta 90
"""
_PORTUGUESE = """
zero 0 dois 2 duas 2 tres 3 quatro 4 cinco 5 seis 6 meia 6 sete 7 oito 8 nove 9 dez 10
onze 11 doze 12 treze 13 quatorze 14 quinze 15 dezesseis 16 dezessete 17 dezoito 18 dezenove 19
vinte 20 trinta 30 quarenta 40 cinquenta 50 sessenta 60 setenta 70 oitenta 80 noventa 90
"""
_DUTCH = """
nul 0 een 1 twee 2 drie 3 vier 4 vijf 5 zes 6 zeven 7 acht 8 negen 9 tien 10 elf 11 twaalf 12
twintig 20 dertig 30 veertig 40 vijftig 50 zestig 60 zeventig 70 tachtig 80 negentig 90
"""
_POLISH = """
zero 0 jeden 1 dwa 2 trzy 3 cztery 4 piec 5 szesc 6 siedem 7 osiem 8 dziewiec 9 dziesiec 10
dwadziescia 20 trzydziesci 30 czterdziesci 40 piecdziesiat 50 szescdziesiat 60
siedemdziesiat 70 osiemdziesiat 80 dziewiecdziesiat 90
"""


def _table(text: str) -> dict[str, int]:
    words = text.split()
    return {word: int(value) for word, value in zip(words[::2], words[1::2], strict=True)}


def _with_compounds(table: dict[str, int], *, links: tuple[str, ...]) -> dict[str, int]:
    """Add "zweiundvierzig": the unit comes before the tens."""
    units = {word: value for word, value in table.items() if 0 < value < 10}  # noqa: PLR2004
    tens = {word: value for word, value in table.items() if value >= 20}  # noqa: PLR2004
    compounds = {
        f"{unit}{link}{ten}": units[unit] + tens[ten]
        for unit, link, ten in product(units, links, tens)
    }
    return table | compounds


LANGUAGES = (
    _table(_ENGLISH),
    _with_compounds(_table(_GERMAN) | {"ein": 1}, links=("und",)),
    _table(_SPANISH),
    _table(_FRENCH),
    _table(_ITALIAN)
    | {
        f"{ten[:-1] if unit[0] in 'uo' else ten}{unit}": value + n
        for ten, value in _table(_ITALIAN).items()
        if value >= 20  # noqa: PLR2004
        for unit, n in _table(_ITALIAN).items()
        if 0 < n < 10  # noqa: PLR2004
    },
    _table(_PORTUGUESE),
    _with_compounds(_table(_DUTCH), links=("en", "een")),
    _table(_POLISH),
)
# The articles "ein" and "een" only count inside longer words and between digits.
NUMBERS: dict[str, int] = {word: n for table in LANGUAGES for word, n in table.items()}
HUNDRED = frozenset("hundred hundert cent cents cien ciento cento honderd sto".split())
THOUSAND = frozenset("thousand tausend mil mille mila duizend tysiac".split())
TIMES = {
    "double": 2,
    "triple": 3,
    "treble": 3,
    "quadruple": 4,
    "doppel": 2,
    "doppelt": 2,
    "zweimal": 2,
    "dreimal": 3,
    "viermal": 4,
    "doble": 2,
    "dubbel": 2,
    "doppio": 2,
    "triplo": 3,
    "dobro": 2,
    "dubbele": 2,
    "doppelte": 2,
    "dreifach": 3,
}
PLURALS = {
    "zeros": 0,
    "zeroes": 0,
    "ohs": 0,
    "ones": 1,
    "twos": 2,
    "threes": 3,
    "fours": 4,
    "fives": 5,
    "sixes": 6,
    "sevens": 7,
    "eights": 8,
    "nines": 9,
    "nullen": 0,
    "einsen": 1,
    "zweien": 2,
    "dreien": 3,
    "vieren": 4,
    "ceros": 0,
    "unos": 1,
    "doses": 2,
    "treses": 3,
    "cuatros": 4,
    "zeri": 0,
}
SOUNDS_LIKE = {"to": 2, "too": 2, "for": 4, "fore": 4, "ate": 8, "won": 1, "tree": 3}
LINKS = frozenset("and und y et e en".split())
# What is said between digits, and tells nothing of its own.
FILLERS = LINKS | frozenset(
    """
    a actually after again ah ahem alright auch bueno comma coma d da dann das dash de den der die
    digit digits dot eh ehm el entonces er erm euh exactly figure followed genau goes guion
    ha hm hmm hold hyphen i is it just komma la las le les let like los luego m me mean minus mm mhm
    next now nochmal ok okay oui para period please point pues puis punkt punto right s see si
    sir slash so sorry space strich stroke still t tatsachlich that the then there tiret uh uhm um
    underscore virgule virgola wait well weiter yeah yep yes ja je also nun by you know bitte alors
    are x
    donc voila ensuite despues okej hyphens spaces first second third last followed number numbers
    nummer numero group groups block
    fourth final finally lastly danach zuerst zuletzt schliesslich erste zweite dritte vierte
    letzte primero segundo tercero cuarto ultimo ultimos finalmente abord enfin finalement premier
    deuxieme troisieme quatrieme dernier prima infine ultima primeiro depois
    """.split()
)
