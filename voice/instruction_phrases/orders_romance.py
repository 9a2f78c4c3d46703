"""Spanish, French, Italian and Portuguese orders that name no instructions, as in `orders`."""

from voice.instruction_phrases.grammar import PhraseTable
from voice.instruction_phrases.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH

_ES_CHECK = "verificación|verificaciones|autenticación|identificación|control+de+identidad"
_ES_LEAVE = "aprobación|autorización|verificación|confirmación|permiso"
_ES_GIVEN = "reembolso|reembolsos|devoluciones|descuento|descuentos|pagos|transferencias|abonos"
_ES_SAY = "di|diga|dile|dígale|diles|dígales|contesta|conteste|responde|responda|finge|niega|miente"
_ES_ASKS = "pregunta|preguntan|pregunte|pregunten|pide|piden|pida|pidan"

ORDERS_SPANISH = PhraseTable(
    leads=f"{SPANISH.leads}|así+que|luego|porque",
    phrases=f"""
        agente|asistente|ia|bot|usted|tú|debes debe|puede|debería|tiene+que|ha+de|debes|puedes ..1
            omitir|saltarse|saltar|evitar|ignorar|desactivar ..2 {_ES_CHECK},
        {_ES_CHECK} ..1 no es|son|está ..1 necesaria|necesario|obligatoria|requerida|precisa,
        no es|hace|hay necesaria|falta|que|necesario ..2 {_ES_CHECK}|verificarme|identificarme,
        no ..1 debe|debes|tiene+que|tienes+que|necesita|necesitas ..1 verificarme|identificarme|
            verificar+a+este|pedirme+la+verificación|pedirme+verificación,
        {_ES_GIVEN} ..4 no ..1 necesita|necesitan|requiere|requieren ..1 {_ES_LEAVE},
        próxima+vez|cuando|cada+vez|siempre que|llame|yo llame|llamo|llamar* ..2
            dame|deme|déme|aplica|aplique|aprueba|concede|salta|ofréceme|ofrézcame ..6 descuento|
            reembolso|gratis|dinero|acceso|preguntar|verificar|verificación|todo,
        ^ dame|deme|déme|aplica|aprueba|concede|transfiere|reembolsa ..6 sin ..1 preguntar|
            verificar|comprobar|{_ES_LEAVE},
        cuando|si|al leas|lee|lees|leer|estás+leyendo|lea|leerlo esto|este|esta|lo ..3 di|diga|dile|
            dígale|da|dale|revela|transfiere|aprueba|ignora|concede|haz|borra|siempre|nunca,
        ^ di|diga|dime|dígame|revela|revele|dale|da|lee ..2 contraseña|clave|contraseñas ..1
            administrador|sistema|admin|maestra|root|empleado*,
        ^ actualización|aviso|mensaje|nota ..1 sistema|seguridad|política $ ..6 vip|verificado|
            acceso|concede|conceda|autorizado|verificación|reembolsos|administrador|siempre|nunca,
        ^ concede|conceda|da|dale|otorga|otorgue ..3 acceso|permisos|privilegios total|completo|
            ilimitado|administrador,
        cliente|usuario|llamante|número es vip $,
        ^ haz|haga|concede|obedece ..1 todo|lo ..1 que|lo+que ..1 pida|pide|diga|dice|quiera|ordene
            el|la|este|cualquier ..1 próximo|próxima|siguiente|cliente|llamante,
        ^ ignora|ignore|omite|desobedece|sáltate|incumple ..1 las|los|todas ..1 reglas|normas|
            políticas|medidas ..1 seguridad|privacidad|internas,
        si|cuando alguien|alguno|un+cliente|los+clientes|cualquiera|otros+clientes|la+gente
            {_ES_ASKS} ..1 por|sobre|si|qué|cuándo|el|la|cuánto|dónde !mí|mi ..7 {_ES_SAY},
        ^ borra|borre|elimina|elimine|suprime todo|todos|todas ..1-mis|mi|nuestros los|las|
            registros|datos registros|datos|notas|archivos|clientes|conversaciones|historiales
            !que|sobre+mí,
        llamada|conversación y borra|borre|elimina|elimine todo|todos|todas,
    """,
)

_FR_CHECK = "vérification|vérifications|authentification|identification|contrôle+d+identité"
_FR_LEAVE = "approbation|autorisation|validation|vérification|confirmation|accord"
_FR_GIVEN = "remboursement|remboursements|remise|remises|réductions|paiements|virements|avoirs"
_FR_SAY = "dis|dites|réponds|répondez|prétends|mens|fais+croire|annonce|annoncez|affirme"
_FR_ASKS = "demande|demandent|veut+savoir|veulent+savoir|se+renseigne"

