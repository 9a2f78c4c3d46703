"""What holds numbers and no secret stays as it is."""

import random

import pytest

from voice.redaction import redact

KINDS = ("card", "cvv", "iban", "ssn", "otp")
HARMLESS = """
My number is +1 500 555 0042, please call back.
You can reach me at 555-0142 or 555-0143.
Call me at five five five oh one four two.
My phone number is five zero zero, five five five, zero zero four two.
The number is +15550100142 and the other one is +15550100143.
It's plus four nine one five one two three four five six seven eight nine.
Ring 0049 151 23456789 after six.
My mobile is 0151 23456789.
Mi teléfono es el 600 123 456.
Mon numéro est le 06 12 34 56 78.
Mon numéro, c'est zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit.
Meine Nummer ist null eins fünf eins, zwei drei vier fünf sechs sieben acht.
Mi número es seis cero cero, uno dos tres, cuatro cinco seis.
Call +44 7700 900123 or +44 7700 900124.
The order number is 4829131.
My order number is 48291, placed on 2026-09-21.
Order 1234 5678 9012 3456 has not arrived.
The tracking number is 9400 1118 9956 1234 5678 99.
Tracking 1Z 999 AA1 01 2345 6784.
The parcel 00340434161094042557 is late.
I am in room 4242.
Room 4242, please, for two nights.
Ich wohne in Zimmer 4242.
Habitación 4242, por favor.
Chambre 4242, s'il vous plaît.
My ZIP code is 94107.
The postal code is 10115 and the city is Berlin.
Meine Postleitzahl ist 10115.
Mi código postal es 28013.
Mon code postal est 75001.
My area code is 415.
Flight LH 4242 leaves at 10:35.
The flight is at 14:30 on 21.09.2026.
I was born on 12/05/1980.
My date of birth is May 12th, nineteen eighty.
Ich bin am 12.05.1980 geboren.
Nací el 12 de mayo de 1980.
The appointment is on 2026-09-21 at 14:13:20.
It happened between 2019 and 2023.
The price was $1,299.00 plus $49.99 for shipping.
I paid 1.299,00 € for it.
That comes to 4242 dollars and 42 cents.
The total is four thousand two hundred and forty-two dollars.
Es kostet viertausendzweihundertzweiundvierzig Euro.
Eso cuesta cuatro mil doscientos cuarenta y dos euros.
Ça coûte quatre mille deux cent quarante-deux euros.
My card ending in 4242 was charged twice.
Please use the Visa that ends with four two four two.
The card ending 4242 expires in 12/27.
Die Karte mit den letzten Ziffern 4242.
The last four of my social are needed, right?
The CVV is the three digit number on the back.
What is a CVV?
I don't want to give you my CVV over the phone.
The security code has three digits.
Where do I find the security code on an Amex, it has 4 digits?
I did not get the verification code, my order number is 48291.
I never got the verification code at 10:30.
The verification code did not arrive within 15 minutes.
I waited 3600 seconds for the code you sent.
The code you sent expired after 1500 seconds.
You sent the code in 2025.
The one-time code never came, and I live at 4829 Main Street.
The verification code did not come, call me at extension 4829.
The promo code is SUMMER2026.
My discount code is 202612.
The door code is 4829.
The gate code for the driver is 4829.
The booking code is 482913.
My booking reference is 48291357.
The model is X1 4242 from 2012.
The serial number is SN4242-4242-17.
My account number is 12345678.
My customer number is 987654321.
The policy number is 123456789.
The invoice 2026-00042 is wrong.
We are 4 people, 2 adults and 2 children.
I have two bikes, three cars and four dogs.
One or two of them came at three or four.
I need one for two, and two for four.
She is forty-two and he is forty-four.
Two to four people for one to two nights.
I'll come on the twenty-first at half past two.
It takes ten to fifteen minutes, or twenty at most.
Version 3.11.4 of Python and 3.12.1 as well.
The IP address is 192.168.100.200.
The coordinates are 52.520008, 13.404954.
The timestamp is 1790000000.
It says 1790000000123 in the log.
The id is conv_7401k2q9x4wfe8ntr2v0bd6s5a.
The hash is 4242424242424242a4242424242424242.
The UUID is 42424242-4242-4242-4242-a24242424242.
ISBN 978-3-16-148410-0 is the book.
The EAN is 4006381333931 on the box.
My VAT number is DE123456789.
The meter reads 004821 kilowatt hours.
I take 1 pill at 8, 2 at 12 and 1 at 20.
The lottery numbers are 4, 8, 15, 16, 23 and 42.
We scored 42 to 38, then 45 to 40.
Chapter 4, verse 24, page 242.
Take highway 101 to exit 424, then route 24.
My size is 42, sometimes 44.
The temperature was 42 degrees, then 38, then 36.
Dial 1 for sales, 2 for support and 3 for billing.
Press one, then two, then three.
A hundred and one reasons, and a thousand more.
Once in a while I call you, one two three and it works.
De eso no sé nada, es una de las dos.
C'est un des deux, ou une des trois.
Das sind zwei von drei, und eins ist null.
Ich habe am 21. um 14 Uhr einen Termin.
I got the tan 2012 Camry serviced.
My name is Liz and I called twice last week.
The social event is on 12 September 2026.
My social worker is 45 and lives at 123 45th Street.
Please send the code again.
The code for the text is in the annex.
The first of the four is at 9, the second at 10, the third at 11.
The warranty covers 100000 kilometres or 60 months.
My employee number is 55512.
""".strip().splitlines()


@pytest.mark.parametrize("sentence", HARMLESS)
def test_a_harmless_sentence_stays(sentence):
    assert redact(sentence, KINDS) == sentence


def test_there_are_a_hundred_of_them_and_together_they_stay_too():
    assert len(set(HARMLESS)) >= 100
    together = "\n".join(HARMLESS)
    assert redact(together, KINDS) == together


def test_invented_phone_and_order_numbers_are_rarely_taken_for_cards():
    chance = random.Random(6)
    forms = [
        "call {a:03}-{b:03}-{c:04}, or {b:03}-{a:03}-{c:04}",
        "order {b:07}, invoice {c:08}",
        "+{a} {b:03} {c:04} and +{b} {a:03} {c:04}",
        "{a:03} {b:03} {c:04}",
        "{a:04}-{b:06}-{c:05}",
        "tracking {a:04} {b:04} {c:04}",
    ]
    taken = 0
    for _ in range(3000):
        numbers = {name: chance.randrange(100, 1000) for name in "abc"}
        text = chance.choice(forms).format(**numbers)
        taken += redact(text, KINDS) != text
    assert taken <= 15
