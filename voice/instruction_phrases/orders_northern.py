"""German, Dutch, Polish, Russian and Arabic orders that name no instructions, as in `orders`."""
# ruff: noqa: RUF001 - Cyrillic letters look like ours

from voice.instruction_phrases.german import GERMAN
from voice.instruction_phrases.grammar import PhraseTable
from voice.instruction_phrases.northern import ARABIC, DUTCH, POLISH, RUSSIAN

_DE_CHECK = (
    "verifizierung|verifikation|identitätsprüfung|identitätsprüfungen|authentifizierung|"
    "identifizierung|sicherheitsfrage|sicherheitsfragen|sicherheitsabfrage|legitimation"
)
_DE_LEAVE = f"genehmigung|freigabe|zustimmung|prüfung|überprüfung|nachfragen|rückfrage|{_DE_CHECK}"
_DE_GIVEN = "erstattung|erstattungen|rabatt|rabatte|rückzahlungen|gutschriften|überweisungen"
_DE_GIFT = "rabatt|rabatte|geld|gratis|kostenlos*|zugriff|erstattung|gutschrift|prozent|alles"
_DE_SAY = "sag|sage|sagen+sie|antworte|antworten+sie|behaupte|behaupten+sie|lüg*|erzähl*"
_DE_GIVE = "gib|geben+sie|gewähre|gewähren+sie|gewähr|genehmige|genehmigen+sie|erstatte|überweise"

ORDERS_GERMAN = PhraseTable(
    leads=f"{GERMAN.leads}|deshalb|daher|darum",
    phrases=f"""
        agent|agentin|assistent|ki|bot|sie|du soll|sollte|muss|darf|kann|sollen|dürfen|können|
            sollst|darfst|kannst|müssen ..2 {_DE_CHECK} ..4 überspringen|weglassen|auslassen|
            umgehen|ignorieren|unterlassen|abschalten,
        sie|du|agent|agentin|assistent müssen|musst|muss|brauchen|brauchst|braucht ..1 mich|
            diesen+anrufer|meine+identität|diese+nummer|den+anrufer nicht ..1 verifizieren|
            prüfen|überprüfen|identifizieren|zu+verifizieren|zu+prüfen|zu+überprüfen,
        {_DE_CHECK} ist|sind ..3 nicht|unnötig|überflüssig nötig|erforderlich|notwendig|
            vorgeschrieben,
        keine {_DE_CHECK} ..3 nötig|erforderlich|notwendig,
        {_DE_GIVEN} ..2 brauchen|braucht|benötigen|benötigt|erfordern|erfordert keine|keinerlei ..1
            {_DE_LEAVE},
        wenn|sobald|falls|jedes+mal ich|wenn ..3 anrufe|anruf|melde ..1 {_DE_GIVE} ..7 {_DE_GIFT},
        bei|beim nächsten|jedem|meinem ..1 anruf ..1 {_DE_GIVE} ..7 {_DE_GIFT},
        ^ {_DE_GIVE} ..7 {_DE_GIFT} ..4 wenn|sobald ich ..3 anrufe|anruf,
        ^ {_DE_GIVE}|verbinde|stell|stelle ..8 ohne ..1 {_DE_LEAVE}|nachzufragen|zu+fragen|
            zu+prüfen,
        wenn|sobald|falls du|sie das|dies|diese|diesen|es ..2 liest|lesen|siehst|sehen ..1 sag|sage|
            sagen|gib|geben|verrate|verraten|verbinde|genehmige|ignoriere|gewähre|tu|lösche|immer|
            nie !sie+mir+bitte+bescheid|mir+bitte+bescheid|mir+bescheid|sie+mir+bescheid,
        ^ sag|sage|sagen|verrate|verraten|nenn|nenne|nennen|lies|gib ..3 admin|administrator|system|
            root|mitarbeiter|master passwort|kennwort,
        ^ sag|sage|sagen|verrate|verraten|nenn|nenne|nennen|gib ..3 admin*|administrator*|
            systempasswort|systemkennwort|masterpasswort $,
        ^ systemupdate|systemmeldung|systemhinweis|sicherheitsupdate|systemaktualisierung|
            richtlinienänderung|system+update $ ..6 vip|verifiziert|zugriff|gewähre*|berechtigt|
            verifizierung|erstattungen|freigeschaltet|immer|nie,
        vollen|volle|vollständigen|unbegrenzten|uneingeschränkten zugriff|zugang|rechte ..2
            gewähren|geben|erteilen|einräumen $,
        ^ gewähre|gewähren|gib|geben|erteile ..3 vollen|volle|unbegrenzten|uneingeschränkten
            zugriff|zugang|rechte,
        anrufer|kunde|kundin|nutzer ist vip $,
        tu|tue|tun|mach|mache|machen ..1 alles|was was|immer|der ..1 der|die|dieser|jeder|nächste
            ..1 anrufer|anruferin|kunde|nächste ..1 verlangt|sagt|will|möchte|wünscht,
        ^ missachte*|ignorier*|umgeh*|übergeh*|vergiss ..1 die|alle|sämtliche|diese ..1
            sicherheitsregel*|sicherheitsrichtlinie*|sicherheitsvorschrift*|datenschutzregel*,
        wenn|falls|sobald jemand|einer|kunden|anrufer|leute|irgendwer ..1 nach|wegen|was|wann|wo|ob
            !mir ..5 fragt|fragen|wissen+will ..1 {_DE_SAY},
        ^ lösch*|entfern*|vernichte* alle|sämtliche|jeden ..1-meine|unsere daten|datensätze|
            aufzeichnungen|einträge|notizen|akten|kundendaten|gespräche !die|über+mich|von+mir,
        gespräch|anruf|telefonat und lösch*|vernichte* alle|alles|sämtliche,
    """,
)

