"""
The parts that words play in telling time, and what a question says by them.

English, German, Spanish, French, Portuguese and Italian, folded; "_" joins words that belong
together. A word may play several parts: "prima" is first, or before. See `when.words` for
those that stand for a number.
"""

from collections.abc import Iterable, Mapping

from memory.recall.when.words import NUMBERED

PARTS: dict[str, str] = {
    # where in time
    "last": (
        "last this_past letzte letzten letzter letztes letztem vergangene vergangenen vergangener "
        "vergangenes vorige vorigen voriger voriges pasado pasada pasados pasadas ultimo ultima "
        "ultimos ultimas dernier derniere dernieres derniers passe passee passado passada "
        "passados passadas scorso scorsa scorsi scorse passato passata ultimi ultime"
    ),
    "past": "past",
    "previous": "previous prior preceding vorherige vorherigen vorheriges precedent precedente",
    "newest": (
        "latest newest most_recent neueste neuesten neuester neuestes jungste jungsten zuletzt "
        "mas_reciente mas_recientes le_plus_recent la_plus_recente mais_recente piu_recente"
    ),
    "recently": (
        "recently lately letztens kurzlich neulich vor_kurzem recientemente ultimamente recemment "
        "dernierement recentemente di_recente"
    ),
    "this": (
        "this diese diesen diesem dieser dieses este esta cette cet ce questa questo quest neste "
        "nesta esse essa nesse nessa earlier_this later_this"
    ),
    "next": (
        "next coming upcoming nachste nachsten nachster nachstes kommende kommenden proximo "
        "proxima proximos prochain prochaine prossimo prossima que_viene que_vem"
    ),
    "every": "every each jede jeden jeder jedes cada chaque ogni todos toda todo tous toutes",
    "ago": "ago atras fa back",
    "agobefore": "vor hace faz il_y_a y_a",
    "ha": "ha",  # folded from the Portuguese "há", which the Italian for "has" looks like
    "iberian": "semana semanas mes meses dia dias ano anos hora horas",
    "mes": "mes",  # a month in Spanish, and "my" in French
    "dernier": "derniers dernieres",
    "since": "since seit desde depuis dal dalla dallo ever_since a_partir_de",
    "before": "before vor antes avant prima antes_de antes_do antes_del prima_di prima_del",
    "after": (
        "after nach despues apres depois dopo following despues_de despues_del depois_de depois_do"
    ),
    "until": "until till til bis hasta jusqu_a jusqu_au jusqu_en ate fino_a fino_al",
    "between": "between zwischen entre tra fra",
    "from": "from von vom desde de du dal dalla da",
    "and": "and y e et und",
    "or": "or oder o ou",
    "to": "to through thru until till bis hasta a au al ate bis_zum",
    "in": (
        "in im en em during wahrend durante pendant no na nel nell nella within innerhalb "
        "throughout au_cours_de"
    ),
    "na": "na",  # na segunda: on Monday, and nothing but that
    "passed": "passada",
    "on": "on am el le il em no na al den dem ce este",
    "onday": "am el le il dia vom el_dia no_dia em_dia o_dia giorno zum",
    "am": "am vom zum",
    "of": "of de des di do d du del von dell dello",
    "the": (
        "the der die das dem den la el le les los las il lo l o a os as nas nos nelle negli ces "
        "zum zur"
    ),
    "begin": (
        "early beginning anfang anfangs principios comienzos inicios debut comeco inizio inizi "
        "a_principios_de fruhen"
    ),
    "middle": "mid middle mitte mediados mi milieu meados meta",
    "end": "late ende finales fim fin fine spaten later",
    "starting": "start inicio",  # these may be verbs, but for "start of"
    "ending": "end final",
    "daytime": (
        "morning afternoon noon evening midday morgen fruh vormittag nachmittag mittag abend "
        "por_la_manana por_la_tarde manana tarde matin midi soir apres_midi a_tarde de_manha "
        "manha mattina pomeriggio sera"
    ),
    "night": "night nacht noche por_la_noche nuit noite a_noite notte",
    # calls
    "telephone": "phone telephone",
    "call": (
        "call conversation chat phonecall anruf anrufs telefonat gesprach telefongesprach llamada "
        "conversacion appel conversation ligacao chamada conversa telefonema chiamata telefonata "
        "conversazione"
    ),
    "dated": (
        "order orders invoice invoices bill bills statement statements appointment payment "
        "payments delivery visit booking reservation rechnung bestellung lieferung termin "
        "factura pedido entrega cita facture commande livraison rdv fatura consulta fattura "
        "ordine consegna pedidos commandes factures facturas fatture ordini bestellungen "
        "rechnungen termine citas"
    ),
    "calls": "calls conversations anrufe anrufen llamadas appels ligacoes chamadas chiamate",
    "occasion": "time mal vez fois volta",
    "spoke": (
        "called call phoned phone rang ring spoke speak spoken talked talk chatted angerufen "
        "anrief telefoniert gesprochen sprachen geredet anriefen llame llamo llamamos hablamos "
        "hable appele appelle parle parles telephone liguei ligamos falamos falei telefonei "
        "chiamato chiamai parlato sentiti telefonato"
    ),
    "beforelast": (
        "second_to_last second_last last_but_one next_to_last penultimate vorletzte vorletzten "
        "vorletzter vorletztes penultima penultimo antepenultima avant_dernier avant_derniere"
    ),
    "lastone": "last last_one that",
    "pronoun": (
        "i we you he she they ich wir sie er du ihr yo nosotros j je nous vous il elle eu nos io "
        "noi lei lui"
    ),
    "self": "i",
    "relative": "that when que qu che dass als wo wenn in",
    "helper": (
        "have had ve d has did do was hatte habe haben hat ai avons avez a ho abbiamo ha he hemos "
        "te le me ti vi mit with ihnen ci"
    ),
    # how often
    "how": "how wie",
    "many": "many viele",
    "often": "often frequently oft haufig",
    "times": "times male mal veces fois vezes volte",
    "howmany": "wieviel wieviele cuantas combien quantas quante number",
    "frequency": "frecuencia frequence frequencia frequenza",
    # the state of things
    "now": (
        "now currently presently nowadays still right_now at_the_moment at_present these_days "
        "jetzt derzeit momentan zurzeit zur_zeit im_moment heutzutage mittlerweile inzwischen "
        "ahora actualmente hoy_en_dia en_este_momento todavia maintenant actuellement desormais "
        "en_ce_moment de_nos_jours agora atualmente ainda neste_momento no_momento hoje_em_dia "
        "adesso attualmente tuttora oggigiorno al_momento in_questo_momento"
    ),
    "nowadjective": (
        "current present aktuell aktuelle aktueller aktuelles aktuellen jetzige jetzigen jetziger "
        "derzeitige derzeitigen actual actuel actuelle actuels attuale atual"
    ),
    "then": (
        "previously formerly originally initially earlier back_then at_first "
        "at_that_time fruher vorher damals ehemals ursprunglich zuvor einst anfangs anteriormente "
        "originalmente antiguamente antano al_principio en_aquel_entonces auparavant "
        "autrefois jadis anciennement precedemment a_l_epoque a_l_origine au_debut antigamente "
        "naquela_epoca precedentemente una_volta originariamente all_epoca "
        "all_inizio inicialmente inizialmente"
    ),
    "thenverb": (
        "solia solias vivia vivias trabajaba habitait habitais habitiez vivait vivais travaillait "
        "travaillais morava trabalhava costumava abitava abitavo viveva vivevo lavorava lavoravo "
        "wohnte wohnten arbeitete lebte"
    ),
    "thenadjective": (
        "former previous original prior fruhere fruheren fruherer fruheres ehemalige ehemaligen "
        "ehemaliger vorherige vorherigen ursprungliche ursprunglichen alte alten altes antiguo "
        "antigua antiguos anterior anteriores viejo vieja ancien ancienne anciens precedent "
        "precedente antigo antiga antigos vecchio vecchia vecchi"
    ),
    "bygone": "past pasado passado passato passe",
    "old": "old",
    "usedto": "used_to",
    "useto": "use_to",
    "genitive": "s",
    "getting": "get gets getting got is are am be been being m s re",
    "beforehand": "before antes avant prima",
    "beforenow": "now that this",
    # questions for the state of things
    "wh": (
        "what where which who how whats wheres whos was wo wie wer welche welcher welches welchen "
        "donde cual que quien como ou quel quelle quels quelles qui comment onde qual quem quais "
        "dove che chi come qual quale"
    ),
    "where": "where",
    "asking": "what where which who",
    "whatis": "whats wheres whos",
    "do": "do does",
    "did": "did",
    "is": "is are s ist sind lautet lauten es son est sont e sao sono",
    "was": "was",
    "waswere": "were war waren era eran etait etaient eram erano",
    "english": "my his her our their your",
    "possessive": (
        "my his her our their your mein meine meinen ihre ihr unsere mi mis su sus nuestra "
        "nuestro mon ma mes son sa ses notre nos meu minha seu sua nosso nossa mio mia suo sua "
        "nostro nostra"
    ),
    "lived": "live reside stay work",
    "state": "live reside stay work study use drive prefer need own bank have take belong weigh",
    "foreignstate": (
        "wohne wohnt wohnst wohnen lebe lebt lebst arbeite arbeitet arbeitest fahre "
        "fahrt nutze vivo vive vives trabajo trabaja trabajas tengo tiene prefiero "
        "prefiere habite habites habitez vis vit vivez travaille travailles travaillez "
        "moro mora vivem trabalho trabalha tenho tem prefiro prefere abito abita "
        "abiti vivi lavoro lavora lavori preferisco"
    ),
    "statenoun": (
        "address addresses number phone mobile cell email e_mail mail name surname nickname job "
        "occupation profession employer boss plan subscription tariff postcode zip city town "
        "country account balance status age birthday doctor dentist insurance policy password "
        "contact preference preferences diet allergy allergies medication medications dose dosage "
        "car language partner wife husband girlfriend boyfriend home favourite favorite adresse "
        "nummer telefonnummer beruf hausarzt direccion numero telefono correo nombre trabajo nom "
        "metier endereco telefone nome emprego indirizzo lavoro medico medecin"
    ),
    "lasting": "name surname nickname birthday nombre nom nome",  # of the state nouns
    # words that no name of a month can belong to: "may" before them may well be May
    "small": (
        "at over around by for during within up on off than then as too also so just only "
        "for with about there here any ever please and me us him them had has have were are be "
        "been would could can will should not again so but if go going went say said tell told "
        "mention mentioned happen happened ask asked order ordered want wanted ist war habe haben "
        "hatte bin sind wurde dije dijo pedi paso hice he ha fue dit demande commande fait etait "
        "disse detto fatto pedi foi ordinato chiesto mir mich uns me te se es"
    ),
}

