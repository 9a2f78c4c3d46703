"""Stems: forms of a word, stop words and near-synonyms, by language."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.recall import english, other_languages
from memory.recall import stems as stems_module
from memory.recall.stems import near, stems, stop_stems
from memory.recall.words import words

SYNONYM_LANGUAGES = ("en", "de", "es", "fr")
STOP_LANGUAGES = (*SYNONYM_LANGUAGES, "it", "pt", "nl", "hi", "ar")


def stemmed(text, language):
    return stems(words(text), language)


def have_one_stem(text, language):
    return len(set(stemmed(text, language))) == 1


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "move moved moving moves"),
        ("en", "go goes going went gone"),
        ("en", "buy buys buying bought"),
        ("en", "child children"),
        ("en", "leave left leaving"),
        ("en", "good better best"),
        ("en", "mother mothers mum Mom"),
        ("en", "photo photos photograph photographs"),
        ("en", "colour colors COLOUR"),
        ("en", "deliver delivered delivery deliveries"),
        ("en", "allergy allergies allergic"),
        ("en", "cancel cancelled canceled cancellation"),
        ("de", "Haus Häuser Hauser"),
        ("de", "Rechnung Rechnungen"),
        ("de", "Müller Mueller Muller"),
        ("de", "Bestellung Bestellungen"),
        ("es", "reservación reservacion reservaciones"),
        ("es", "dirección direcciones"),
        ("es", "día días dias"),
        ("es", "niño niños nino"),
        ("es", "mudé mudamos mudarme"),
        ("fr", "réserver réservé réservée réservées réservation reservation"),
        ("fr", "adresse adresses"),
        ("fr", "année années annee"),
        ("it", "prenotazione prenotazioni"),
        ("pt", "reservação reservações reservacao"),
        ("pt", "cartão cartões"),
        ("nl", "adres adressen"),
        ("ru", "доставка доставкой доставки"),
        ("ru", "новый новая нового"),
        ("hi", "किताब किताबें किताबों"),
        ("hi", "लड़का लड़के"),
        ("ar", "مدرسة المدرسة مدرسه المدرسه"),
        ("ar", "طلب الطلب طلبات"),
        ("ar", "عنوان عنواني"),
        ("sv", "beställning beställningar bestallning"),
        ("tr", "adres adresi adresim"),
        ("fi", "osoite osoitteeni"),
    ],
)
def test_the_forms_of_a_word_have_one_stem(language, forms):
    assert have_one_stem(forms, language), stemmed(forms, language)


@pytest.mark.parametrize(
    ("language", "memory", "question"),
    [
        ("de", "Ich bin letztes Jahr in eine neue Wohnung gezogen.", "neuen Wohnungen"),
        ("es", "Compré dos camisas azules para mi hija", "camisa azul"),
        ("fr", "J'ai commandé trois lampes anciennes", "lampe ancienne commande"),
        ("hi", "मेरी दो बेटियाँ हैं और दो किताबें खोई हैं", "किताब बेटी"),
        ("ar", "وصلت الطلبات إلى المكتب الجديد", "طلب مكتب جديد"),
        ("ru", "Мои заказы не доставили вовремя", "заказ"),
        ("it", "Ho prenotato due stanze doppie", "stanza doppia"),
    ],
)
def test_a_question_finds_other_forms_of_its_words(language, memory, question):
    assert set(stemmed(question, language)) <= set(stemmed(memory, language))


def test_a_language_tag_may_have_a_region():
    assert stems(["hauser"], "de-AT") == stems(["hauser"], "de_at") == stems(["hauser"], " DE ")


def test_no_or_an_unknown_language_is_english():
    for language in ("", "und", "mul", "auto", "multi"):
        assert stems(["running"], language) == ["run"]


def test_words_of_a_language_without_a_stemmer_are_their_own_stems():
    assert stems(["東京", "running"], "ja") == ["東京", "running"]
    assert stems(["강아"], "ko") == ["강아"]
    assert stop_stems("ja") == frozenset()
    assert near("犬", "ja") == ()


def test_words_of_another_script_are_stemmed_by_the_language_of_that_script():
    assert stems(["заказы", "orders"], "en") == stems(["заказы", "orders"], "ru")
    assert stems(["orders"], "ar") == ["order"]
    assert stems(["किताबें"], "de") == stems(["किताबें"], "hi")
    assert stems(["東京"], "en") == ["東京"]
    assert stems(["поруџбине"], "sr") != stems(["поруџбине"], "ru")
    assert stems(["של"], "yi")


def test_codes_and_numbers_are_never_stemmed():
    coded = ["4721", "ab1234s", "12ings", "ana.torres1@examples.com"]
    assert all(stems(coded, language) == coded for language in ("en", "de", "ar", "ja"))


def test_any_word_has_a_stem():
    assert stems([], "en") == []
    assert stems(["", "\ud800", "a" * 10_000, "\x00"], "en")[0] == ""
    assert stems(["half\ud800pair"], "ru") == ["half\ud800pair"]


@given(st.lists(st.text(max_size=20), max_size=10), st.sampled_from(["en", "nl", "fr", "ar", "ja"]))
def test_stems_are_the_same_whenever_they_are_asked_for(texts, language):
    found = [word for text in texts for word in words(text)]
    once = stems(found, language)
    assert stems(found, language) == once
    assert [stems([word], language)[0] for word in found] == once
    assert len(once) == len(found)
    assert all(once)


def test_the_memory_for_known_words_is_bounded(monkeypatch):
    monkeypatch.setattr(stems_module, "_MAX_CACHED", 10)
    monkeypatch.setattr(stems_module, "_caches", {})
    for start in range(0, 100, 5):
        asked = [f"b{chr(97 + n % 26)}{chr(97 + n // 26)}oks" for n in range(start, start + 5)]
        assert stems(asked, "en") == [word[:-1] for word in asked]
        assert len(stems_module._caches["en"]) <= 10


def test_threads_may_ask_at_once(monkeypatch):
    monkeypatch.setattr(stems_module, "_MAX_CACHED", 50)
    asked = [f"{chr(97 + a)}{chr(97 + b)}walking" for a in range(26) for b in range(26)]
    expected = [word.removesuffix("ing") for word in asked]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: stems(asked, "en"), range(40)))
    assert all(answer == expected for answer in answers)


# --- stop words


@pytest.mark.parametrize("language", STOP_LANGUAGES)
def test_a_language_has_stop_words_as_stems(language):
    known = stop_stems(language)
    assert known
    listed = words(english.STOP_WORDS if language == "en" else other_languages.STOP_WORDS[language])
    assert set(stems(listed, language)) <= known


@pytest.mark.parametrize(
    ("language", "question", "left"),
    [
        ("en", "Do you remember what I said about my dog, please?", ["dog"]),
        ("en", "Um, so, where's the caller's office?", ["offic"]),
        ("de", "Wie heißt denn der Hund von meiner Frau?", ["heisst", "hund", "frau"]),
        ("es", "¿Cuál es la dirección de su casa?", ["direccion", "cas"]),
        ("fr", "Quelle est l'adresse de son bureau ?", ["adress", "bureau"]),
        ("it", "Qual è il nome del suo cane?", ["nom", "can"]),
        ("pt", "Qual é o endereço dela?", ["enderec"]),
        ("nl", "Wat is het adres van zijn moeder?", ["adr", "moeder"]),
        ("hi", "मेरी बेटी का नाम क्या है?", ["बेट", "नाम"]),
        ("ar", "ما هو عنوان المكتب؟", ["عنوان", "مكتب"]),
    ],
)
def test_what_is_left_of_a_question_is_what_is_asked_for(language, question, left):
    assert [
        stem for stem in stemmed(question, language) if stem not in stop_stems(language)
    ] == left


def test_what_callers_ask_for_is_no_stop_word():
    asked = (
        "name first last number order address phone email code id card like want need go live work"
    )
    assert not set(stemmed(asked, "en")) & stop_stems("en")
    assert not set(stemmed("Name Nummer erste letzte Adresse Frau Mann", "de")) & stop_stems("de")
    assert not set(stemmed("nombre número primero último comida", "es")) & stop_stems("es")
    assert not set(stemmed("nom numéro premier dernier née", "fr")) & stop_stems("fr")


def test_a_stop_word_is_no_other_words_stem():
    assert stems(["quite", "quit", "please", "pleased"], "en") == [
        "quite",
        "quit",
        "please",
        "pleas",
    ]
    assert stems(["como"], "es") != stems(["comer"], "es")
    for language in STOP_LANGUAGES:
        listed = stop_stems(language)
        assert stems(sorted(listed), language) == sorted(listed)


# --- near-synonyms


def near_words(word, language):
    return set(near(stemmed(word, language)[0], language))


@pytest.mark.parametrize(
    ("language", "word", "others"),
    [
        ("en", "live", "move reside address home"),
        ("en", "lives", "moved"),
        ("en", "dog", "pet puppy"),
        ("en", "job", "work profession occupation"),
        ("en", "refund", "return money reimbursement"),
        ("en", "delivery", "parcel package shipping"),
        ("en", "appointment", "booking reservation"),
        ("en", "diet", "vegetarian vegan"),
        ("en", "broken", "damaged faulty repair"),
        ("en", "husband", "wife spouse"),
        ("en", "email", "mail"),
        ("en", "birthday", "born"),
        ("de", "wohnen", "Adresse"),
        ("de", "Lieferung", "geliefert Paket"),
        ("de", "Hund", "Haustier"),
        ("es", "perro", "mascota"),
        ("es", "dirección", "vivir domicilio"),
        ("fr", "livraison", "colis"),
        ("fr", "médecin", "docteur"),
    ],
)
def test_words_that_mean_nearly_the_same_are_near(language, word, others):
    expected = set(stemmed(others, language)) - stop_stems(language)
    assert expected <= near_words(word, language) | set(near_words(word.lower(), language))


def test_words_that_only_go_together_are_not_near():
    assert not near_words("like", "en") & set(stemmed("order buy purchase", "en"))
    assert not near_words("dog", "en") & set(stemmed("family child live", "en"))
    assert not near_words("book", "en") & set(stemmed("read doctor", "en"))
    assert near("of", "en") == ()
    assert near("xyzzy", "en") == ()


@pytest.mark.parametrize("language", SYNONYM_LANGUAGES)
def test_near_words_are_few_and_mutual_or_crowded_out(language):
    text = english.NEAR_GROUPS if language == "en" else other_languages.NEAR_GROUPS[language]
    for group in text.replace("|", "\n").splitlines():
        for stem in stemmed(group, language):
            others = near(stem, language)
            assert 0 < len(others) <= 8, group
            assert stem not in others
            assert stem not in stop_stems(language)
            assert len(set(others)) == len(others)
            assert all(stem in near(o, language) or len(near(o, language)) == 8 for o in others)


@pytest.mark.parametrize("language", SYNONYM_LANGUAGES)
def test_each_group_names_words_of_more_than_one_stem(language):
    text = english.NEAR_GROUPS if language == "en" else other_languages.NEAR_GROUPS[language]
    for group in filter(str.strip, text.replace("|", "\n").splitlines()):
        listed = group.split()
        assert len(words(group)) == len(listed), group
        assert len(set(stemmed(group, language))) > 1, group


def test_irregular_forms_name_each_form_once():
    for form, base in english.BASE_FORMS.items():
        assert form != base
        assert base not in english.BASE_FORMS, base
