"""Words: folding, the words of many languages, and codes and numbers however they are put."""

# ruff: noqa: RUF001 - letters that look like others are what folding is about

import unicodedata
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memory.recall import words as words_module
from memory.recall.words import fold, words, words_of

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates too
# what the words of calls are made of: more of it is a code, a number or an address
_SPOKEN_TEXT = (
    "a b o oh one two five twenty first fifth hundred thousand and double as in bravo at dot dash "
    "com ana 7 42 555 0142 1,250 1.250,00 AB-1234 12A 5th a@b.example @ ' . , - ( ) é が 東京 मु"
)
SPOKEN = st.lists(st.sampled_from(_SPOKEN_TEXT.split()), max_size=30).map(" ".join)


def distinct(text):
    return set(words(text))


# --- folding


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "muller"),
        ("MÜLLER", "muller"),
        ("Mu\u0308ller", "muller"),
        ("Straße", "strasse"),
        ("STRAẞE", "strasse"),
        ("Éloïse à Besançon", "eloise a besancon"),
        ("Łukasz Ørsted Þór Æsop œuvre", "lukasz orsted thor aesop oeuvre"),
        ("İstanbul Iğdır ısı", "istanbul igdir isi"),
        ("Mañana", "manana"),
        ("Ångström", "angstrom"),
        ("don\u2019t \u2018so\u2019 don\u00b4t", "don't 'so' don't"),
        ("AB\u20111234 AB\u20131234", "ab-1234 ab-1234"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
    ],
)
def test_latin_letters_lose_case_accents_and_typography(text, folded):
    assert fold(text) == folded


def test_letters_that_are_letters_of_their_own_stay():
    assert fold("Йод") == "йод" != fold("Иод")
    assert fold("Ёлка") == fold("Елка") == "елка"
    assert fold("Київ") == "київ"


def test_the_voicing_of_kana_stays():
    assert fold("が") == "が" != fold("か")
    assert fold("か\u3099") == "が"
    assert fold("ポスト") != fold("ホスト")


def test_full_and_half_width_are_the_same():
    assert fold("ＡＢ－１２３") == "ab-123"
    assert fold("ｶﾞｽ") == fold("ガス")
    assert words("㈱") == words("(株)")


def test_the_vowel_signs_of_india_stay_and_nukta_goes():
    assert fold("हिन्दी") == "हिन्दी"
    assert fold("लड़का") == fold("लडका")
    assert fold("\u0958लम") == fold("कलम")  # one sign with a nukta in it
    assert fold("हूँ") == fold("हूं")
    assert fold("தமிழ்") == "தமிழ்"


def test_arabic_is_compared_without_vowel_marks_and_spelling_variants():
    assert fold("مُحَمَّد") == fold("محمد")
    assert fold("محـــمد") == fold("محمد")
    assert fold("أحمد") == fold("احمد") == fold("إحمد") == fold("آحمد") == fold("ٱحمد")
    assert fold("مدرسة") == fold("مدرسه")
    assert fold("مصطفى") == fold("مصطفي")
    assert fold("کتاب") == fold("كتاب")


def test_hangul_in_parts_and_whole_is_the_same():
    assert fold(unicodedata.normalize("NFD", "한국어")) == "한국어"


def test_hebrew_points_and_greek_accents_go():
    assert fold("שָׁלוֹם") == "שלום"
    assert fold("Παραγγελίας") == "παραγγελιασ"


def test_digits_of_every_script_are_digits():
    assert fold("٤٧٢١ ४७२१ ๔๗๒๑ ４７２１ ۴۷۲۱") == "4721 4721 4721 4721 4721"


def test_only_so_many_signs_are_kept_in_mind(monkeypatch):
    kept = type(words_module._FOLDED_SIGNS)()
    monkeypatch.setattr(words_module, "_FOLDED_SIGNS", kept)
    monkeypatch.setattr(words_module, "_MAX_KEPT_SIGNS", 3)
    assert fold("ÄÖÜäöüÉ") == "aouaoue"
    assert len(kept) == 3