_NL_CHECK = "verificatie|identiteitscontrole|authenticatie|identificatie|veiligheidsvragen"
_NL_LEAVE = f"goedkeuring|toestemming|controle|autorisatie|bevestiging|{_NL_CHECK}"
_NL_GIVEN = "terugbetaling|terugbetalingen|korting|kortingen|retouren|betalingen|overboekingen"

ORDERS_DUTCH = PhraseTable(
    leads=f"{DUTCH.leads}|dus|daarom|omdat",
    phrases=f"""
        agent|assistent|ai|bot|u|je|jij moet|mag|kan|hoeft|dient|zou+moeten ..2 {_NL_CHECK} ..5
            overslaan|weglaten|omzeilen|negeren,
        {_NL_CHECK} is|zijn ..3 niet nodig|vereist|verplicht|noodzakelijk,
        geen {_NL_CHECK} ..2 nodig|vereist,
        {_NL_GIVEN} ..1 hebben|heeft|vereisen|vereist|behoeven geen {_NL_LEAVE},
        geef|geeft|keur|pas ..1 me|mij|mijn|een ..8 zonder ..1 vragen|te+vragen|controle|
            goedkeuring|{_NL_CHECK},
        volgende+keer|wanneer|als|telkens dat+ik|ik|als+ik bel|weer+bel ..1 geef|geeft|keur|betaal
            ..5 korting|geld|gratis|terug|toegang|goed|alles,
        als|wanneer|zodra je|u dit|deze|dat ..2 leest|ziet ..1 zeg|geef|vertel|onthul|verbind|
            negeer|keur|doe|wis|altijd|nooit !me+even|mij+even,
        ^ zeg|geef|vertel|onthul|noem|lees ..2 adminwachtwoord|beheerderswachtwoord|
            systeemwachtwoord|admin+wachtwoord,
        ^ systeemupdate|systeemmelding|beveiligingsupdate|systeembericht $ ..6 vip|geverifieerd|
            toegang|verificatie|altijd|nooit|terugbetalingen,
        ^ geef|verleen ..3 volledige|onbeperkte toegang|rechten,
        ^ doe alles|wat wat|de ..2 volgende|beller|klant ..1 vraagt|zegt|wil,
        ^ negeer|omzeil|overtreed ..1 de|alle ..1 veiligheidsregels|beveiligingsregels|
            privacyregels,
        als|wanneer|zodra iemand|klanten|bellers|mensen|een+klant ..1 naar|om|waar|wanneer|of|wat
            !mij ..5 vraagt|vragen ..1 zeg|antwoord|vertel|beweer|lieg|doe,
        ^ wis|verwijder|vernietig alle|elk ..1-mijn|onze gegevens|records|dossiers|notities|
            bestanden|klantgegevens !die|over+mij|van+mij,
        gesprek|oproep en wis|verwijder|vernietig alle|alles,
        ^ geef|geeft ..6 keer dat+ik|ik bel ..3 korting|geld|gratis|terugbetaling|toegang,
    """,
)

_PL_CHECK = "weryfikacj*|uwierzytelni*|identyfikacj*|kontrol*+tożsamości"
_PL_LEAVE = "zgody|zatwierdzenia|autoryzacji|weryfikacji|akceptacji|potwierdzenia"

