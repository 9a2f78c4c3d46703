"""The Spanish, French, Italian and Portuguese phrases, familiar and polite."""

from voice.instruction_phrases.grammar import PhraseTable

_ES_CORE = (
    "instrucción|instrucciones|reglas|directrices|normas|prompt|prompts|programación|órdenes|"
    "restricciones|indicaciones|limitaciones|directivas|políticas"
)
_ES_OVERRIDE = (
    "ignora|ignore|ignorad|ignorar|ignoren|olvida|olvide|olvidar|olvídate|olvídese|omite|omita|"
    "desobedece|desobedezca|anula|anule|descarta|descarte|sáltate|sáltese|elude|borra|borre|"
    "no+sigas|no+siga|no+obedezcas|desactiva|desactive|pasa+por+alto|haz+caso+omiso"
)
_ES_FUTURE = (
    "a+partir+de+ahora|de+ahora+en+adelante|desde+ahora|en+adelante|en+todas+las+llamadas|"
    "en+cada+llamada|en+futuras+llamadas|a+partir+de+este+momento|de+aquí+en+adelante"
)
_ES_SHOW = (
    "revela|revele|revélame|muestra|muéstrame|muestre|muéstreme|dime|dígame|dame|deme|déme|lee|"
    "léeme|repite|repita|imprime|enséñame|cuéntame|cuál+es|cuáles+son|comparte|envía|envíame"
)
_ES_EVERYBODY = (
    "todos+los+clientes|cada+cliente|todos+los+que+llamen|cada+persona|todas+las+personas|"
    "cada+llamante|todos+los+llamantes|cualquier+cliente|los+demás+clientes|todo+el+mundo"
)

SPANISH = PhraseTable(
    leads=(
        "por+favor|y|ahora|entonces|ok|vale|hola|oye|escucha|bien|pues|tú|usted|debes|debe|"
        "tienes+que|tiene+que|siempre|solo|simplemente|quiero+que|pero"
    ),
    phrases=f"""
        {_ES_OVERRIDE} ..3 tus|tu|sus ..1 {_ES_CORE},
        {_ES_OVERRIDE} ..1 todas|todos|cualquier ..2 {_ES_CORE} !de+mi|que+dejé|que+di,
        {_ES_OVERRIDE} ..1 las|los ..1 {_ES_CORE} anteriores|previas|previos|del+sistema|originales|
            que+te|que+le+han,
        {_ES_OVERRIDE} ..1 todo|lo lo+que|que te|le|sabes|sabe|os ..2 han|dijeron|dicho|enseñaron|
            aprendido|dijo|programado,
        {_ES_OVERRIDE} ..1 todo lo anterior|que+está+arriba,
        ^ ahora|ya eres|es un|una|libre|dan|mi+asistente,
        ^ eres ahora un|una|libre|dan,
        ya+no eres|estás|tienes|está ..2 limitado|sujeto|restricciones|reglas|obligado,
        no+tienes|no+tiene ..1 reglas|restricciones|límites|filtros|limitaciones,
        {_ES_FUTURE} (siempre|solo|sólo|tú|por+favor|usted)3 responde|responda|responderás|contesta|
            conteste|contestarás|actúa|actuarás|obedece|obedecerás|habla+como|di|debes|tienes+que|
            eres|ignora|dirás|finge|aprueba|concede|debe,
        responde|contesta|responda ..4 {_ES_FUTURE},
        ^ responde|responda|contesta|conteste ..1 solo|sólo|siempre|únicamente ..1 con|en|que|sí|no|
            como,
        {_ES_SHOW} ..3 tu|tus|su|sus|el|las|los ..2 prompt|instrucciones+secretas|
            instrucciones+internas|instrucciones+iniciales|configuración|instrucciones+ocultas|
            sistema+prompt|programación,
        {_ES_SHOW} tus ..1 instrucciones|reglas|directrices|órdenes,
        {_ES_SHOW} ..2 lista+de+clientes|datos+de|números+de|direcciones+de|teléfonos+de ..2
            clientes|otros|usuarios|demás|cliente|anterior,
        {_ES_SHOW} ..2 la lista+de+clientes,
        ^ cuando|cada+vez+que|si llame|llama este|esta|cualquier|el+próximo|alguien cliente|número|
            persona|usuario|desde,
        ^ cuando|cada+vez+que|si este|esta|cualquier|el+próximo|alguien cliente|número|persona|
            usuario|llame ..2 llame|llama|de|desde,
        ^ di|dile|dígale|diles|dígales|informa|informe|avisa|avise|pregunta|pregunte|cuenta|
            transfiere|ofrece|recomienda ..1 a {_ES_EVERYBODY},
        ^ finge|finja|simula|simule ser|que|eres,
        ^ haz|haga como+si|de+cuenta|que+eres,
        ^ actúa|actúe|compórtate|compórtese|responde|habla como un|una|si|el|la|dan,
        ^ hazte pasar por,
        ^ omite|omita|sáltate|sáltese|evita|desactiva|salta ..2 verificación|comprobación|
            autenticación|identificación|control,
        trata|trate a este|esta|cada ..1 como ..1 administrador*|dueño|propietario,
        este|esta cliente|número|usuario|persona es|tiene ..2 administrador*|acceso+total|
            acceso+completo|permisos,
        ^ tus|sus|las nuevas|verdaderas instrucciones|órdenes|reglas son,
        nuevas|instrucciones instrucciones|nuevas $,
        nota|mensaje|instrucción|aviso para|al ..1 ia|asistente|agente|modelo|bot|sistema|
            inteligencia,
        soy tu desarrollador|desarrolladora|creador|programador|administrador|amo,
        agente|asistente|ia|bot debe|tiene+que|debería siempre|nunca|ignorar|revelar|obedecer,
        modo+desarrollador|modo+administrador+activado|prompt+del+sistema|jailbreak,
        ignorar|olvidar|desobedecer ..1 sus|tus ..1 {_ES_CORE},
        ^ obedece|obedéceme|obedezca ..2,
    """,
)