@given(ANY_TEXT)
@example("\u1e9e\u0130\u0345\ufdfa\ud800")
def test_folding_again_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(max_codepoint=0x52F)))
def test_case_makes_no_difference(text):
    assert fold(text.lower()) == fold(text.upper()) == fold(text)


@given(st.text(st.characters(min_codepoint=0x41, max_codepoint=0x24F, categories=["L"])))
def test_accents_make_no_difference_to_latin_letters(text):
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    assert fold(text) == fold(bare) == fold(unicodedata.normalize("NFD", text))


# --- words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("?! …", []),
        ("Hello, World", ["hello", "world"]),
        ("snake_case größe_x", ["snake", "case", "grosse", "x"]),
        ("Ana's dog, the dogs' bowl", ["ana", "dog", "the", "dogs", "bowl"]),
        ("I don't, I'll and I've, she'd", ["i", "dont", "i", "and", "i", "she"]),
        ("I don’t, O’Brien", ["i", "dont", "obrien"]),
        ("'quoted' words", ["quoted", "words"]),
        ("l'adresse, d’accord, aujourd'hui", ["adresse", "accord", "aujourdhui"]),
        ("dell'ufficio", ["ufficio"]),
    ],
)
def test_words_in_order(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Ich bin im März nach München gezogen.",
            ["ich", "bin", "im", "marz", "nach", "munchen", "gezogen"],
        ),
        ("¿Cuándo llegó el niño?", ["cuando", "llego", "el", "nino"]),
        ("J'ai déménagé à Nîmes.", ["ai", "demenage", "a", "nimes"]),
        ("Я живу на улице Льва Толстого.", ["я", "живу", "на", "улице", "льва", "толстого"]),
        ("मुझे मूँगफली से एलर्जी है।", ["मुझे", "मूंगफली", "से", "एलर्जी", "है"]),
        ("عنواني الجديد في القاهرة", ["عنواني", "الجديد", "في", "القاهره"]),
        ("Είμαι στην Αθήνα", ["ειμαι", "στην", "αθηνα"]),
        ("எனக்கு ஒவ்வாமை", ["எனக்கு", "ஒவ்வாமை"]),
        ("אני גר בחיפה", ["אני", "גר", "בחיפה"]),
    ],
)
def test_words_of_languages_with_spaces_are_whole(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("京都", ["京都"]),
        ("犬", ["犬"]),
        ("犬を飼う", ["犬を", "を飼", "飼う"]),
        ("東京タワー・ホテル", ["東京", "京タ", "タワ", "ワー", "ホテ", "テル"]),
        ("我养了一只狗。", ["我养", "养了", "了一", "一只", "只狗"]),
        ("ผมแพ้กุ้ง", ["ผม", "มแ", "แพ", "พ้", "้ก", "กุ", "ุ้", "้ง"]),
        ("강아지를 키워요", ["강아", "아지", "지를", "키워", "워요"]),
        ("Ana さんの 犬", ["ana", "さん", "んの", "犬"]),
        ("3月15日", ["3", "月", "15", "日"]),
    ],
)
def test_scripts_without_word_boundaries_give_pairs_of_characters(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("memory", "question"),
    [
        ("私は去年大阪に引っ越しました。犬の名前はハナです。", "犬の名前は何ですか"),
        ("나는 땅콩 알레르기가 있어요", "알레르기"),
        ("我的订单号是AB-1234", "订单 ab1234"),
        ("ฉันอาศัยอยู่ที่เชียงใหม่", "เชียงใหม่"),
        ("मेरी बेटी का नाम अनन्या है", "अनन्या"),
        ("طلبت قميصًا أزرق", "قميصا ازرق"),
        ("Мой заказ № 4721 не пришёл", "заказ 4721 пришел"),
        ("Ich wohne in der Königstraße", "KONIGSTRASSE"),
        ("Mi dirección es calle Mayor 5", "direccion"),
    ],
)
def test_a_question_has_words_of_the_memory_that_answers_it(memory, question):
    asked = distinct(question)
    assert len(asked & distinct(memory)) >= min(2, len(asked))


# --- codes, numbers, addresses


