"""
The words by which promises, things done and preferences are told, in six languages.

Each entry is a regular expression for text in lower case. How they are put together stands in
`processor/promises.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """
    What sentences of one language are made of.

    `agent`, `caller`: who acts; all on the business's side are the agent. `object_of`: before
    one of them, it is not who acts. `pronoun`: who that is stands before it. `nouns_are_capital`:
    a capital letter makes no name.

    `vow`: words that promise, whoever says so. `will`: what is to be, a promise if somebody does
    it. `would`: the same, but only in reported speech, after `reported`. `served`: what the
    agent's side is to do, whoever is the subject. `state`: after `will`, no action. `unreal`:
    before it, in the clause, it is only asked for, hoped or a condition. `negation`: nothing of
    it. `done`: word that something is done; `passive`: before it, it is not said by whom;
    `undone`: before it, it is not done yet. `preference`: what the caller likes, needs or wants
    always.
    """

    agent: str
    caller: str
    object_of: str
    pronoun: str
    nouns_are_capital: bool = False
    vow: str
    will: str
    would: str
    reported: str
    served: str
    state: str
    unreal: str
    negation: str
    done: str
    passive: str
    undone: str
    preference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """The phrases of one language, compiled; `telling` finds all by which a sentence may tell."""

    find: Mapping[str, re.Pattern[str]]
    telling: re.Pattern[str]
    nouns_are_capital: bool


_NEVER = r"(?!)"
_TELLING = ("served", "vow", "will", "would", "done", "preference")

_ENGLISH = Phrases(
    agent=r"we|agents?|assistants?|representatives?|operators?|advis[eo]rs?|receptionists?|staff|"
    r"teams?|support|company|shop|store|workshop|office|clinic|technicians?|engineers?|managers?|"
    r"drivers?|colleagues?|supervisors?|someone|somebody|specialists?|mechanic|plumber|courier",
    caller=r"callers?|customers?|users?|clients?|patients?|guests?|members?|readers?|tenants?|"
    r"buyers?|woman|man|lady|gentleman",
    object_of=r"(?:to|for|with|by|from|of|about|told|informed|assured|advised|thanked|reminded|asked|"
    r"notified|promised|gave|offered|sent|helped|call|contact|phone|notify|inform)(?: the| an?)?",
    pronoun=r"he|she|they|it|i",
    vow=r"(?<!as )(?<!the )(?<!\ba )(?<!had )(?<!been )(?:promis(?:ed|es)|pledge[ds]|vow(?:ed|s)|"
    r"undertook|guarante(?:ed|es))\b|(?:agree[ds]|committed|commits) to"
    r"(?! (?:the|an?|this|that|these|his|her|their|it)\b)|agreed(?=[.!]?$)|"
    r"assured\b.{0,40}?\b(?:will|would)\b",
    will=r"will|shall|\w++['\u2019]ll|(?:is|are) going to",
    would=r"would",
    reported=r"said|says|told|tells|promised|confirmed|assured|explained|informed|stated|advised|"
    r"added|noted|indicated|mentioned|replied|answered|agreed",
    served=r"(?:will|would|is going to|are going to) (?:\w+ly )?(?:be (?:called|contacted|phoned|"
    r"sent|e-?mailed|texted|delivered|shipped|dispatched|refunded|repaired|fixed|replaced|credited|"
    r"notified|informed|updated|collected|picked up|processed|issued|posted|returned|reimbursed|"
    r"waived|escalated|followed up|resolved|installed|reviewed|investigated)|receive|get an?)\b|"
    r"(?:arranged|scheduled|booked|set up|opened|raised|created) (?:an?|the|another) "
    r"(?:[\w-]+ ){0,3}(?:call-?back|follow-?up|return call|technician|engineer|visit|replacement|"
    r"refund|pick-?up|collection|delivery|inspection)\b|(?:call-?back|follow-?up(?: call)?|"
    r"return call|technician|engineer|visit|replacement|refund|pick-?up|collection|delivery|"
    r"inspection)s? (?:was|were|is|has been|have been) (?:scheduled|arranged|promised|agreed|"
    r"set up|booked|planned)\b|(?:was|were) promised\b",
    state=r"(?:\w+ly |also |then |still |only |now )*(?:be|have(?! (?:the|our|an?|some"
    r"one|somebody)\b)|has|had|need|want|take|cost|last|depend|remain|continue|know|like|love|prefer|"
    r"require|include|mean|see|think|rather|appreciate)\b",
    unreal=r"ask\w*|enquir\w+|inquir\w+|wonder\w*|whether|if|when|how|why|unless|hop(?:es?|ed|ing)|"
    r"want(?:s|ed)? to know|request\w*|complain\w*|expect\w*|wish\w*|should",
    negation=r"not|never|cannot|\w+n['\u2019]t|refus\w+|declin\w+|unable|without|nobody|no one|"
    r"neither|failed|no longer",
    done=r"completed|resolved|fixed|delivered|arrived|received|sent|shipped|dispatched|paid|"
    r"refunded|reimbursed|credited|settled|fulfilled|closed|returned|collected|picked up|repaired|"
    r"replaced|installed|cancel(?:l?ed|s)|call(?:ed|s) off|called (?:\w+ ){0,2}back|"
    r"(?:rang|phoned) back|followed up|brought|posted|e-?mailed|processed|issued|visited|done|"
    r"finished|taken care of|sorted(?: out)?|no longer needs?|not needed any ?more|"
    r"as promised|as agreed",
    passive=r"(?:was|were|is|are|been|being|got|get)(?: \w+ly| already| now)?",
    undone=r"will|would|to (?!the\b|an?\b|h[ie][sr]\b|their\b|our\b)\w+|shall|can|could|may|might|"
    r"must|want\w*|need\w*|wait\w*|still|yet|promis\w*|scheduled|before|until|once",
    preference=r"prefers?|preferred (?:to|an?|not|being|having|that|it|by|over|\w+ing)|"
    r"preferred [\w ]{1,30} (?:is|are|was|were)|preferences? (?:for|is|are|was|to)|would rather|"
    r"favou?rs?|favou?rites?|likes|loves|enjoys|dislikes|hates|avoids|"
    r"do(?:es)?(?: not|n['\u2019]t) (?:like|want to|eat|drink)|"
    r"never (?:eats|drinks|wants)|allergic|allerg(?:y|ies)|intoleran(?:t|ce)|vegetarian|vegan|"
    r"diabetic|c(?:o)?eliac|gluten-free|kosher|halal|hard of hearing|wheelchair|"
    r"(?:wants|wanted|wishes|asked|asks|likes|requested|requests) (?:always |only |not )?to be "
    r"(?:called|contacted|phoned|addressed|e-?mailed|texted|reached)(?! (?:back|again|tomorrow|"
    r"today|next|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b)|"
    r"best (?:time|way|day) to (?:call|reach|contact)|(?:should|may|must) (?:only|always|never|not)"
    r" be (?:called|contacted|phoned|e-?mailed|texted)|(?:only|always|usually|normally|never) "
    r"(?:speaks|orders|takes|books|buys|reads|drinks|eats|uses|pays|sits)|speaks (?:only|little)|"
    r"only speaks|(?:stopped|no longer) (?:eat|drink|tak|lik|enjoy)(?:ing|e?s)",
)
_GERMAN = Phrases(
    agent=r"agent(?:in)?|mitarbeiter(?:in)?|assistent(?:in)?|berater(?:in)?|techniker(?:in)?|"
    r"kolleg\w+|wir|team|firma|werkstatt|kundendienst|jemand|monteur|service",
    caller=r"anrufer(?:in)?|kunden?|kundin|nutzer(?:in)?|patient(?:in)?|gast|mitglied",
    object_of=r"(?:mit|von|für|an|bei|zum|zur)(?: de[mnr]| eine[mnr])?|de[nm]|eine[nm]",
    pronoun=r"er|sie|es",
    nouns_are_capital=True,
    vow=r"versprach(?:en)?|verspricht|versprochen|zugesagt|zugesichert|sagte[n]? .{0,60}? zu\b|"
    r"sicherte[n]? .{0,60}? zu\b|verpflichtete[n]? sich|(?:ruft|rufen) .{0,40}?\bzurück\b|"
    r"meldet sich|melden (?:uns|sich)",
    will=r"wird|werden|werde",
    would=r"würden?",
    reported=r"sagte|sagt|erklärte|bestätigte|teilte|versprach|versicherte|meinte",
    served=r"wird .{0,60}?\b(?:geliefert|zurückgerufen|kontaktiert|erstattet|repariert|geschickt|"
    r"gesendet|verschickt|versandt|ersetzt|benachrichtigt|informiert|bearbeitet|überwiesen|"
    r"abgeholt|erhalten|bekommen)\b|(?:rückruf|termin|techniker|lieferung) (?:wurde|ist) .{0,40}?"
    r"(?:vereinbart|zugesagt|geplant)",
    state=r".{0,60}?\b(?:benötigt|brauchen|sein|haben|wissen|kosten|dauern|bleiben)\b[.!]?$",
    unreal=r"frag\w*|ob|wenn|falls|wann|hofft\w*|wissen|wünsch\w*|bat|bittet|beschwer\w*|sollte",
    negation=r"nicht|nie|niemals|kein\w*|weder|ohne",
    done=r"(?:erledigt|abgeschlossen|behoben|geliefert|erhalten|bekommen|angekommen|eingetroffen|"
    r"zurückgerufen|bezahlt|erstattet|gelöst|storniert|verschickt|versandt|geschickt|gesendet|"
    r"überwiesen|repariert|ersetzt|abgeholt|zurückgeschickt)(?! (?:wird|werden|werde|würde|sein))|"
    r"abgesagt|abbestellt|(?:sag|bestell)ten? [\w ]{1,40}?\bab(?=[,;.!]|$| und)|"
    r"rief(?:en)? .{0,40}?\bzurück|nicht mehr (?:nötig|gebraucht)|wie versprochen",
    passive=r"(?:wurden?|ist|sind|worden)(?: \w+){0,3}",
    undone=r"wird|werden|würden?|soll\w*|möchte\w*|muss|will|noch|warte\w*|bis|bevor|sobald|damit|"
    r"versprach|verspricht",
    preference=r"bevorzugt\w*|zieht .{0,60}? vor|mag|lieber|am liebsten|allergi(?:e|en|sch)\w*|"
    r"vegetari\w+|vegan\w*|unverträglichkeit|isst kein\w*|trinkt kein\w*|nur (?:per|vormittags|"
    r"nachmittags|abends|morgens)|möchte (?:nur|immer|nicht) .{0,60}?(?:werden|kontaktiert)|"
    r"diabetiker(?:in)?|schwerhörig|spricht nur",
)
_SPANISH = Phrases(
    agent=r"agente|asistente|asesora?|operadora?|técnic[oa]|equipo|empresa|tienda|nosotros|"
    r"representante|compañer[oa]",
    caller=r"clienta?|cliente|usuari[oa]|llamante|paciente",
    object_of=r"(?:al?|con|para|de|por)(?: l[ao]s?| el)?|del",
    pronoun=r"él|ella|ellos",
    vow=r"prometi(?:ó|eron)|promete|ha prometido|hemos prometido|se comprometi(?:ó|eron)|"
    r"se compromete|aseguró que|garantizó|qued(?:ó|aron|amos) en",
    will=r"(?!est|ser|ten|pod|hab|quer|deb|necesit|costar)\w+(?:[aei]rá|drá|[aei]rán|drán|aremos|"
    r"eremos|iremos)|van? a (?!ser|estar|tener|necesitar)\w+[aei]r(?:l[eao]s?|se)?",
    would=r"(?!gust|querr|podr|ser|prefer)\w+[aei]rían?|vendrían?",
    reported=r"dijo|dice|confirmó|explicó|aseguró|prometió|indicó|informó",
    served=r"se (?:le |les |lo |la )?(?:enviará|entregará|llamará|reembolsará|devolverá|"
    r"contactará|reparará)|ser(?:á|án) (?:entregad|enviad|contactad|reembolsad|reparad|devuelt)"
    r"[oa]s?|recibir(?:á|án)",
    state=_NEVER,
    unreal=r"pregunt\w+|si|cuándo|esper\w+|saber|pid(?:ió|e)|solicit\w+|quej\w+",
    negation=r"no|nunca|jamás|tampoco|sin",
    done=r"resuelt[oa]s?|resolvió|completad[oa]s?|entregad[oa]s?|entregaron|recibi(?:ó|do|da)|"
    r"enviad[oa]s?|envi(?:ó|aron)|pagad[oa]s?|pagó|reembolsad[oa]s?|reembolsaron|lleg(?:ó|aron)|"
    r"devolvi(?:ó|eron) la llamada|devuelt[oa]s?|(?:cancel|anul)(?:ad[oa]s?|ó|aron)|reparad[oa]s?|"
    r"arreglad[oa]s?|recogi(?:ó|do|da)|solucionad[oa]s?|ya no (?:necesita|hace falta)|"
    r"como (?:se )?prometi(?:ó|do)",
    passive=r"fue|fueron|ha sido|han sido|está|están|se",
    undone=r"será|serán|van? a|debe|quiere|para que|aún|todavía|espera|hasta que|antes de|prometió",
    preference=r"prefiere|prefería|preferiría|le gustan?|le encantan?|alérgic[oa]|alergias?|"
    r"vegetarian[oa]|vegan[oa]|intoleran(?:te|cia)|celíac[oa]|diabétic[oa]|solo habla|"
    r"siempre (?:pide|quiere|toma)|nunca (?:come|bebe|quiere)|no (?:come|bebe)",
)
_FRENCH = Phrases(
    agent=r"agente?|assistante?|conseill(?:er|ère)|opérat(?:eur|rice)|technicien(?:ne)?|équipe|"
    r"entreprise|magasin|nous|collègue",
    caller=r"cliente?|appelante?|utilisat(?:eur|rice)|patiente?",
    object_of=r"(?:à|avec|pour|de|par)(?: la| le)?|aux?|du|(?:à|de|pour|avec) l",
    pronoun=r"il|elle|ils|elles",
    vow=r"(?:a|ont|avons) promis|promet|s['\u2019]est engagée?|s['\u2019]engage|(?:a|ont) assuré|"
    r"(?:a|ont) garanti|(?:a|ont) accepté de|(?:a|ont) convenu",
    will=r"(?!ser|aur|devr|pourr|faudr|voudr|opéra|caméra|coûter)\w{2,}(?:ra|ront|rons)|"
    r"(?:va|vont|allons) (?!être|avoir)\w+(?:er|ir|re)",
    would=r"(?!ser|aur|devr|pourr|voudr|aimer|préfér|souhaiter)\w+r(?:ait|aient)",
    reported=r"dit|confirmé|expliqué|assuré|promis|indiqué|informé|précisé",
    served=r"ser(?:a|ont) (?:livr|envoy|contact|rembours|rappel|répar|remplac|expédi)ée?s?|"
    r"recevr(?:a|ont)",
    state=_NEVER,
    unreal=r"demand\w+|si|quand|espèr\w+|savoir|souhait\w+|voulu|plain\w*",
    negation=r"ne|n['\u2019]\w+|pas|jamais|aucune?|sans",
    done=r"résolue?s?|terminée?s?|livrée?s?|reçue?s?|envoyée?s?|payée?s?|remboursée?s?|arrivée?s?|"
    r"rappelée?s?|(?:annul|décommand)ée?s?|réparée?s?|récupérée?s?|remplacée?s?|réglée?s?|"
    r"plus besoin|comme promis",
    passive=r"(?:été|est|sont)",
    undone=r"sera|seront|doit|va|vont|pour que|attend|pas encore|toujours pas|avant|promis de",
    preference=r"préfère|préférerait|préférait|aime|n['\u2019]aime pas|allergi(?:que|es?)|"
    r"végétari\w+|végane?|végétali\w+|intoléran(?:te?|ce)|cœliaque|diabétique|ne mange pas|"
    r"ne boit pas|ne parle que|souhaite (?:toujours|être (?:appelée?|contactée?))",
)
_PORTUGUESE = Phrases(
    agent=r"agente|atendente|assistente|operador\w*|técnic[oa]|equip[ea]|empresa|loja|nós",
    caller=r"cliente|usuári[oa]|utilizador\w*|paciente",
    object_of=r"(?:com|para|de|por)(?: [ao])?|ao|à|d[ao]|pel[ao]",
    pronoun=r"ele|ela|eles",
    vow=r"promete(?:u|ram)?|comprometeu-se|se comprometeu|garantiu|assegurou que|fic(?:ou|aram) de",
    will=r"(?!est|ser|ter|pod|hav|precis|custar)\w+[aei]r(?:á|ão)|(?:vai|vão|vamos) "
    r"(?!ser|estar|ter|precisar)\w+[aei]r",
    would=r"(?!gost|querer|poder|ser|prefer)\w+[aei]riam?",
    reported=r"disse|diz|confirmou|explicou|garantiu|prometeu|indicou|informou",
    served=r"ser(?:á|ão) (?:entregue|enviad|contactad|contatad|reembolsad|reparad)\w*|receberá",
    state=_NEVER,
    unreal=r"pergunt\w+|quando|caso|esper\w+|saber|pediu|solicit\w+|reclam\w+",
    negation=r"não|nunca|jamais|sem",
    done=r"resolvid[oa]s?|concluíd[oa]s?|entregues?|recebi(?:do|da)|recebeu|enviad[oa]s?|enviou|"
    r"pag[oa]s?|pagou|reembolsad[oa]s?|chegou|chegaram|retornou a (?:ligação|chamada)|"
    r"ligou de volta|(?:cancel|desmarc)(?:ad[oa]s?|ou|aram)|consertad[oa]s?|reparad[oa]s?|"
    r"não precisa mais|como prometido",
    passive=r"foi|foram|está|estão",
    undone=r"será|serão|vai|vão|deve|quer|para que|ainda|espera|até|antes de|prometeu",
    preference=r"prefere|preferia|preferiria|gosta de|alérgic[oa]|alergias?|vegetarian[oa]|"
    r"vegan[oa]|intolerân\w+|intolerante|celíac[oa]|diabétic[oa]|só fala|não (?:come|bebe)",
)
_ITALIAN = Phrases(
    agent=r"agente|assistente|operat(?:ore|rice)|consulente|tecnico|azienda|negozio|team|noi",
    caller=r"cliente|chiamante|utente|paziente",
    object_of=r"(?:a|con|per|di|da)(?: il| la)?|al(?:la|lo|l)?|del(?:la|lo|l)?|dal(?:la|l)?",
    pronoun=r"lui|lei|loro",
    vow=r"(?:ha|hanno|abbiamo) promesso|promette|si è impegnat[oa]|si impegna|ha assicurato|"
    r"ha garantito|ha accettato di",
    will=r"(?!sar|avr|dovr|potr|vorr|coster)\w+(?:[eia]rà|rrà|[eia]ranno|rranno|[ei]remo)",
    would=r"avrebbe \w+[aiu]t[oa]|(?!sar|vorr|potr|dovr|preferir)\w+[ei]rebbe",
    reported=r"detto|confermato|spiegato|assicurato|promesso|indicato|informato",
    served=r"(?:sarà|saranno|verrà|verranno) (?:consegnat|inviat|contattat|rimborsat|richiamat|"
    r"riparat|sostituit)[oaie]|riceverà",
    state=_NEVER,
    unreal=r"chiest\w+|chied\w+|se|quando|sper\w+|sapere|lament\w+",
    negation=r"non|mai|nessun\w*|senza",
    done=r"risolt[oaie]|completat[oaie]|consegnat[oaie]|ricevut[oaie]|inviat[oaie]|pagat[oaie]|"
    r"rimborsat[oaie]|arrivat[oaie]|richiamat[oaie]|annullat[oaie]|cancellat[oaie]|riparat[oaie]|"
    r"disdett[oaie]|sostituit[oaie]|ritirat[oaie]|non serve più|come promesso",
    passive=r"(?:è|sono|stat[oaie])",
    undone=r"sarà|saranno|verrà|verranno|deve|vuole|ancora|aspetta|prima di|promesso di|avrebbe",
    preference=r"preferisce|preferiva|preferirebbe|(?:gli|le) piac(?:e|ciono)|allergic[oa]|"
    r"allergi[ae]|vegetarian[oa]|vegan[oa]|intolleran(?:te|za)|celiac[oa]|diabetic[oa]|"
    r"parla solo|non (?:mangia|beve)",
)

_BY_LANGUAGE = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "es": _SPANISH,
    "fr": _FRENCH,
    "pt": _PORTUGUESE,
    "it": _ITALIAN,
}


@cache
def patterns_for(language: str) -> tuple[Patterns, ...]:
    """
    Return the patterns to read a summary of a call in `language` with.

    Summaries are often in English whatever was spoken, so English is always among them; of an
    unknown language all are tried.
    """
    tag = language.partition("-")[0]
    tags = dict.fromkeys([tag, "en"]) if tag in _BY_LANGUAGE else dict.fromkeys(_BY_LANGUAGE)
    return tuple(_compiled(each) for each in tags)


@cache
def _compiled(tag: str) -> Patterns:
    phrases = _BY_LANGUAGE[tag]
    entries = {
        field.name: getattr(phrases, field.name)
        for field in fields(phrases)
        if field.name != "nouns_are_capital"
    }
    return Patterns(
        find={name: _whole_words(entry) for name, entry in entries.items()},
        telling=_whole_words("|".join(entries[name] for name in _TELLING)),
        nouns_are_capital=phrases.nouns_are_capital,
    )


def _whole_words(entry: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?=\w)(?:{entry})(?!\w)")