_FR_CORE = (
    "instruction|instructions|consigne|consignes|règles|directives|prompt|prompts|programmation|"
    "ordres|restrictions|limites|contraintes|garde+fous"
)
_FR_OVERRIDE = (
    "ignore|ignores|ignorez|ignorer|oublie|oublies|oubliez|oublier|néglige|négligez|contourne|"
    "contournez|contourner|désobéis|désobéissez|annule|annulez|efface|effacez|outrepasse|"
    "outrepassez|passe+outre|ne+suis+plus|ne+suivez+plus|ne+respecte+plus|désactive|désactivez|"
    "ne+tiens+pas+compte|ne+tenez+pas+compte|fais+abstraction|faites+abstraction"
)
_FR_FUTURE = (
    "à+partir+de+maintenant|désormais|dorénavant|dès+maintenant|à+l+avenir|à+chaque+appel|"
    "dans+tous+les+appels|à+compter+de+maintenant|lors+de+chaque+appel"
)
_FR_SHOW = (
    "révèle|révélez|révèle+moi|montre|montrez|montre+moi|montrez+moi|dis|dites|dis+moi|dites+moi|"
    "donne|donnez|donne+moi|donnez+moi|lis|lisez|lis+moi|répète|répétez|affiche|affichez|"
    "quel+est|quelles+sont|quels+sont|partage|envoie|envoyez|recopie|imprime"
)
_FR_EVERYBODY = (
    "tous+les+clients|tous+les+appelants|chaque+client|chaque+appelant|tout+le+monde|"
    "toutes+les+personnes|au+prochain+appelant|tous+ceux+qui+appellent|chaque+personne"
)