def test_a_code_is_the_same_however_it_is_put():
    forms = ["AB-1234", "AB 1234", "ab1234", "Ab.1234", "a b one two three four", "A, B, 1 2 3 4"]
    assert all("ab1234" in words(f"my code is {form} please") for form in forms)
    assert words("AB-1234") == words("ab 1234") == words("ab1234") == ["ab", "1234", "ab1234"]
    assert {"order12", "12"} <= distinct("order-12")
    assert {"12a", "12", "a"} <= distinct("seat 12A") == distinct("seat 12 a")
    assert "5pm" in words("at 5 pm")
    assert "5pm" in words("at 5 p.m.")


def test_a_number_is_the_same_with_and_without_separators():
    for form in ("1,250", "1.250,00", "1250.00", "1 250", "1'250", "１,２５０"):
        assert "1250" in words(f"it cost {form} euros"), form
    assert "125" not in words("it cost 12.50, 5 in cash")


def test_the_parts_of_a_telephone_number_are_also_one():
    assert "5550142" in words("555-0142")
    assert "5550142" in words("555 0142")
    whole = distinct("+1 555 010 0142")
    assert {"15550100142", "5550100142", "0100142", "0142"} <= whole
    assert "5550100142" in words("(555) 010-0142")
    assert "15550100142" in words("plus one five five five oh one oh oh one four two")


@pytest.mark.parametrize(
    ("spoken", "digits"),
    [
        ("four seven two one", "4721"),
        ("four, seven, two, one", "4721"),
        ("double five oh one", "5501"),
        ("triple seven", "777"),
        ("five o five", "505"),
        ("vier sieben zwo eins", "4721"),
        ("cuatro siete dos uno", "4721"),
        ("quatre sept deux un", "4721"),
        ("twenty five", "25"),
        ("twenty-fifth", "25"),
        ("four seventy two", "472"),
        ("three thirty", "330"),
        ("nineteen ninety two", "1992"),
        ("twenty twenty six", "2026"),
        ("nineteen oh five", "1905"),
        ("three hundred fifty two", "352"),
        ("two hundred and five", "205"),
        ("two thousand nineteen", "2019"),
        ("two thousand three hundred", "2300"),
        ("twelve thousand", "12000"),
    ],
)
def test_spoken_digits_and_numbers_are_joined(spoken, digits):
    assert digits in words(f"that is {spoken} I think")
    assert digits in words(spoken.upper())


def test_fewer_than_three_digits_are_not_joined():
    assert "23" not in words("two three")
    assert "12" not in words("one, two")


def test_numbers_of_a_list_are_not_joined():
    assert words("12, 14 and 15") == ["12", "14", "and", "15"]
    assert words("21st, 2025") == ["21", "2025"]


def test_a_small_number_is_the_same_in_words_and_digits():
    assert words("two dogs") == words("2 dogs")
    assert words("the fifth") == words("the 5th") == ["the", "5"]
    assert words("zwei Hunde") == words("2 Hunde")
    assert words("cinco perros") == words("5 perros")
    assert words("number 1") == words("number one") == ["number", "one"]
    assert words("1st") == words("first") == ["first"]
    assert words("2nd") == words("second")


def test_spelled_letters_are_a_word():
    forms = [
        "B R E E D",
        "b. r. e. e. d.",
        "B, R, E, E, D",
        "B-R-E-E-D",
        "B R double E D",
        "B as in Bravo, R as in Romeo, E, E, D as in Delta",
        "b for breakfast r e e d",
        "B wie Berta R E E D",
        "bravo romeo echo echo delta",
    ]
    for form in forms:
        assert "breed" in words(f"my name is {form}"), form
    assert "usa" in words("U.S.A.")


def test_what_is_not_said_for_a_letter_ends_the_spelling():
    assert words("b as in love r e e d") == ["b", "as", "in", "love", "r", "e", "e", "d", "reed"]


def test_words_of_the_spelling_alphabet_spell_nothing_by_themselves():
    assert words("a hotel in november") == ["a", "hotel", "in", "november"]
    assert words("golf with mike") == ["golf", "with", "mike"]


