"""Card codes, one-time codes, IBANs and social security numbers, written and spoken."""

# ruff: noqa: RUF001, E501  (such characters are what this is about; a form is one line)

import pytest

from voice.redaction import redact

KINDS = ("card", "cvv", "iban", "ssn", "otp")
CODE, ONCE, IBAN, SSN = "[card code]", "[one-time code]", "[IBAN]", "[social security number]"

CARD_CODES = [
    ("CVV 123", f"CVV {CODE}"),
    ("my CVV is 123.", f"my CVV is {CODE}."),
    ("The CVC: 123", f"The CVC: {CODE}"),
    ("CVV2=1234", f"CVV2={CODE}"),
    ("the security code is 1 2 3", f"the security code is {CODE}"),
    ("security code one two three", f"security code {CODE}"),
    ("The security code? It's uh one, two, three.", f"The security code? It's uh {CODE}."),
    ("the card code is double oh seven", f"the card code is {CODE}"),
    ("the code on the back is 907", f"the code on the back is {CODE}"),
    ("the three digits on the back are nine oh seven", f"the three digits on the back are {CODE}"),
    (
        "the code on the back of my card is nine hundred and seven",
        f"the code on the back of my card is {CODE}",
    ),
    ("the four digit code on the front is 4821", f"the four digit code on the front is {CODE}"),
    ("123 is my CVV", f"{CODE} is my CVV"),
    ("one two three is the security code", f"{CODE} is the security code"),
    ("three one four, that's the cvv", f"{CODE}, that's the cvv"),
    ("C V V one two three", f"C V V {CODE}"),
    ("card verification value 123, expiry 12/27", f"card verification value {CODE}, expiry 12/27"),
    ("die Prüfnummer ist 123", f"die Prüfnummer ist {CODE}"),
    ("Kartenprüfnummer eins zwei drei", f"Kartenprüfnummer {CODE}"),
    (
        "die drei Ziffern auf der Rückseite sind neun null sieben",
        f"die drei Ziffern auf der Rückseite sind {CODE}",
    ),
    ("der Sicherheitscode lautet neunhundertsieben", f"der Sicherheitscode lautet {CODE}"),
    ("el código de seguridad es 123", f"el código de seguridad es {CODE}"),
    ("el código de seguridad es uno dos tres", f"el código de seguridad es {CODE}"),
    ("los tres dígitos del reverso son 123", f"los tres dígitos del reverso son {CODE}"),
    ("le cryptogramme est 123", f"le cryptogramme est {CODE}"),
    ("cryptogramme visuel un deux trois", f"cryptogramme visuel {CODE}"),
    ("les trois chiffres au dos : neuf zéro sept", f"les trois chiffres au dos : {CODE}"),
    ("codice di sicurezza 123", f"codice di sicurezza {CODE}"),
    ("código de segurança 123", f"código de segurança {CODE}"),
]
ONE_TIME_CODES = [
    ("the one-time code is 482913", f"the one-time code is {ONCE}"),
    ("one time passcode 4829", f"one time passcode {ONCE}"),
    ("OTP: 482913", f"OTP: {ONCE}"),
    ("My verification code is 4 8 2 9 1 3", f"My verification code is {ONCE}"),
    ("verification code four eight two nine one three", f"verification code {ONCE}"),
    ("the code you sent is 482 913", f"the code you sent is {ONCE}"),
    ("the code I got by text is 4829", f"the code I got by text is {ONCE}"),
    ("The code we sent you? Yes, 482-913.", f"The code we sent you? Yes, {ONCE}."),
    ("the code from the app: 482913", f"the code from the app: {ONCE}"),
    ("authenticator code 48291357", f"authenticator code {ONCE}"),
    ("482913 is your verification code", f"{ONCE} is your verification code"),
    (
        "forty-eight twenty-nine thirteen is the code you texted me",
        f"{ONCE} is the code you texted me",
    ),
    ("the security code you texted me is 482913", f"the security code you texted me is {ONCE}"),
    (
        "the verification code for my account is 482913",
        f"the verification code for my account is {ONCE}",
    ),
    ("the code you sent to my phone is 482913", f"the code you sent to my phone is {ONCE}"),
    ("die TAN ist 482913", f"die TAN ist {ONCE}"),
    ("meine TAN lautet vier acht zwei neun eins drei", f"meine TAN lautet {ONCE}"),
    ("der Bestätigungscode ist 4829", f"der Bestätigungscode ist {ONCE}"),
    ("der Code aus der SMS ist 482913", f"der Code aus der SMS ist {ONCE}"),
    ("Einmalcode achtundvierzig neunundzwanzig dreizehn", f"Einmalcode {ONCE}"),
    ("el código de verificación es 482913", f"el código de verificación es {ONCE}"),
    (
        "el código que me han enviado es cuatro ocho dos nueve",
        f"el código que me han enviado es {ONCE}",
    ),
    ("le code de vérification est 482913", f"le code de vérification est {ONCE}"),
    (
        "le code que j'ai reçu par SMS : quatre huit deux neuf",
        f"le code que j'ai reçu par SMS : {ONCE}",
    ),
    ("il codice di verifica è 482913", f"il codice di verifica è {ONCE}"),
    ("I got a text with the code 482913", f"I got a text with the code {ONCE}"),
    ("482913 is your code", f"{ONCE} is your code"),
    ("login code G-482913", f"login code G-{ONCE}"),
]
IBANS = [
    ("DE89370400440532013000", IBAN),
    ("my IBAN is DE89 3704 0044 0532 0130 00.", f"my IBAN is {IBAN}."),
    ("iban de89 3704 0044 0532 0130 00", f"iban {IBAN}"),
    ("IBANDE89370400440532013000", f"IBAN{IBAN}"),
    ("DE 89 37 04 00 44 05 32 01 30 00", IBAN),
    ("DE89-3704-0044-0532-0130-00", IBAN),
    ("D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0", IBAN),
    ("DE89\u00a03704\u00a00044\n0532 0130 00", IBAN),
    ("GB29 NWBK 6016 1331 9268 19", IBAN),
    ("FR14 2004 1010 0505 0001 3M02 606", IBAN),
    ("ES91 2100 0418 4502 0005 1332", IBAN),
    ("NL91 ABNA 0417 1643 00 please", f"{IBAN} please"),
    ("IT60X0542811101000000123456", IBAN),
    ("AT61 1904 3002 3457 3201", IBAN),
    ("CH93 0076 2011 6238 5295 7", IBAN),
    ("NO93 8601 1117 947", IBAN),
    ("ＤＥ８９ ３７０４ ００４４ ０５３２ ０１３０ ００", IBAN),
    (
        "D E eight nine three seven zero four zero zero four four zero five three two zero one three"
        " zero zero zero",
        IBAN,
    ),
    (
        "DE acht neun drei sieben null vier null null vier vier null fünf drei zwei null eins drei"
        " null null null",
        IBAN,
    ),
    (
        "D wie Dora E wie Emil neunundachtzig siebenunddreißig null vier null null vierundvierzig"
        " null fünf zweiunddreißig null eins dreißig null null",
        IBAN,
    ),
    ("D as in Delta, E as in Echo, 89, 3704, 0044, 0532, 0130, 00", IBAN),
    ("G B two nine N W B K six zero one six one three three one nine two six eight one nine", IBAN),
    (
        "ES noventa y uno veintiuno cero cero cero cuatro dieciocho cuarenta y cinco cero dos cero"
        " cero cero cinco trece treinta y dos",
        IBAN,
    ),
]
SOCIAL_SECURITY_NUMBERS = [
    ("123-45-6789", SSN),
    ("it is 123-45-6789.", f"it is {SSN}."),
    ("123 45 6789", SSN),
    ("123.45.6789", SSN),
    ("123\u201345\u20136789", SSN),
    ("１２３-４５-６７８９", SSN),
    ("my SSN is 123456789", f"my SSN is {SSN}"),
    ("social security number 123 456 789", f"social security number {SSN}"),
    ("my social is one two three, four five, six seven eight nine", f"my social is {SSN}"),
    (
        "my social security number is one two three dash four five dash six seven eight nine",
        f"my social security number is {SSN}",
    ),
    (
        "Social security: one twenty-three, forty-five, sixty-seven eighty-nine",
        f"Social security: {SSN}",
    ),
    ("S S N 1 2 3 4 5 6 7 8 9", f"S S N {SSN}"),
    ("123456789 is my social security number", f"{SSN} is my social security number"),
    ("your social? 078-05-1120", f"your social? {SSN}"),
    (
        "mi número de seguro social es uno dos tres cuatro cinco seis siete ocho nueve",
        f"mi número de seguro social es {SSN}",
    ),
    ("her SSN was 9 0 1 2 3 4 5 6 7", f"her SSN was {SSN}"),
]


@pytest.mark.parametrize(
    ("text", "redacted"), [*CARD_CODES, *ONE_TIME_CODES, *IBANS, *SOCIAL_SECURITY_NUMBERS]
)
def test_a_secret_is_redacted_in_every_form(text, redacted):
    assert redact(text, KINDS) == redacted
    assert redact(redacted, KINDS) == redacted


@pytest.mark.parametrize(
    ("kind", "corpus"),
    [
        ("cvv", CARD_CODES),
        ("otp", ONE_TIME_CODES),
        ("iban", IBANS),
        ("ssn", SOCIAL_SECURITY_NUMBERS),
    ],
)
def test_only_the_kinds_that_are_asked_for_are_redacted(kind, corpus):
    for text, redacted in corpus:
        assert redact(text, [kind]) == redacted
        assert redact(text, ["card"]) == text


@pytest.mark.parametrize(
    "text",
    [
        "DE88370400440532013000",
        "DE89 3704 0044 0532 0130 01",
        "GB29 NWBK 6016 1331 9268 18",
        "000-12-3456",
        "666-12-3456",
        "912-12-3456",
        "123-00-4567",
        "123-45-0000",
    ],
)
def test_what_fails_the_check_is_no_secret(text):
    assert redact(text, KINDS) == text