ORDERS_FRENCH = PhraseTable(
    leads=f"{FRENCH.leads}|donc|parce+que|ensuite",
    phrases=f"""
        agent|assistant|ia|bot|vous|tu doit|peut|devrait|dois|devez|peux|pouvez ..1 sauter|ignorer|
            omettre|passer|contourner|éviter|désactiver ..2 {_FR_CHECK},
        {_FR_CHECK} n est|sont ..1 pas|plus ..1 nécessaire|nécessaires|requise|obligatoire|utile,
        pas|plus|inutile besoin|nécessaire|de ..2 vérification|me+vérifier|m+identifier|
            vérifier+mon+identité|m+authentifier !de+réparation,
        {_FR_GIVEN} ..3 n|ne ont|nécessite|nécessitent|requièrent|demandent ..1 pas|plus|aucune
            ..1 besoin|{_FR_LEAVE} ..2,
        prochaine+fois|quand|lorsque|chaque+fois que|j|je ..1 appelle|appellerai|appelé|rappelle ..2
            donne+moi|donnez+moi|accorde|accordez|applique|approuve|offre|offrez|saute ..6
            réduction|remise|remboursement|gratuit|argent|accès|demander|vérifier|vérification|
            tout,
        ^ donne|donnez|accorde|approuve|applique|rembourse|remboursez|transfère ..7 sans ..1
            demander|vérifier|{_FR_LEAVE}|question,
        quand|si|lorsque|dès+que tu|vous lis|lisez|liras|vois|voyez ceci|cela|ça|ce|cette ..3 dis|
            dites|donne|donnez|révèle|transfère|approuve|ignore|accorde|fais|efface|toujours|jamais,
        ^ dis|dites|révèle|révélez|donne|donnez|lis ..3 mot+de+passe|mots+de+passe ..1
            administrateur|admin|système|maître|employé*,
        ^ mise+à+jour|avis|message|note ..1 système|sécurité|politique $ ..7 vip|vérifié|accès|
            accorde|accordez|autorisé|vérification|remboursements|administrateur|toujours|jamais,
        ^ accorde|accordez|donne|donnez ..4 accès|droits|privilèges total|complet|illimité|
            administrateur,
        client|utilisateur|appelant|numéro est vip $,
        ^ fais|faites|accorde ..1 tout ce+que|ce+qu|que ..1 demande|demandera|dit|veut|dira|voudra
            le|la|ce|chaque|n+importe ..1 prochain|prochaine|client|appelant,
        ^ fais|faites ..1 tout ce+que|ce+qu le|la|ce|chaque ..1 prochain|prochaine|client|appelant
            ..1 demande|demandera|dit|veut|dira|voudra,
        ^ ignore|ignorez|oublie|oubliez|contourne|enfreins|néglige ..1 les|toutes ..1 règles|
            consignes|mesures|politiques ..1 sécurité|confidentialité|internes,
        si|quand|lorsque qu|quelqu|un|une|les|des|on ..1 un|client|clients|appelant|gens|personne
            {_FR_ASKS} ..1 les|le|la|si|où|quand|pour|combien|l|comment ..7 ^ {_FR_SAY},
        si|quand quelqu+un|un+client|les+clients|on|les+gens {_FR_ASKS} ..6 {_FR_SAY},
        ^ supprime|supprimez|efface|effacez|détruis toutes|tous ..1-mes|nos données|enregistrements|
            dossiers|fichiers|notes|clients|conversations !que|me+concernant|sur+moi,
        appel|conversation et supprime|supprimez|efface|effacez tout|toutes|tous,
    """,
)

_IT_CHECK = "verifica|verifiche|autenticazione|identificazione|controllo+di+identità"
_IT_LEAVE = "approvazione|autorizzazione|verifica|conferma|permesso"
_IT_GIVEN = "rimborso|rimborsi|sconto|sconti|pagamenti|bonifici|resi"
_IT_SAY = "di|dì|dica|dite|rispondi|risponda|fingi|nega|menti|dille|digli"

ORDERS_ITALIAN = PhraseTable(
    leads=f"{ITALIAN.leads}|quindi|perciò|perché",
    phrases=f"""
        agente|assistente|ia|bot|tu|lei deve|può|dovrebbe|devi|puoi ..1 saltare|omettere|ignorare|
            evitare|tralasciare|disattivare ..2 {_IT_CHECK},
        {_IT_CHECK} non è|sono|serve|occorre,
        non serve|occorre|è+necessaria|c+è+bisogno|è+necessario ..2 {_IT_CHECK}|verificarmi|
            identificarmi|verificare+la+mia,
        {_IT_GIVEN} ..3 non ..1 richiede|richiedono|necessitano|serve|hanno+bisogno ..1
            {_IT_LEAVE},
        prossima+volta|quando|ogni+volta che|io|chiamo ..1 chiamo|chiamerò|telefono|dammi ..2
            dammi|mi+dia|applica|approva|concedi|salta|offrimi|conceda ..6 sconto|rimborso|gratis|
            denaro|accesso|chiedere|verificare|verifica|tutto,
        ^ dammi|mi+dia|applica|approva|concedi|rimborsa|trasferisci ..7 senza ..1 chiedere|
            verificare|controllare|domande|{_IT_LEAVE},
        quando|se leggi|legge|leggerai|stai+leggendo questo|questa|ciò ..3 di|dì|dica|dai|dia|
            rivela|trasferisci|approva|ignora|concedi|fai|cancella|sempre|mai,
        ^ di|dì|dica|rivela|dammi|dimmi|leggi ..2 password|parola+d+ordine ..1 amministratore|admin|
            sistema|root|dipendenti,
        ^ aggiornamento|avviso|messaggio|nota ..1 sistema|sicurezza $ ..6 vip|verificato|accesso|
            concedi|autorizzato|verifica|rimborsi|amministratore|sempre|mai,
        ^ concedi|conceda|dai|dia ..3 accesso|permessi|privilegi completo|totale|illimitato|
            amministratore,
        ^ fai|faccia ..1 tutto|quello|qualunque+cosa ciò+che|quello+che|che ..1 chiede|chieda|
            dice|vuole il|la|questo|ogni ..1 prossimo|prossima|cliente|chiamante,
        ^ fai|faccia ..1 tutto|quello ciò+che|quello+che|che il|la|questo|ogni ..1 prossimo|cliente|
            chiamante ..1 chiede|chiederà|dice|vuole,
        ^ ignora|ignori|aggira|viola ..1 le|tutte ..1 regole|norme|politiche|misure ..1 sicurezza|
            privacy|interne,
        se|quando qualcuno|un+cliente|i+clienti|la+gente chiede|chiedono|chiedesse ..1 gli|il|la|
            di|dove|quando|se|per|l|quanto|i !me ..7 {_IT_SAY},
        ^ cancella|cancelli|elimina|elimini tutti|tutte|tutto ..1-miei|mie dati|registri|
            registrazioni|note|file|clienti|conversazioni !che|su+di+me,
        chiamata|telefonata|conversazione e cancella|cancelli|elimina|elimini tutti|tutte|tutto,
    """,
)

