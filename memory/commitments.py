"""
Which promises are still open: those of the last months that nothing said later fulfils.

A promise and the word that something is done are both sentences. They belong together when they
share content words: all but those that every such sentence has.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from memory.moments import is_known_moment
from memory.port import Noted
from memory.topics import topic_of

MAX_OPEN = 10
OPEN_FOR = timedelta(days=90)  # before the newest call: what is older was settled or forgotten
TASK_NOTES = 40  # promises and things done that are looked at, the newest

_ENOUGH_WORDS = 2  # in common; fewer where the promise has fewer than four
_STEM_CHARS = 5
_SHORTEST_WORD = 3


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Who, when, the words of promising and doing, and what is in every sentence: English, German,
# Spanish, French, Portuguese, Italian.
_NO_CONTENT = _words("""
    the and for that this with from has have had was were are been being but not his her their them
    they him she our your you its who what when which will would shall should could can may about
    into over after before then than also any all again soon later until once please already still
    agent assistant representative team company operator staff colleague support caller customer
    client user patient guest member promised promise promises agreed agrees committed assured
    confirmed confirms said says told offered pledged guaranteed scheduled arranged informed
    mentioned stated asked requested needed required done completed finished resolved fixed settled
    fulfilled closed handled successfully open pending yes true next step action item todo
    commitment call calls called calling back within today tomorrow tonight yesterday monday tuesday
    wednesday thursday friday saturday sunday january february march april june july august
    september october november december morning afternoon evening noon day days week weeks weekend
    month months hour hours minutes business working time date end make made get got
    der die das den dem des ein eine einen einem einer und oder mit von für auf aus bei bis nach
    zum zur sich ist sind war wurde wurden wird werden hat haben hatte dass nicht noch auch wir uns
    ihr ihm ihn sie kunde kundin anrufer anruferin agentin mitarbeiter mitarbeiterin berater
    beraterin versprochen versprach zugesagt sagte erledigt abgeschlossen behoben montag dienstag
    mittwoch donnerstag freitag samstag sonntag heute morgen gestern woche tage uhr
    los las una uno del con por para que como fue han hay está este esta cliente clienta agente
    prometió prometido resuelto completado lunes martes miércoles jueves viernes sábado domingo hoy
    mañana ayer semana días hora les des une aux avec pour dans sur par qui est été sont son ses
    elle ils nous vous appelant conseiller conseillère promis terminé résolu lundi mardi mercredi
    jeudi vendredi samedi dimanche aujourd hui demain hier semaine jours heure dos das uma com foi
    ser seu sua ele ela atendente operadora prometeu resolvido concluído segunda terça quarta quinta
    sexta feira hoje amanhã ontem dias gli della delle dei nel per che è stato stata sono suo lui
    lei operatore operatrice promesso completato risolto lunedì martedì mercoledì giovedì venerdì
    sabato domenica oggi domani ieri settimana giorni ora
""")
# What is done with things: content only where no thing is named. "The parcel was sent" does not
# settle "will send the invoice", "he paid" settles "will pay".
_DEEDS = _words("""
    send sends sent sending ship ships shipped deliver delivers delivered bring brings brought give
    gives gave given pay pays paid arrive arrives arrived receive receives received issue issued
    provide provides provided process processed post posted mail mailed email emailed check checks
    checked look looks looked come comes came visit visits visited pick picks picked collect
    collected fetch fetched fix repair repaired replace replaced order ordered arrange book booked
    schedule reach contact contacted need needs want wants try tries tried take takes took taken
    schicken geschickt verschickt senden gesendet liefern geliefert bezahlen bezahlt bringen
    gebracht kommen gekommen enviar enviará enviada enviado pagar pagará pagó pagado entregar
    entregado entregada llegó envoyer enverra envoyé envoyée payer payé payée livrer livré livrée
    arrivé pago paga enviou pagou entregue inviare invierà inviata inviato pagare pagato consegnato
