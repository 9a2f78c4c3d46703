"""The words for card codes, one-time codes and social security numbers, in plain letters."""

# ruff: noqa: E501  (a phrase is easier to find in one piece)

import re

_OF = r"(?:\W{1,3}\w+){0,3}?"  # up to three words between
_SENT = (
    r"(?:sent|send|texted|text|emailed|mailed|e-mailed|messaged|received|receive|got|get|geschickt"
    r"|gesendet|erhalten|bekommen|geschickt|enviado|mandado|enviamos|envie|enviaron|mandaron"
    r"|recibi|recibido|llegado|llego|envoye|recu|recevoir|inviato|ricevuto|enviei|recebi)"
)
_MESSAGE = r"(?:text|sms|e-?mail|message|app|authenticator|phone|nachricht|mensaje|correo|mail)"
_BACK = (
    r"(?:back|front|reverse|ruckseite|vorderseite|reverso|dorso|atras|detras|trasera|dos|verso"
    r"|retro|achterkant)"
)

CARD_CODE = re.compile(
    r"\b(?:cvv ?2?|cvc ?2?|c\.? ?v\.? ?[vc]\b\.?|csc|"
    r"card (?:security |verification |identification )?(?:code|value)|card verification(?: number)?|cid(?: code| number)|security (?:code|number)"
    r"|(?:codes?|digits?|numbers?|ziffern|zahlen|nummer|zahl|digitos|numeros|cifras|codigo|chiffres"
    rf"|numeros?|cifre|codice){_OF}\W{{1,3}}(?:on|at|auf|al|del|de|en|por|au|sul|op)"
    rf"\W{{1,3}}(?:\w+\W{{1,3}})?{_BACK}"
    r"|karten ?-?(?:pruf)?(?:nummer|ziffer)?-?code|prufnummer|prufziffern?|kartenprufnummer"
    r"|kartenprufziffern?|sicherheits ?-?(?:code|nummer)|codigo (?:de seguridad|cvv|de la tarjeta"
    r"|de verificacion de la tarjeta)|cryptogramme(?: visuel)?|code de securite|codice di sicurezza"
    r"|code de verification de la carte|codigo de seguranca|beveiligingscode|kod (?:cvv|cvc)"
    r")\b"
)
ONE_TIME_CODE = re.compile(
    r"\b(?:(?:one|single)[- ]?(?:time|use)[- ]?(?:\w+[- ])?(?:code|password|passcode|pin|number)"
    r"|otp|2fa(?: code)?|(?:two|2)[- ]factor(?: authentication)?(?: code)?|mfa code"
    r"|(?:verification|verify|authentication|authenticator|authenticating|auth|authorisation"
    r"|authorization|sms|text|texted|e-?mailed|log-?in|sign-?in|login|security|access token)"
    r"[- ]?(?:app )?(?:code|number|pin)|passcode"
    rf"|(?:code|pin|number|codigo|clave){_OF}\W{{1,3}}{_SENT}"
    rf"|codes?{_OF}\W{{1,3}}(?:by|from|in|via|per|aus|auf|par|del|por)\W{{1,3}}"
    rf"(?:(?:the|my|your|a|der|die|einer|el|un|le|la|mi)\W{{1,3}})?{_MESSAGE}"
    rf"|{_MESSAGE} (?:with|says?|said|shows?|reads?)(?: (?:the|a|my|your|this) code)?"
    r"|(?<=is )your code"
    r"|(?:sms|push|i|m|mobile|e)-?tan|(?:die|der|meine?|ihre?|eine|neue|ist die) tan"
    r"|tan(?= (?:ist|lautet|nummer)|: ?[0-9]|[ -]?[0-9]{6})|tan-?nummer"
    r"|einmal-? ?(?:code|passwort|kennwort|pin)"
    r"|(?:bestatigungs|verifizierungs|verifikations|freischalt|sicherheits|aktivierungs|login|sms)"
    r"-? ?code|codigo (?:de verificacion|de un solo uso|de confirmacion|sms|del sms|de acceso unico"
    r"|de autenticacion)|clave (?:dinamica|temporal|de un solo uso)|code (?:de verification|a usage"
    r" unique|de confirmation|sms|temporaire|de validation)|codice (?:di verifica|otp|monouso)"
    r"|codigo de verificacao|verificatiecode|eenmalige code|kod (?:weryfikacyjny|jednorazowy|z sms)"
    r")\b"
)
SOCIAL_SECURITY = re.compile(
    r"\b(?:ssn|s\.? ?s\.? ?n\b\.?|social security(?: number| no\.?)?|social(?= (?:is|number))|my"
    r" social|your social|(?:numero de(?:l)? )?(?:seguro|seguridad) social"
    r"|sozialversicherungsnummer)\b"
)
CARD_NUMBER = re.compile(
    r"\b(?:(?:credit|debit|payment|bank)?[- ]?card(?: number|s number)|(?:credit|debit) card"
    r"|long number|kartennummer|kreditkarte\w*|numero de (?:la )?tarjeta"
    r"|numero de (?:la )?carte|carte (?:bancaire|de credit))\b"
)
# Between the words and the digits, or in an answer: the digits are of something else.
OTHER = re.compile(
    r"\b(?:phone|telephone|mobile|cell|fax|orders?|zip|postal|postcode|room|apartment|apt|suite"
    r"|flat|floor|street|avenue|road|flight|gate|invoice|booking|reservation|reference|tracking"
    r"|ticket|policy|customer|member|amount|price|total|costs?|charged?|paid|pay|balance|dollars"
    r"|euros|born|birth\w*|expir\w*|extension|ext|door|promo|discount|voucher|coupon|area|ending"
    r"|ends|last four|last 4|year|model|telefon\w*|handy\w*|bestell\w*|auftrag\w*|postleitzahl|plz"
    r"|zimmer\w*|rechnung\w*|kunden\w*|betrag|preis\w*|gebor\w*|geburt\w*|jahr|pedido|habitacion"
    r"|factura|reserva|importe|precio|nacimiento|nacido|vence|caduca|telefono|commande|chambre"
    r"|facture|montant|prix|naissance|ne en|nee en|address|adresse|direccion|lives? at|digits? long"
    r"|tries|attempts|appointment)\b"
)
# "For my order", "to my phone": the words after the preposition are not what the digits are of.
TO_WHAT = re.compile(
    r"\b(?:for|to|of|on|about|fur|auf|an|zu|para|por|pour|sur|a|en|by|from|from the|in)\W{1,2}"
    r"(?:(?:my|the|this|that|your|our|his|her|mein\w*|dein\w*|ihr\w*|die|das|der|den|mi|su|el|la|mon"
    r"|ma|votre|le)\W{1,2})?(?:(?:new|last|online|mobile|cell|e)\W{1,2})?"
    r"(?:phone|mobile|cell|order|account|booking|reservation|phone number|telefon|handy|bestellung"
    r"|telefono|movil|pedido|telephone|portable|commande)\b"
)
# Directly before digits: they are a time, a place or an amount.
BEFORE = re.compile(
    r"(?:\b(?:at|in|by|since|until|till|around|about|after|before|from|um|seit|gegen|nach|vor|bis"
    r"|desde|hasta|depuis|vers|avant|apres|january|february|march|april|may|june|july|august"
    r"|september|october|november|december|over|only|another|cost|costs|under|within|alle)"
    r"|[$€£¥#])[ :]{0,2}$"
)
# Directly after digits: they count something, or are an address, a time or a price.
AFTER = re.compile(
    r"[ -]{0,2}(?:[$€£¥%]|(?:dollars?|euros?|pounds?|bucks|cents?|pesos|percent|prozent|times"
    r"|minutes?|mins?|seconds?|secs?|hours?|days?|weeks?|months?|years?|people|guests|persons|miles|km"
    r"|meters|metres|points|o'? ?clock|uhr|am|pm|a\.m|p\.m|eur|usd|gbp|kg|sekunden|minuten|stunden|tage"
    r"|jahre|minutos|horas|dias|secondes|heures|jours|ans|anos|digits|characters|ziffern"
    r"|digitos|chiffres)\b"
    r"|(?:[a-z]+ ){0,2}(?:street|st|avenue|ave|road|rd|drive|lane|blvd|boulevard|strasse|court)\b)"
)
TIME = re.compile(r"(?<![0-9:.])[0-9]{1,2}:[0-9]{2}(?![0-9:])")
DATE = re.compile(
    r"(?<![0-9/.-])(?:[0-9]{1,2} ?[/.] ?(?:20)?[0-9]{2}(?: ?[/.] ?[0-9]{2,4})?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?![0-9/])"
)
IS = re.compile(
    r"^\W{0,3}(?:(?:that|this|it|those|das|eso|esto|c)\W{1,2})?(?:(?:is|are|was|'s|s|ist|war|lautet|es|era|est|etait|e|as|would be)\b)"
    r"(?:\W{1,3}(?:my|the|your|a|what|der|die|das|mein\w*|ihr\w*|el|la|mi|su|le|mon|votre|it|one))"
    r"{0,3}\W{1,3}$"
)
# What an agent says between the parts of a number is short, and asks for nothing else.
ASKS_FOR_MORE = re.compile(
    r"\b(?:phone|telephone|zip|postal|order|name|address|amount|date|birth\w*|expir\w*|valid|email"
    r"|e-mail|telefon\w*|plz|postleitzahl|bestell\w*|name|adresse|betrag|datum|ablauf\w*|gultig"
    r"|telefono|pedido|nombre|direccion|fecha|caduc\w*|vence|commande|nom|date|appointment|room"
    r"|reference|booking|reservation|account)\b"
)