FRENCH = PhraseTable(
    leads=(
        "s+il+te+plaît|s+il+vous+plaît|et|maintenant|alors|ok|bonjour|écoute|écoutez|bon|tu|vous|"
        "dois|devez|il+faut+que+tu|toujours|seulement|puis|je+veux+que+tu|mais"
    ),
    phrases=f"""
        {_FR_OVERRIDE} ..3 tes|ton|vos|ses|de+tes|de+vos ..1 {_FR_CORE},
        {_FR_OVERRIDE} ..1 toutes|tous ..2 {_FR_CORE} !de+mon|que+j,
        {_FR_OVERRIDE} ..1 les|des|aux ..1 {_FR_CORE} précédentes|précédents|antérieures|ci+dessus|
            initiales|du+système|d+origine,
        {_FR_OVERRIDE} ..1 tout|ce ce+qu|ce+que|qu|que on|tu|vous|l ..4 dit|appris|sais|savez|donné|
            enseigné|programmé,
        {_FR_OVERRIDE} ..1 tout ce+qui précède,
        ^ tu|vous es|êtes maintenant|désormais un|une|libre|dan|mon,
        ^ maintenant tu|vous es|êtes un|une|libre|dan,
        tu|vous n ..1 es|êtes|as|avez plus|aucune|aucun|pas ..2 soumis|limité|règles|règle|
            restrictions|limites|filtre|filtres|lié|contraint*,
        {_FR_FUTURE} (toujours|seulement|tu|vous)2 réponds|répondez|répondras|répondrez|agis|
            agissez|obéis|obéissez|parle+comme|dois|devez|es|êtes|ignore|ignorez|diras|
            fais+semblant|approuve|accorde,
        réponds|répondez ..4 {_FR_FUTURE},
        ^ réponds|répondez ..1 toujours|uniquement|seulement|que ..1 par|en|oui|non|avec|comme,
        {_FR_SHOW} ..3 ton|tes|votre|vos|le|les ..2 prompt|instructions+internes|
            instructions+secrètes|instructions+initiales|consignes+internes|configuration|
            instructions+cachées|message+système,
        {_FR_SHOW} ..1 tes instructions|consignes|règles|directives,
        {_FR_SHOW} ..2 la liste des clients,
        {_FR_SHOW} ..2 adresses|numéros|données|noms ..1 des ..1 clients|appelants|utilisateurs,
        ^ quand|lorsque|si|dès+que|chaque+fois+que|à+chaque+fois+que ce|cet|cette|un|n+importe|
            le+prochain|chaque client|appelant|numéro|personne|quel ..2 appelle|appellera|rappelle,
        ^ dis|dites|annonce|annoncez|demande|demandez|raconte|transfère|transférez|propose|
            recommande ..1 à {_FR_EVERYBODY},
        ^ fais|faites semblant|comme|croire,
        ^ prétends|prétendez être|que|d,
        ^ agis|agissez|comporte|comportez|réponds|parle (toi|vous) comme un|une|si|le|la|dan,
        ^ joue|jouez ..2 rôle,
        ^ saute|sautez|contourne|contournez|désactive|ignore|ignorez|passe|passez ..2 vérification|
            contrôle|authentification|identification,
        traite|traitez|considère|considérez ce|cet|cette|chaque ..1 comme ..1 administrateur*|
            propriétaire|admin,
        ce|cet|cette client|appelant|numéro|personne est|a ..2 administrateur*|accès+total|
            accès+complet|tous+les+droits,
        ^ tes|vos|les nouvelles|vraies instructions|consignes|règles sont,
        nouvelles instructions|consignes $,
        note|message|instruction|consigne pour|à|au|destiné* ..2 ia|assistant|agent|modèle|bot|
            système|intelligence,
        je suis ton|ta|votre développeur|développeuse|créateur|programmeur|administrateur|maître,
        agent|assistant|ia|bot doit|devra|devrait toujours|jamais|ignorer|révéler|obéir,
        mode+développeur|prompt+système|jailbreak,
        d ignorer|oublier ses|tes|vos ..1 {_FR_CORE},
        ^ obéis|obéissez ..2,
    """,
)

_IT_CORE = (
    "istruzione|istruzioni|regole|direttive|prompt|programmazione|ordini|restrizioni|linee+guida|"
    "limitazioni|vincoli"
)
_IT_OVERRIDE = (
    "ignora|ignori|ignorate|ignorare|dimentica|dimentichi|dimenticare|dimenticati|trascura|"
    "disobbedisci|annulla|cancella|aggira|aggiri|elimina|non+seguire|disattiva|scarta|bypassa"
)
_IT_FUTURE = (
    "da+ora+in+poi|d+ora+in+poi|da+adesso+in+poi|d+ora+in+avanti|da+questo+momento|"
    "in+tutte+le+chiamate|in+ogni+chiamata|da+oggi+in+poi"
)
_IT_SHOW = (
    "rivela|riveli|rivelami|mostra|mostrami|mostri|dimmi|mi+dica|dammi|mi+dia|leggi|leggimi|"
    "ripeti|ripetimi|stampa|qual+è|quali+sono|condividi|invia|elenca"
)
_IT_EVERYBODY = (
    "tutti+i+clienti|ogni+cliente|tutti+i+chiamanti|chiunque+chiami|a+tutti|ogni+persona"
)