def test_words_of_one_letter_are_no_codes():
    assert words("dos e um") == ["dos", "e", "um"]
    assert words("de cinq à six") == ["de", "5", "a", "6"]
    assert words("a 5 star hotel") == ["a", "5", "star", "hotel"]
    assert "a1234" in words("A 1234")
    assert "a5" in words("A-5")
    assert "5a" in words("5-A")


def test_a_scale_without_a_number_counts_nothing():
    assert words("double hundred") == ["double", "hundred"]
    assert words("b hundred and c") == ["b", "hundred", "and", "c"]


def test_long_runs_are_read_in_pieces():
    spelled = words(" ".join("bcdfghjk" * 9))
    assert "bcdfghjk" * 4 in spelled
    assert "bcdfghjk" in spelled
    assert max(map(len, words(" ".join(["123456789"] * 20)))) <= 64


def test_words_that_are_numbers_in_another_language_only_stay():
    assert words("onze siete doce once sept un") == ["onze", "siete", "doce", "once", "sept", "un"]


def test_little_words_before_a_number_are_no_code():
    assert words("in 2019 I moved") == ["in", "2019", "i", "moved"]


@pytest.mark.parametrize(
    "text",
    [
        "ana.torres@example.com",
        "ANA.TORRES@EXAMPLE.COM",
        "it is ana dot torres at example dot com, thanks",
        "ana.torres at example.com",
        "ana Punkt torres at example Punkt com",
        "ana punto torres arroba example punto com",
    ],
)
def test_an_address_is_the_same_written_and_spoken(text):
    assert {"ana.torres@example.com", "ana", "torres", "example"} <= distinct(text)


def test_other_signs_of_spoken_addresses():
    assert "ana-b_c+d@my-shop.example" in words(
        "ana dash b underscore c plus d at my hyphen shop dot example"
    )
    assert not any("@" in word for word in words("we met at dot five, look at that"))
    assert not any("@" in word for word in words("at example dot com"))


# --- any text


@given(st.one_of(ANY_TEXT, SPOKEN))
@example("at dot")
@example("double")
@example("one hundred hundred thousand " * 20)
@example("é1 _१a が1")
def test_any_text_has_words_and_few_enough(text):
    found = words(text)
    assert found == words(text) == words(fold(text))
    assert all(found)
    assert all(word == fold(word) for word in found)
    assert len(found) <= 3 * len(fold(text)) + 1


@given(st.lists(st.one_of(ANY_TEXT, SPOKEN), max_size=5))
@example([])
@example(
    ["l'adresse", "l'heure\nl'été\n", "", "B, R, E", "E D", "x" * 65, "東京", "ana at", "b.com 1"]
)
def test_texts_have_the_words_together_that_each_has(texts):
    assert words_of(texts) == [words(text) for text in texts]


@given(st.one_of(ANY_TEXT, SPOKEN))
@example("a hotel: i kilo, o 5")
@example("seat-12 is 3 on bus 4711, two hundred and one")
@example("ana dot torres at example dot com, ana at home.example")
def test_what_cannot_be_a_code_is_known_from_the_words_alone(text):
    found = words(text)
    with patch.object(words_module, "may_join", return_value=True):
        assert words(text) == found


def test_a_word_that_is_too_long_is_cut_after_looking_for_numbers():
    assert words("a" * 64 + "seventy") == ["a" * 64, "seventy"]
    assert words("a" * 64 + "seventy or 2") == ["a" * 64, "70", "or", "2"]


@given(SPOKEN)
def test_case_does_not_change_the_words(text):
    assert words(text.upper()) == words(text) == words(text.title())


_LONG_TEXT = (
    "a|1|a1|1,|1 |a dot b at |a@|a.b@|b |'|l'|東|é_|two hundred |double |ab-1 |b as in bravo "
)


@pytest.mark.parametrize("piece", [*_LONG_TEXT.split("|"), "\ud800", "\u0301", "क्"])
def test_very_long_texts_are_read_in_pieces(piece):
    found = words(piece * (100_000 // len(piece)))
    assert len(found) <= 110_000
    assert max(map(len, found), default=0) <= 64
