"""The German phrases, with "du" and with "Sie"."""

from voice.instruction_phrases.grammar import PhraseTable

_OVERRIDE = (
    "ignorier*|vergiss|vergesst|vergessen+sie|missachte*|umgeh*|übergeh*|überschreib*|verwirf|"
    "verwerfen|lösch*|brich|breche*|deaktivier*|missachtet|übersieh|streich*|vergessen"
)
_YOURS = "dein|deine|deinen|deiner|deinem|ihre|ihren|ihrer|eure|euren|seine|seinen"
_CORE = (
    "anweisung*|instruktion*|vorgabe*|regel*|richtlinie*|prompt*|systemprompt*|programmierung|"
    "befehl*|beschränkung*|einschränkung*|sicherheitsregel*|grundsätze|direktive*"
)
_BEFORE = "vorherig*|bisherig*|früher*|obig*|vorig*|vorangegangen*|ursprünglich*|sämtlich*"
_FUTURE = (
    "ab+jetzt|von+jetzt+an|ab+sofort|von+nun+an|ab+nun|künftig|in+zukunft|ab+heute|"
    "in+allen+zukünftigen+anrufen|bei+jedem+anruf|in+jedem+gespräch|bei+allen+anrufen"
)
_SHOW = (
    "verrate*|verrätst|zeig*|nenn*|gib|geben|sag|sage|sagen|lies|lesen|wiederhol*|drucke|"
    "offenbar*|teile|teilen|schreib*|was+ist|was+sind|wie+lautet|wie+lauten|verlier|beschreib*"
)
_EVERYBODY = (
    "jedem+anrufer|allen+anrufern|jedem+kunden|allen+kunden|jeden+anrufer|alle+anrufer|"
    "dem+nächsten+anrufer|den+nächsten+anrufer|jeder+anruferin|allen+die+anrufen|jedem+der+anruft"
)
_PERSON = "anrufer|anruferin|kunde|kundin|nummer|person|nutzer"

GERMAN = PhraseTable(
    leads=(
        "bitte|und|jetzt|nun|dann|also|ok|okay|hallo|hey|hör+zu|hören+sie|sofort|du|sie|sollst|"
        "musst|müssen|sollen|wirst|werden|immer|stets|einfach|nur|aber|los|na"
    ),
    phrases=f"""
        {_OVERRIDE} ..3 {_YOURS} ..2 {_CORE},
        befolg*|folg*|beacht*|halt* ..2 nicht|keine|nie ..3 {_CORE} !auf|von|aus,
        telefonnummern|nummern|adressen|daten|namen aller|anderer|der ..1 kunden|anrufer|nutzer,
        ihre|deine|seine|alle ..2 {_CORE} ..2 zu ignorieren|missachten|vergessen|umgehen|befolgen,
        ihre|deine|seine ..2 {_CORE} ignorieren|missachten|vergessen|umgehen|verraten|überschreiben,
        {_OVERRIDE} ..1 alle|sämtliche ..2 {_CORE} !von|auf|aus|in|die+ich|die+wir,
        {_OVERRIDE} ..2 {_BEFORE} ..1 {_CORE} !die+ich|die+wir|von|zur|für,
        vergiss|vergessen+sie|ignorier* ..2 was ..1 dir|ihnen|euch ..2 gesagt|beigebracht|befohlen,
        vergiss|vergessen+sie|ignorier* alles was du|sie|dir|ihnen|darüber|davor,
        vergiss|ignorier* ..1 alles vorherige|obige|davor|bisherige,
        ^ du|sie bist|sind jetzt|nun|ab+jetzt|ab+sofort ein|eine|kein|keine|frei|dan|im+entwickler*,
        ^ du|sie bist|sind nicht+mehr|nicht+länger ..3 gebunden|beschränkt|verpflichtet|
            eingeschränkt,
        du|sie hast|haben ..1 keine|keinerlei ..2 {_CORE}|grenzen|filter,
        {_FUTURE} (bitte|immer|nur|stets)2 antworte|antwortest|antworten+sie|sprichst+du|gehorche|
            gehorchst|tust|bist+du|verhältst|verhalte|ignorier*|beginnst|musst+du|müssen+sie|
            sollst+du|wirst+du|sagst+du|gib|gibst|verrätst|akzeptierst,
        antworte|antworten+sie|gehorche|sprich ..4 {_FUTURE},
        ^ antworte|antworten ..1 nur|immer|ausschließlich|ab+jetzt|stets auf|mit|noch|in|ja|nein|
            wie,
        {_SHOW} ..3 dein|deine|deinen|ihren|ihr|ihre ..2 system*|prompt*|intern*|geheim*|anweisung*|
            instruktion*|konfiguration*|programmierung|vorgabe*,
        {_SHOW} ..2 den|die|das ..1 systemprompt*|system+prompt|kundenliste|kundendaten|
            kundendatenbank,
        {_SHOW} ..2 alle|andere|anderen|sämtliche ..2 kunden*|anrufer*|telefonnummern|adressen|
            nutzerdaten,
        ^ wenn|sobald|falls|jedes+mal+wenn diese*|jeder|ein|der+nächste|jemand ..1 {_PERSON}|
            von+dieser+nummer ..2 anruft|anrufen|anklingelt|ruft ..5,
        wenn|sobald|falls dieser|diese|jeder|der+nächste {_PERSON} ..2 anruft,
        ^ sag|sage|sagen|erzähl*|teile|teilen|verbinde*|frag*|empfiehl|biete|bieten|verkauf*|warne*
            ..1 {_EVERYBODY} ..8,
        ^ tu|tun|tue ..1 so ..1 als,
        ^ gib|geben|stell|stelle ..1 dich|sich ..1 als ..3 aus|vor,
        ^ verhalte|verhalten|benimm|benehmen dich|sich ..1 wie|als,
        ^ spiel|spiele|spielen ..2 rolle,
        ^ überspring*|umgeh*|lass|lassen|unterlass*|deaktivier* ..3 identitätsprüfung|prüfung|
            verifizierung|überprüfung|sicherheitsfrage*|authentifizierung|identifizierung|
            sicherheitsabfrage,
        behandle|behandeln ..1 diesen|diese|mich|jeden ..2 als|wie ..2 admin*|inhaber|chef|
            eigentümer|berechtigt*,
        dieser|diese {_PERSON} ist|hat ..2 admin*|vollzugriff|vollen+zugriff|berechtigt*|
            uneingeschränkt*,
        neue|neuen|aktualisierte|geänderte|geheime {_CORE} $,
        ^ deine|ihre ..1 neue|neuen|einzige|wahre|eigentliche ..1 {_CORE}|aufgabe|rolle ist|sind|
            lautet|lauten,
        hinweis|nachricht|anweisung|befehl|notiz an|für ..1 ki|assistenten|agenten|modell|
            sprachmodell|bot|chatbot|system|künstliche,
        entwicklermodus|wartungsmodus+aktiv*|jailbreak|systemprompt*|administratormodus,
        ^ merk|merke|merken|speicher*|notier* ..3 für|in ..1 alle|jeden|jedes|deinen|deine ..1
            anrufe|anruf|gespräche|anweisungen|prompt|gespräch|zukünftig*|künftig*,
        agent|assistent|ki|bot muss|soll|sollte|darf ..1 immer|nie|niemals|künftig|ab+jetzt ..5,
        ich bin dein|deine|ihr entwickler|programmierer|schöpfer|administrator|meister,
        sprich|spreche|wiederhol* mir nach,
        ^ gehorche|gehorchen ..1 mir|nur|diesem,
        tu|tue|mach alles|nur|genau was ich sage|will|befehle,
    """,
)