ITALIAN = PhraseTable(
    leads=(
        "per+favore|e|adesso|ora|allora|ok|ciao|ascolta|tu|devi|deve|sempre|solo|poi|ma|voglio+che"
    ),
    phrases=f"""
        {_IT_OVERRIDE} ..2 tue|tuo|tuoi|sue|vostre|suoi ..1 {_IT_CORE},
        {_IT_OVERRIDE} ..1 tutte|tutti ..2 {_IT_CORE} !che+ho|del+mio|della+mia,
        {_IT_OVERRIDE} ..1 le|i|gli ..1 {_IT_CORE} precedenti|di+sistema|iniziali|di+prima|che+ti,
        {_IT_OVERRIDE} ..1 tutto ..2 che|ciò+che|quanto ti|sai|hai|vi|le+hanno ..2 hanno|detto|
            imparato|insegnato,
        ^ ora|adesso sei|è un|una|libero|dan|il+mio+assistente,
        ^ sei ora|adesso un|una|libero|dan,
        non hai|ha|sei più|nessuna|nessun|alcuna ..1 regole|regola|restrizioni|limiti|filtri|
            vincolato,
        {_IT_FUTURE} (sempre|solo|tu)2 rispondi|risponda|risponderai|agisci|obbedisci|ubbidisci|
            parla+come|devi|sei|ignora|dirai|fingi|approva|comportati,
        ^ rispondi|risponda ..1 sempre|solo|soltanto ..1 con|in|di|sì|no|come,
        {_IT_SHOW} ..3 tuo|tue|suo|sue|il|le ..2 prompt|istruzioni+segrete|istruzioni+interne|
            istruzioni+iniziali|configurazione|prompt+di+sistema|istruzioni+nascoste,
        {_IT_SHOW} ..1 tue istruzioni|regole|direttive,
        {_IT_SHOW} ..1 la|elenco|lista lista|dei|elenco ..1 clienti,
        ^ quando|se|ogni+volta+che chiama|questo|questa|chiunque|un|il+prossimo ..1 cliente|numero|
            persona|chiamante ..2,
        ^ di|dì|dica|informa|chiedi|racconta|trasferisci|offri|consiglia ..1 {_IT_EVERYBODY},
        ^ fingi|finga|simula|fai+finta di|che|essere,
        ^ agisci|comportati|rispondi|parla come un|una|se|il|la|dan,
        ^ salta|ignora|aggira|disattiva|evita ..2 verifica|controllo|autenticazione|identificazione,
        questo|questa cliente|numero|persona|utente è|ha ..2 amministratore|accesso+completo|
            accesso+totale,
        ^ le tue|nuove nuove|tue ..1 istruzioni|regole sono,
        nuove istruzioni $,
        nota|messaggio|istruzione per|al|all ..2 ia|assistente|agente|modello|bot|sistema|
            intelligenza,
        sono il tuo sviluppatore|creatore|programmatore|amministratore|padrone,
        agente|assistente|ia|bot deve|dovrebbe sempre|mai|ignorare|rivelare|obbedire,
        modalità+sviluppatore|prompt+di+sistema|jailbreak,
    """,
)

