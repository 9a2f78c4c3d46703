"""Payment card numbers, in every form in which they are written and said."""

# ruff: noqa: RUF001, E501  (such characters are what this is about; a form is one line)

import pytest

from voice.redaction import redact

CARD = "[card number]"
FORMS = [
    "4242424242424242",
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "4242.4242.4242.4242",
    "4242/4242/4242/4242",
    "4242,4242,4242,4242",
    "4242, 4242, 4242, 4242",
    "4242\u00a04242\u00a04242\u00a04242",
    "4242\u20094242\u20114242\u20134242",
    "4242\n4242\n4242\n4242",
    "4242 4242\r\n4242 4242",
    "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
    "4-2-4-2-4-2-4-2-4-2-4-2-4-2-4-2",
    "42 42 42 42 42 42 42 42",
    "424 242 424 242 424 2",
    "42424242 42424242",
    "4242 4242, sorry, 4242 and then 4242",
    "4242 4242 next 4242 last four digits are 4242",
    "４２４２ ４２４２ ４２４２ ４２４２",
    "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢",
    "४२४२ ४२४२ ४२४२ ४२४२",
    "四二四二 四二四二 四二四二 四二四二",
    "4\u200b242\u200b4242\u2060 4242 42\u00ad42",
    "4️⃣2️⃣4️⃣2️⃣ 4242 4242 4242",
    "④②④② 4242 4242 4242",
    "4242_4242_4242_4242",
    "4242 ... 4242 ... 4242 ... 4242",
    "4242) (4242) (4242) (4242",
    "4242x4242x4242x4242",
    "4242 x 4242 x 4242 x 4242",
    "4242~4242~4242~4242",
    "4242%204242%204242%204242",
    "4242%C2%A04242%C2%A04242%C2%A04242",
    "4242><4242><4242><4242",
    "4242+4242+4242+4242",
    "4242#4242#4242#4242",
    "4242|4242|4242|4242",
    "4242=4242=4242=4242",
    "3782x822463x10005",
    "4242 is the first, then 4242, then 4242 and finally 4242",
    "4242 is the first, 4242 the second, 4242 the third and lastly 4242",
    "4242 is the first four, then 4242, 4242 and the last four are 4242",
    "4242, second 4242, third 4242, fourth and final 4242",
    "4242 zuerst, dann 4242, danach 4242 und zuletzt 4242",
    "4242 primero, luego 4242, después 4242 y finalmente 4242",
    "4242 d'abord, ensuite 4242, puis 4242 et enfin 4242",
    "3782 822463 10005",
    "378282246310005",
    "5555 5555 5555 4444",
    "2223 0031 2200 3222",
    "6011 1111 1111 1117",
    "3056 930902 5904",
    "3530 1113 3330 0000",
    "6200 0000 0000 0005",
    "4222222222222",
    "4000 0000 0000 0000 006",
    "four two four two four two four two four two four two four two four two",
    "Four two four two, four two four two, four two four two, four two four two",
    "forty-two forty-two forty-two forty-two forty-two forty-two forty-two forty-two",
    "forty two, forty two, forty two, forty two, forty two, forty two, forty two, forty two",
    "four two four two dash four two four two dash four two four two dash four two four two",
    "four two, uh, four two, um, four two four two, then four two four two and four two four two",
    "double five double five double five double five double five double five double four double four",
    "five triple five five triple five five triple five four triple four",
    "quadruple five, quadruple five, quadruple five, quadruple four",
    "four fives, four fives, four fives, four fours",
    "four one one one, one one one one, triple one one, one triple one",
    "four zero one two, eight eight eight eight, eight eight eight eight, one eight eight one",
    "four oh one two eight eight eight eight eight eight eight eight one eight eight one",
    "four nought one two double eight double eight double eight double eight one double eight one",
    "4242 four two four two 4242 four two four two",
    "4 two 4 two 4 two 4 two 4 two 4 two 4 two 4 two",
    "forty-two 42 forty-two 42 4242 four two four two",
    "4O12 8888 8888 1881",
    "forty-two hundred forty-two, forty-two hundred forty-two, 4242, 4242",
    "four thousand two hundred forty-two 4242 4242 four thousand two hundred and forty-two",
    "four to four to four to four to four to four to four to four to",
    "thirty-seven eighty-two eight two two four six three one zero zero zero five",
    "fourtwofourtwo fourtwofourtwo fourtwofourtwo fourtwofourtwo",
    "vier zwei vier zwei vier zwei vier zwei vier zwei vier zwei vier zwei vier zwei",
    "vier zwo, vier zwo, vier zwo, vier zwo, vier zwo, vier zwo, vier zwo, vier zwo",
    "zweiundvierzig zweiundvierzig zweiundvierzig zweiundvierzig 42 42 42 42",
    "zwei und vierzig zwei und vierzig zwei und vierzig zwei und vierzig 4242 4242",
    "viertausendzweihundertzweiundvierzig 4242 4242 4242",
    "vierzwovierzwo vierzwovierzwo vierzwovierzwo vierzwovierzwo",
    "zweimal die fünf, doppel fünf, fünf fünf fünf fünf, fünf fünf fünf fünf, vier vier vier vier",
    "cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos",
    "cuarenta y dos cuarenta y dos cuarenta y dos cuarenta y dos 4242 4242",
    "cuatro mil doscientos cuarenta y dos, 4242, 4242, 4242",
    "cinco cinco cinco cinco, doble cinco doble cinco, 5555, doble cuatro doble cuatro",
    "quatre deux quatre deux quatre deux quatre deux quatre deux quatre deux quatre deux quatre deux",
    "quarante-deux quarante-deux quarante-deux quarante-deux 42 42 42 42",
    "quatre mille deux cent quarante-deux, quatre mille deux cent quarante-deux, 4242, 4242",
    "quatre cent vingt-quatre deux cent quarante-deux 4242 4242 42",
    "quattro due quattro due quattro due quattro due 4242 4242",
    "quatro dois quatro dois quatro dois quatro dois 4242 4242",
    "vier twee vier twee vier twee vier twee 4242 4242",
    "cztery dwa cztery dwa cztery dwa cztery dwa 4242 4242",
]
FRAMES = ["{}", "My card number is {}, thank you.", "{} is the card", "Ja, also: {}. Danke!"]


