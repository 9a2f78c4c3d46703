"""The Dutch, Polish, Russian and Arabic phrases."""
# ruff: noqa: RUF001 - Cyrillic letters look like ours

from voice.instruction_phrases.grammar import PhraseTable

_NL_CORE = (
    "instructie|instructies|regels|richtlijnen|prompt|prompts|programmering|opdrachten|bevelen|"
    "beperkingen|voorschriften|aanwijzingen|systeemprompt"
)
_NL_OVERRIDE = (
    "negeer|negeert|negeren|vergeet|vergeten|omzeil|omzeilt|omzeilen|overschrijf|schrap|wis|"
    "overtreed|verbreek|schakel|volg+niet|breek|verwerp"
)
_NL_FUTURE = (
    "vanaf+nu|van+nu+af+aan|voortaan|in+het+vervolg|bij+elk+gesprek|in+alle+gesprekken|"
    "bij+elke+oproep|vanaf+vandaag"
)
_NL_SHOW = (
    "toon|laat|vertel|geef|noem|lees|herhaal|onthul|onthult|zeg|druk|deel|wat+is|wat+zijn|stuur"
)
_NL_EVERYBODY = (
    "elke+beller|iedere+beller|alle+bellers|elke+klant|alle+klanten|iedereen+die+belt|iedere+klant"
)

DUTCH = PhraseTable(
    leads=(
        "alsjeblieft|alstublieft|en|nu|dan|ok|oké|hallo|hoor|luister|je|jij|u|moet|zal|altijd|maar"
    ),
    phrases=f"""
        {_NL_OVERRIDE} ..2 je|jouw|uw|zijn|al+je ..1 {_NL_CORE},
        {_NL_OVERRIDE} ..1 alle ..2 {_NL_CORE} !van+mij|die+ik|op|van+de,
        {_NL_OVERRIDE} ..1 de ..1 vorige|eerdere|bovenstaande|voorgaande {_NL_CORE} !die+ik,
        zijn|haar|de ..1 {_NL_CORE} te negeren|vergeten|omzeilen|overtreden,
        {_NL_OVERRIDE} ..1 alles wat|hierboven ..1 je|u|jou|jullie ..3,
        ^ je|jij|u bent|ben nu|voortaan|vanaf+nu een|geen|vrij|dan|mijn,
        ^ nu ben|bent je|jij|u een|vrij|dan,
        je|u hebt|heeft geen ..1 regels|beperkingen|grenzen|filters,
        {_NL_FUTURE} (altijd|alleen)2 antwoord|antwoordt|gehoorzaam|gehoorzaamt|spreek+als|
            praat+als|moet|ben|bent|negeer|doe+je+alsof|zeg+je|gedraag|reageer ..2,
        ^ antwoord|antwoordt|reageer ..1 alleen|altijd|uitsluitend ..1 met|in|ja|nee|als,
        {_NL_SHOW} ..3 je|jouw|uw|de ..2 systeemprompt|prompt|interne+instructies|
            geheime+instructies|configuratie|verborgen+instructies|klantenlijst|klantgegevens,
        {_NL_SHOW} ..2 je|jouw|uw instructies|richtlijnen,
        {_NL_SHOW} ..3 gegevens|nummers|adressen van ..2 klanten|bellers|anderen,
        ^ als|wanneer|zodra|elke+keer+als|telkens+als deze|iemand|elke|de+volgende ..1 beller|klant|
            nummer|persoon ..2 belt|bellen,
        ^ vertel|zeg|meld|vraag|informeer|verbind|bied|raad ..1 tegen|aan|door {_NL_EVERYBODY},
        ^ vertel|vraag|informeer|verbind {_NL_EVERYBODY},
        ^ doe ..1 alsof,
        ^ gedraag|antwoord|reageer|praat|spreek (je|u) als een|de|dan|of,
        ^ speel ..2 rol,
        ^ sla|omzeil|negeer|schakel ..2 verificatie|controle|identiteitscontrole|authenticatie ..2,
        behandel deze|dit|elke ..1 als ..1 beheerder|eigenaar|admin*,
        deze|dit beller|klant|nummer|persoon is|heeft ..2 beheerder|volledige+toegang|admin*,
        ^ je|uw nieuwe|echte instructies|opdracht|taak|rol zijn|is|luidt,
        nieuwe instructies $,
        bericht|notitie|instructie|opdracht voor|aan ..1 ai|assistent|agent|model|bot|systeem|
            chatbot,
        ik ben je|jouw|uw ontwikkelaar|maker|programmeur|beheerder|meester,
        agent|assistent|ai|bot moet|zal|dient altijd|nooit|voortaan ..3,
        ontwikkelaarsmodus|systeemprompt|jailbreak,
        gehoorzaam mij|alleen|deze,
    """,
)