# Parts that mean no date by themselves: a question with no other word and no digit has none.
_GLUE_PARTS = (
    "one number half this since before after until between from and or to in on onday am na of "
    "the begin middle end starting ending iberian mes dernier telephone call dated calls "
    "occasion spoke lastone pronoun self relative helper next how many often times howmany "
    "frequency now nowadjective then thenverb thenadjective old usedto useto bygone genitive "
    "getting beforehand whatis asking where was english beforenow wh do did is waswere possessive "
    "lived state foreignstate statenoun lasting small night"
)
_GLUE = frozenset(_GLUE_PARTS.split())


def vocabulary() -> Mapping[str, Mapping[str, int]]:
    """Return every word with its parts, and the number it stands for in each (0 for none)."""
    parts: dict[str, dict[str, int]] = {}
    for part, word, number in _entries():
        parts.setdefault(word, {}).setdefault(part, number)
    return parts


def names_date(parts: Iterable[str]) -> bool:
    """Tell whether a word that plays these parts can make a date of what stands around it."""
    return not _GLUE.issuperset(parts)


def _entries() -> Iterable[tuple[str, str, int]]:
    for part, by_number in NUMBERED.items():
        for number, text in by_number.items():
            yield from ((part, word, number) for word in text.split())
    for part, text in PARTS.items():
        yield from ((part, word, 0) for word in text.split())