@pytest.mark.parametrize("form", FORMS)
def test_a_card_number_is_redacted_in_every_form(form):
    for frame in FRAMES:
        redacted = redact(frame.format(form), ["card"])
        assert redacted == frame.format(CARD)
        assert redact(redacted, ["card"]) == redacted


@pytest.mark.parametrize("form", FORMS)
def test_a_card_number_stays_if_that_is_not_asked_for(form):
    assert redact(form, []) == form
    assert redact(form, ["otp"]) == form


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("4242 4242 4242 4242 12/27 123", f"{CARD} 12/27 [card code]"),
        ("4242 4242 4242 4242, expires 12/27, 123", f"{CARD}, expires 12/27, [card code]"),
        ("4242424242424242 123", f"{CARD} [card code]"),
        ("two cards: 4242424242424242 and 5555555555554444", f"two cards: {CARD} and {CARD}"),
        ("4242424242424242,5555555555554444", f"{CARD},{CARD}"),
        ("call 555 0142, card 4242 4242 4242 4242", f"call 555 0142, card {CARD}"),
        ("555-0142, 4242 4242 4242 4242, 555-0142", f"555-0142, {CARD}, 555-0142"),
        ("<4242><4242><4242><4242>", f"<{CARD}>"),
        ("pan=4242%204242%204242%204242&x=1", f"pan={CARD}&x=1"),
        ("visa4242424242424242", f"visa{CARD}"),
        ("oh, four two four two 4242 4242 4242", f"oh, {CARD}"),
    ],
)
def test_what_stands_beside_a_card_number_is_told_apart(text, redacted):
    assert redact(text, ["card", "cvv"]) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4241",
        "1234 5678 9012 3456",
        "four two four two four two four two four two four two four two four one",
        "0000 0000 0000 0000",
        "my card ending in 4242",
        "the last four are four two four two",
        "double four, triple two",
        "9400 1118 9956 1234 5678 99",
        "7242 4242 4242 4240",
        "f4242424242424242a",
        "+4242424242424",
        "1920x1080x60x24 and 2048x1536x30x10",
        "4242x4242x4242x4241",
        "$4242, $4242, $4242, $4242",
        "0x4242424242424242",
    ],
)
def test_what_is_no_card_number_stays(text):
    assert redact(text, ["card"]) == text