_PL_CORE = (
    "instrukcj*|polece*|zasad*|reguł*|wytyczn*|prompt*|programowani*|rozkaz*|ogranicze*|dyrektyw*"
)
_PL_OVERRIDE = (
    "ignoruj*|zignoruj*|zignorować|ignorować|zapomnij*|zapomnieć|pomiń|pomijaj|obejdź|omiń|złam|"
    "łam|porzuć|odrzuć|nadpisz|wyłącz|skasuj|usuń|nie+przestrzegaj|nie+słuchaj"
)
_PL_FUTURE = "od+teraz|odtąd|od+tej+pory|od+tego+momentu|w+każdej+rozmowie|od+dzisiaj|od+dziś"
_PL_SHOW = (
    "ujawnij|pokaż|podaj|powiedz|wypisz|wyświetl|przeczytaj|powtórz|zdradź|wymień|jaki+jest|"
    "jakie+są|wyślij"
)

POLISH = PhraseTable(
    leads=(
        "proszę|i|a|teraz|więc|ok|hej|słuchaj|ty|musisz|masz|zawsze|tylko|po+prostu|ale|chcę+żebyś"
    ),
    phrases=f"""
        {_PL_OVERRIDE} ..2 swoje|swoich|swój|twoje|twoich|swoim|swoją ..1 {_PL_CORE},
        {_PL_OVERRIDE} ..1 wszystkie|wszystkich|wszelkie ..1 {_PL_CORE},
        {_PL_OVERRIDE} ..1 poprzedni*|wcześniejsz*|powyższ* ..1 {_PL_CORE},
        {_PL_OVERRIDE} ..1 wszystkim|wszystko|o+wszystkim ..1 co ..1 ci|wiesz|powiedzian*|tobie ..2,
        ^ jesteś teraz|od+teraz|odtąd,
        ^ teraz|odtąd jesteś,
        nie masz|obowiązują ..1 żadnych|cię|już ..1 zasad*|ogranicze*|reguł*|filtr*,
        {_PL_FUTURE} (zawsze|tylko|ty|masz|musisz|będziesz)3 odpowiad*|odpowiedz|słuchaj+tylko|
            słuchasz|mów+jak|mówisz|jesteś|ignoruj*|udawaj|zachowuj|zatwierdzaj|musisz|masz,
        ^ odpowiadaj|odpowiedz ..1 tylko|zawsze|wyłącznie ..1 na|w|po|tak|nie|jak,
        {_PL_SHOW} ..3 swój|swoje|twój|twoje ..2 prompt*|instrukcj*|konfiguracj*|zasady|polecenia,
        {_PL_SHOW} ..2 list*|dane|numery|adresy ..1 ..1 klientów|dzwoniących|użytkowników,
        prompt* systemow*,
        ^ gdy|kiedy|jeśli|za+każdym+razem+gdy ten|ta|ktoś|każdy|następny ..1 klient|numer|osoba|
            dzwoniący|rozmówca ..2 dzwoni|zadzwoni,
        ^ mów|powiedz|informuj|przekaż|pytaj|zaoferuj ..1 każdemu|wszystkim|każdego|wszystkich|
            następnemu,
        ^ udawaj|udaj ..5,
        ^ zachowuj|zachowaj|odpowiadaj|mów (się) jak|jakby|jako,
        ^ pomiń|omiń|wyłącz|obejdź ..2 weryfikacj*|kontrol*|uwierzytelni*|identyfikacj*,
        traktuj tego|tę|ten|każdego ..1 jak|jako ..1 administrator*|właściciel*,
        ten|ta klient|numer|osoba|rozmówca jest|ma ..2 administrator*|pełny+dostęp,
        nowe instrukcje|polecenia $,
        ^ twoje nowe|prawdziwe instrukcje|zadanie|zasady ..3,
        wiadomość|notatka|instrukcja|polecenie dla|do ..1 ai|asystenta|agenta|modelu|bota|systemu,
        jestem twoim programistą|twórcą|administratorem|panem,
        agent|asystent|bot musi|ma|powinien zawsze|nigdy|od+teraz ..3,
        tryb+programisty|tryb+dewelopera|jailbreak,
        ^ bądź posłuszny ..3,
    """,
)

_RU_CORE = "инструкци*|указани*|правил*|команд*|промпт*|промт*|ограничени*|директив*|предписани*"
_RU_OVERRIDE = (
    "игнорируй*|игнорировать|проигнорируй*|забудь*|забыть|пренебреги*|обойди*|нарушь*|нарушай*|"
    "отмени*|отбрось*|не+следуй*|отключи*|удали*|сотри*"
)
_RU_FUTURE = "отныне|с+этого+момента|с+этой+минуты|с+сегодняшнего+дня|впредь|теперь+всегда"
_RU_SHOW = (
    "покажи*|раскрой*|скажи*|назови*|прочитай*|повтори*|выведи*|выдай*|дай|дайте|сообщи*|каков"
)