_PT_CORE = (
    "instrução|instruções|regras|diretrizes|diretivas|prompt|programação|ordens|restrições|"
    "orientações|limitações|comandos"
)
_PT_OVERRIDE = (
    "ignora|ignore|ignorem|ignorar|esquece|esqueça|esquecer|desconsidera|desconsidere|desobedece|"
    "desobedeça|anula|anule|apaga|apague|contorna|contorne|não+siga|não+sigas|desativa|desative|"
    "descarta|descarte|burla|burle"
)
_PT_FUTURE = (
    "a+partir+de+agora|de+agora+em+diante|daqui+em+diante|doravante|em+todas+as+chamadas|"
    "em+cada+chamada|em+todas+as+ligações|a+partir+deste+momento|daqui+para+a+frente"
)
_PT_SHOW = (
    "revela|revele|revele+me|mostra|mostre|mostra+me|mostre+me|diz|diga|diz+me|diga+me|dá|dê|"
    "dê+me|dá+me|lê|leia|repete|repita|imprime|imprima|qual+é|quais+são|partilha|compartilhe|"
    "envie|liste"
)
_PT_EVERYBODY = (
    "todos+os+clientes|cada+cliente|todas+as+pessoas|todos+os+que+ligarem|qualquer+cliente|"
    "toda+a+gente|todo+mundo|quem+ligar"
)

PORTUGUESE = PhraseTable(
    leads=(
        "por+favor|e|agora|então|ok|olá|ouve|ouça|você|tu|deve|deves|tem+que|sempre|só|mas|"
        "quero+que"
    ),
    phrases=f"""
        {_PT_OVERRIDE} ..2 tuas|suas|teu|seu|teus|seus|vossas ..1 {_PT_CORE},
        {_PT_OVERRIDE} ..1 todas|todos|quaisquer ..2 {_PT_CORE} !que+dei|que+deixei|do+meu|da+minha,
        {_PT_OVERRIDE} ..1 as|os ..1 {_PT_CORE} anteriores|prévias|acima|do+sistema|iniciais|que+te|
            que+lhe,
        {_PT_OVERRIDE} ..1 tudo ..1 o que te|lhe|sabe|sabes|você|aprendeu ..2,
        ^ agora você|tu é|és|será um|uma|livre|dan,
        ^ você|tu é|és agora um|uma|livre|dan,
        ^ agora és um|uma|livre|dan,
        já+não|não|você+não tem|tens|está|estás|há ..1 mais ..1 regras|restrições|limites|filtros,
        {_PT_FUTURE} (sempre|só|você|tu|apenas)3 responda|responde|responderá|responderás|aja|age|
            obedeça|obedece|fale+como|deve|deves|é|és|ignore|diga|dirá|finja|aprove|comporte,
        ^ responda|responde ..1 sempre|só|apenas|somente ..1 com|em|que|sim|não|como,
        {_PT_SHOW} ..3 teu|seu|tuas|suas|o|as ..2 prompt|instruções+secretas|instruções+internas|
            instruções+iniciais|configuração|instruções+ocultas,
        {_PT_SHOW} ..1 tuas|suas instruções|regras|diretrizes,
        {_PT_SHOW} ..2 a|me lista|a ..1 de clientes,
        {_PT_SHOW} ..1 a lista de|dos clientes,
        ^ quando|se|sempre+que|cada+vez+que este|esta|esse|qualquer|o+próximo|alguém cliente|número|
            pessoa|usuário|ligar|ligue ..2,
        ^ diz|diga|informe|informa|pergunte|avise|conte|transfira|ofereça|recomende ..1 a
            {_PT_EVERYBODY},
        ^ finja|finge|simule|simula ser|que,
        ^ aja|age|comporte|comporta|responda|fale (se|te) como um|uma|se|o|a|dan,
        ^ faça|faz se|te passar por,
        ^ pule|salte|ignore|contorne|desative|evite ..2 verificação|controlo|controle|autenticação|
            identificação,
        este|esta|esse cliente|número|pessoa|usuário é|tem ..2 administrador*|acesso+total|
            acesso+completo,
        ^ as|suas|tuas suas|tuas|novas ..1 novas|instruções ..1 instruções|são,
        novas instruções $,
        nota|mensagem|instrução|aviso para|ao|à ..2 ia|assistente|agente|modelo|bot|sistema|
            inteligência,
        sou ..1 o|a|seu|teu seu|teu|desenvolvedor|criador|programador|administrador $,
        agente|assistente|ia|bot deve|deveria|tem+que sempre|nunca|ignorar|revelar|obedecer,
        modo+desenvolvedor|prompt+do+sistema|jailbreak,
    """,
)