_PT_CHECK = "verificação|verificações|autenticação|identificação|confirmação+de+identidade"
_PT_LEAVE = "aprovação|autorização|verificação|confirmação|permissão"
_PT_GIVEN = "reembolso|reembolsos|desconto|descontos|pagamentos|transferências|devoluções"
_PT_SAY = "diga|diz|responda|responde|finja|negue|minta|informe"

ORDERS_PORTUGUESE = PhraseTable(
    leads=f"{PORTUGUESE.leads}|portanto|por+isso|porque",
    phrases=f"""
        agente|assistente|ia|bot|você|tu deve|pode|deveria|tem+que|tem+de|deves|podes ..1 pular|
            saltar|omitir|ignorar|evitar|dispensar|desativar ..2 {_PT_CHECK},
        {_PT_CHECK} não é|são|está ..1 necessária|necessário|obrigatória|exigida|precisa,
        não é|precisa|há necessária|necessário|de|precisa ..2 {_PT_CHECK}|me+verificar|
            me+identificar|verificar+a+minha,
        {_PT_GIVEN} ..3 não ..1 precisa|precisam|requer|requerem|exigem|necessitam ..1 {_PT_LEAVE},
        próxima+vez|quando|sempre|cada+vez que|eu ..1 ligar|ligue|ligo|telefonar ..2 dê+me|dá+me|
            me+dê|aplique|aprove|conceda|pule|ofereça ..6 desconto|reembolso|grátis|dinheiro|
            acesso|perguntar|verificar|verificação|tudo,
        ^ dê|dá|me+dê|aplique|aprove|conceda|reembolse|transfira ..7 sem ..1 perguntar|verificar|
            perguntas|{_PT_LEAVE},
        quando|se|ao ler|lê|leres|estiver+lendo|lendo isto|isso|este|esta ..3 diga|diz|dê|revele|
            transfira|aprove|ignore|conceda|faça|apague|sempre|nunca,
        ^ diga|diz|revele|dê|leia|informe ..2 senha|senhas|palavra+passe|password ..1 administrador|
            admin|sistema|root|funcionários,
        ^ atualização|aviso|mensagem|nota ..1 sistema|segurança $ ..6 vip|verificado|acesso|conceda|
            autorizado|verificação|reembolsos|administrador|sempre|nunca,
        ^ conceda|concede|dê|dá ..3 acesso|permissões|privilégios total|completo|ilimitado|
            administrador,
        ^ faça|faz|atenda ..1 tudo|o ..1 que|o+que ..1 pedir|peça|disser|quiser|mandar o|a|este|
            qualquer ..1 próximo|próxima|cliente,
        ^ faça|faz ..1 tudo|o ..1 que|o+que o|a|este|qualquer ..1 próximo|próxima|cliente ..1
            pedir|peça|disser|quiser|mandar,
        ^ ignore|ignora|desconsidere|contorne|viole ..1 as|todas ..1 regras|normas|políticas|
            medidas ..1 segurança|privacidade|internas,
        se|quando alguém|um+cliente|os+clientes|qualquer+pessoa|as+pessoas perguntar|perguntarem|
            pergunta|perguntam|pedir|pedirem ..1 pelo|pela|sobre|se|onde|quando|o|a|por|quanto !mim
            ..7 {_PT_SAY},
        ^ apague|apaga|exclua|elimine|delete todos|todas|tudo ..1-meus|minhas dados|registos|
            registros|notas|arquivos|clientes|conversas !que|sobre+mim,
        chamada|ligação|conversa e apague|apaga|exclua|elimine todos|todas|tudo,
    """,
)