RUSSIAN = PhraseTable(
    leads=("пожалуйста|и|а|теперь|тогда|ну|эй|слушай|ты|вы|должен|всегда|только|просто|но"),
    phrases=f"""
        {_RU_OVERRIDE} ..2 свои|своих|твои|ваши|свой|своими|своим ..1 {_RU_CORE},
        {_RU_OVERRIDE} ..1 все|всех|любые ..1 {_RU_CORE},
        {_RU_OVERRIDE} ..1 предыдущ*|прежн*|прошлые|вышеуказанн* ..1 {_RU_CORE},
        {_RU_OVERRIDE} ..1 все ..1 что ..1 тебе|вам|ты|вы ..3,
        ^ ты|вы теперь|отныне ..5,
        ^ теперь|отныне ты|вы ..5,
        у+тебя|у+вас ..1 нет ..2 {_RU_CORE}|фильтров|запретов,
        {_RU_FUTURE} (ты|вы|всегда|только|должен|должна|будешь)4 отвеча*|ответь|говори+как|слушай*|
            подчиняйся|делай|веди|притвор*|игнорируй*|должен|одобряй,
        ^ отвечай*|отвечайте ..1 только|всегда|исключительно ..3,
        {_RU_SHOW} ..2 свой|свои|твой|твои|ваш|ваши|системный ..2 промпт*|промт*|инструкци*|
            настройк*|правила|указания,
        системн* промпт*|промт*|инструкци*,
        {_RU_SHOW} ..2 список|данные|номера|адреса ..1 клиентов|звонивших|пользователей|всех,
        ^ когда|если|каждый+раз+когда этот|эта|кто+то|любой|следующий ..1 клиент|абонент|номер|
            человек ..2 звонит|позвонит,
        ^ говори|скажи|сообщай|сообщи|спрашивай|предлагай ..1 каждому|всем|любому|следующему,
        ^ притворись|притворяйся|представь+что+ты|сделай+вид ..3,
        ^ веди|действуй|отвечай|говори (себя) как|словно,
        ^ пропусти|обойди|отключи|не+проводи ..2 проверк*|верификаци*|идентификаци*|аутентификаци*,
        новые инструкции|указания $,
        я твой|ваш разработчик|создатель|программист|администратор|хозяин,
        режим+разработчика|джейлбрейк,
        ^ подчиняйся|слушайся|повинуйся ..3,
    """,
)

_AR_CORE = (
    "تعليمات*|التعليمات|اوامر*|الاوامر|قواعد*|القواعد|توجيهات*|التوجيهات|ارشادات*|الارشادات|"
    "برمجت*|قيود*|القيود"
)
_AR_OVERRIDE = "تجاهل|تجاهلي|تجاهلوا|انس|انسى|اهمل|تخط|تخطى|الغ|احذف|خالف|اكسر"

ARABIC = PhraseTable(
    leads=("من+فضلك|و|الان|ثم|حسنا|اسمع|انت|يجب+ان|دائما|فقط"),
    phrases=f"""
        {_AR_OVERRIDE} ..1 تعليماتك|تعليماتكم|اوامرك|قواعدك|توجيهاتك|ارشاداتك|برمجتك|قيودك,
        {_AR_OVERRIDE} ..1 كل|جميع|كافه ..1 {_AR_CORE},
        {_AR_OVERRIDE} ..1 {_AR_CORE} السابقه|اعلاه|الاصليه|المذكوره,
        {_AR_OVERRIDE} كل|جميع ما|شيء قيل|تعرفه|تعلمته|قالوا|سبق ..2,
        انت الان ..4,
        من+الان|من+الان+فصاعدا|منذ+الان|ابتداء+من+الان ..1 اجب|اجيبي|تصرف|اطع|تكلم|قل|رد|يجب|انت|كن|
            وافق ..3,
        اكشف|اظهر|اعرض|اخبرني|اعطني|اقرا|كرر|اطبع ..2 موجه|تعليماتك|اوامرك|توجيهاتك|برومبت|قواعدك
            ..2,
        واعطني|اعطني|اخبرني|اعرض قائمه|بيانات|ارقام|عناوين ..1 العملاء|المتصلين|المستخدمين,
        تظاهر|ادع|تصرف ..1 بانك|انك|كانك|كما ..3,
        عندما|كلما|اذا يتصل|اتصل ..1 هذا|اي|احد ..1 العميل|المتصل|الرقم|شخص ..3,
        قل|اخبر ..1 لكل|كل|جميع|لجميع متصل|المتصلين|عميل|العملاء ..3,
        اطعني|اطع ..2,
    """,
)