""")
_IRREGULAR = {
    "sent": "send",
    "paid": "pay",
    "payment": "pay",
    "brought": "bring",
    "gave": "give",
    "given": "give",
    "shipment": "ship",
    "bought": "buy",
    "booking": "book",
}
# One word each, so that it is compared as one.
_CALL_BACK = re.compile(
    r"\b(?:call|phon|ring|telephon)\w*[ -](?:\w+ ){0,2}back\b|\bcall-?back\w*|\breturn\w* (?:\w+ )?"
    r"(?:phone )?call\b|\bcalled (?:\w+ ){0,5}as (?:promised|agreed)|\brang back\b"
    r"|\bzurück\w*ruf\w*|\brückruf\w*|\bruft \w+ zurück|\brappe(?:l|ll)\w*|\brichiam\w*"
    r"|\bdevol\w+ la llamada|\bllam\w+ de vuelta|\bretorn\w+ a (?:ligação|chamada)"
)
_CALL_BACK_PARTS = ("back", "return", "as ", "ruf", "rappel", "richiam", "devol", "llam", "retorn")
_FOLLOW_UP = re.compile(r"\bfollow\w*[ -]?up\w*")
_E_MAIL = re.compile(r"\be-?mail\w*")
# Who cancels something ends what the other side promised as well.
_CANCELLED = re.compile(
    r"\b(?:cancel\w*|call(?:s|ed) off|stornier\w*|abgesagt|abbestellt|(?:sag|bestell)ten? .*\bab\b|"
    r"anul\w+|annul\w+|décommand\w+|desmarc\w+|disdett\w+|disdice)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    noted: Noted
    content: frozenset[str]
    deeds: frozenset[str]
    topic: str  # of the fact that it comes from; "" for a sentence


def open_commitments(notes: Iterable[Noted], *, names: Iterable[str] = ()) -> tuple[Noted, ...]:
    """
    Return the promises in `notes` that are still open, newest first, `MAX_OPEN` at most.

    `notes` come newest first. A promise is settled by what a later call says is done, if it was
    the same side's to do, or is cancelled, and they share content words; a promise from a fact by
    any later value of that fact. A promise that a later one repeats is left out, and one that
    several sources of one call tell is told once, in the fullest words. `names` are the caller's:
    no content. Calls without a date have no order: there any other call settles.
    """
    no_content = _NO_CONTENT.union(word for name in names for word in _tokens(name))
    tasks = [_task(noted, no_content) for noted in notes]
    promises = _grouped(task for task in tasks if task.noted.note.kind == "commitment")
    done = [task for task in tasks if task.noted.note.kind == "done"]
    still_open: list[Noted] = []
    newer: list[_Task] = []
    for versions in promises:
        told = max(versions, key=lambda task: (len(task.content), not task.topic))
        is_settled = any(_settles(task, each) for each in versions for task in _related(done, each))
        is_repeated = any(
            _repeats(task, told) or task.topic in {each.topic for each in versions} - {""}
            for task in newer
        )
        newer += versions
        if not is_settled and not is_repeated:
            still_open.append(told.noted)
        if len(still_open) == MAX_OPEN:
            break
    return tuple(still_open)


def _grouped(promises: Iterable[_Task]) -> list[list[_Task]]:
    """Return the promises in their order, those together that are one told by several sources."""
    groups: list[list[_Task]] = []
    for promise in promises:
        same = (group for group in groups if any(_is_same(promise, each) for each in group))
        if group := next(same, None):
            group.append(promise)
        else:
            groups.append([promise])
    return groups


def _is_same(one: _Task, other: _Task) -> bool:
    """Tell whether two sources of one call tell one promise: each may leave out some of it."""
    if one.noted.conversation_id != other.noted.conversation_id:
        return False
    sources = {(task.noted.note.source, task.noted.note.key) for task in (one, other)}
    sides = {task.noted.note.by for task in (one, other)} - {""}
    common = one.content & other.content
    if not common or len(sources) == 1 or len(sides) > 1:
        return False
    if one.content == other.content:
        return True
    fewest = min(len(one.content), len(other.content))
    is_other_deed = one.deeds and other.deeds and one.deeds.isdisjoint(other.deeds)
    enough = max(_ENOUGH_WORDS, (fewest + 1) // 2)
    return len(common) >= enough or (len(common) == fewest and not is_other_deed)


def _related(tasks: Iterable[_Task], promise: _Task) -> list[_Task]:
    """Return those of `tasks` that may have to do with `promise`: seldom any."""
    return [
        task
        for task in tasks
        if not task.content.isdisjoint(promise.content)
        or (task.topic and task.topic == promise.topic)
    ]


def _settles(done: _Task, promise: _Task) -> bool:
    if not _is_of_later_call(done.noted, promise.noted):
        return False
    if done.topic and done.topic == promise.topic:
        return True
    sides = {done.noted.note.by, promise.noted.note.by} - {""}
    enough = min(_ENOUGH_WORDS, (len(promise.content) + 1) // 2)
    is_about_it = enough <= len(done.content & promise.content)
    return is_about_it and (len(sides) <= 1 or _is_cancelled(done))


def _is_cancelled(done: _Task) -> bool:
    return _CANCELLED.search(done.noted.note.text.casefold()) is not None


def _repeats(newer: _Task, promise: _Task) -> bool:
    is_same_side = newer.noted.note.by == promise.noted.note.by
    return is_same_side and bool(promise.content) and promise.content <= newer.content


def _is_of_later_call(one: Noted, other: Noted) -> bool:
    if is_known_moment(one.occurred_at) or is_known_moment(other.occurred_at):
        return one.occurred_at > other.occurred_at
    return one.conversation_id != other.conversation_id


def _task(noted: Noted, no_content: frozenset[str]) -> _Task:
    note = noted.note
    topic = topic_of(note.key) if note.source == "fact" else ""
    content, deeds = _content(note.text, no_content)
    return _Task(noted=noted, content=content, deeds=deeds, topic=topic)


def _content(text: str, no_content: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems of what a sentence is about, and of what is done with it."""
    text = text.casefold()
    if any(part in text for part in _CALL_BACK_PARTS):  # hardly ever, and far quicker
        text = _CALL_BACK.sub(" callback ", text)
    text = _E_MAIL.sub(" email ", _FOLLOW_UP.sub(" followup ", text))
    words = [word for word in _tokens(text) if word not in no_content]
    things = [word for word in words if word not in _DEEDS]
    deeds = frozenset(stem(word) for word in words if word in _DEEDS)
    return frozenset(map(stem, things)) or deeds, deeds


def _tokens(text: str) -> Sequence[str]:
    words = re.findall(r"[^\W_]+", text.casefold())
    return [word for word in words if len(word) >= _SHORTEST_WORD]


@lru_cache(4096)
def stem(word: str) -> str:
    """Return the beginning that a word's forms share: "deliv" for delivery and delivered."""
    plain = unicodedata.normalize("NFKD", _IRREGULAR.get(word, word))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    if plain in ("callback", "followup"):
        return plain
    cut = re.sub(r"(?<=\w{3})(?:ing|ed|es|en|s|e)$", "", plain)
    return re.sub(r"([b-df-hj-np-tv-z])\1$", r"\1", cut[:_STEM_CHARS])