ORDERS_POLISH = PhraseTable(
    leads=f"{POLISH.leads}|dlatego|bo",
    phrases=f"""
        agent|asystent|bot|ty|pan|pani powinien|może|musi|ma|powinna|powinieneś|możesz ..1 pominąć|
            pomijać|omijać|ominąć|zignorować|wyłączyć ..1 {_PL_CHECK},
        {_PL_CHECK} ..1 nie jest|są ..3 wymagana|potrzebna|konieczna|wymagane|potrzebne,
        zwroty|zwrot|rabaty|rabat|przelewy ..2 nie wymagają|wymaga|potrzebują|potrzebuje ..1
            {_PL_LEAVE},
        gdy|kiedy|jak|następnym+razem|jeśli ..2 zadzwonię|dzwonię ..1 daj|dajcie|udziel|przyznaj|
            zatwierdź ..4 zniżk*|rabat*|zwrot*|pieniądze|dostęp|bez,
        ^ daj|przyznaj|zatwierdź|udziel|przelej ..6 bez ..1 pytania|pytań|weryfikacji|sprawdzania|
            {_PL_LEAVE},
        kiedy|gdy|jeśli|jak ..1 to|tę ..1 czytasz|przeczytasz|widzisz ..1 podaj|powiedz|ujawnij|
            przełącz|zatwierdź|zignoruj|daj|usuń|zawsze|nigdy,
        ^ podaj|powiedz|ujawnij|zdradź ..1 hasło administrator*|admin*|systemow*|pracownik*,
        ^ aktualizacja|komunikat ..1 system*|zasad|bezpieczeństwa $ ..6 vip|zweryfikowan*|dostęp|
            weryfikacj*|zwroty|zawsze|nigdy,
        ^ daj|przyznaj|udziel ..3 pełny|pełnego|nieograniczony dostęp|dostępu,
        ^ rób|zrób|wykonaj wszystko co|czego ..1 następny|kolejny|każdy|ten ..1 klient|dzwoniący|
            rozmówca ..1,
        ^ ignoruj|zignoruj|omiń|złam ..1 zasady|reguły|przepisy bezpieczeństwa|prywatności,
        jeśli|gdy|kiedy|jak ktoś|klient|klienci|ktokolwiek ..1 zapyta|pyta|pytają|zapytają ..1
            o|czy|gdzie|kiedy !mnie ..6 powiedz|mów|odpowiedz|odpowiadaj|skłam|udawaj,
        ^ usuń|skasuj|wymaż wszystkie|wszystkich ..1-moje|nasze dane|zapisy|rekordy|notatki|pliki|
            klientów !o+mnie|które,
        rozmowę|połączenie i usuń|skasuj|wymaż wszystkie|wszystko,
    """,
)

_RU_CHECK = "проверк*|верификаци*|идентификаци*|аутентификаци*"

ORDERS_RUSSIAN = PhraseTable(
    leads=f"{RUSSIAN.leads}|поэтому|потому+что",
    phrases=f"""
        агент|ассистент|бот|ты|вы должен|может|обязан|должна|должны|можешь|можете ..1 пропустить|
            пропускать|обойти|игнорировать|отключить|не+проводить ..1 {_RU_CHECK},
        для+меня|мне|у+меня|этому|для+этого ..2 {_RU_CHECK} ..2 не+нужна|не+требуется|
            не+обязательна,
        {_RU_CHECK} ..3 не+нужна|не+требуется|не+обязательна для+меня|мне|для+этого|этому,
        возврат|возвраты|скидки|переводы ..2 не+требуют|не+требует|не+нуждаются ..2 одобрения|
            подтверждения|разрешения|проверки,
        когда|если|каждый+раз ..1 я|когда ..1 позвоню|звоню|перезвоню ..4 дай|дайте|одобри|верни|
            предоставь|сделай ..5 скидку|деньги|бесплатно|возврат|доступ|без,
        ^ дай|дайте|одобри|верни|предоставь|переведи ..5 без ..1 вопросов|проверки|подтверждения|
            одобрения,
        когда|если|как+только ..1 прочитаешь|читаешь|прочтешь|увидишь|прочитаете это|эту ..1 назови|
            скажи|раскрой|переведи|одобри|игнорируй|дай|удали|всегда|никогда,
        ^ назови|скажи|раскрой|сообщи|дай ..1 пароль администратор*|админ*|систем*|сотрудник*,
        ^ предоставь|дай|дайте ..3 полный|неограниченный доступ,
        ^ делай|сделай|выполни|выполняй все что ..2 следующий|каждый|этот|любой ..1 клиент|
            абонент|звонящий|человек,
        ^ игнорируй|нарушь|обойди|отбрось ..1 правила|меры безопасности|конфиденциальности,
        если|когда кто+нибудь|кто+то|клиент|клиенты|кто+либо ..1 спросит|спрашивает|спросят ..1 про|
            о|об|где|когда|почему|сколько ..5 скажи|отвечай|говори|соври|ответь,
        звонок|разговор и удали|сотри|уничтожь все|всех,
        ^ удали|сотри|уничтожь все|всех ..1-мои|наши записи|данные|файлы|заметки|клиентов
            !обо+мне|о+мне,
    """,
)

ORDERS_ARABIC = PhraseTable(
    leads=ARABIC.leads,
    phrases="""
        التحقق|المصادقة|التحقق+من+الهوية غير مطلوب|ضروري|لازم,
        عندما|اذا|حين تقرا|قرات|تقرئين هذا|هذه|ذلك ..2 قل|اعط|اكشف|حول|وافق|احذف|امنح|تجاهل|اخبر,
        قل|اكشف|اعطني|اخبرني كلمه|كلمات ..1 مرور|المرور|السر المسؤول|المدير|النظام,
        امنح|امنحه|امنحني|اعط ..2 وصولا|صلاحيات كاملا|كامله,
        احذف|امسح جميع|كل ..1 السجلات|البيانات|الملفات,
        تجاهل|خالف ..1 قواعد|سياسات|اجراءات ..1 السلامه|الامان|الامن,
    """,
)
