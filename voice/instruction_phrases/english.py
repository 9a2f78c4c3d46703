"""The English phrases, also as a summary tells them: "to ignore its instructions"."""

from voice.instruction_phrases.grammar import PhraseTable

_OVERRIDE = (
    "ignore|ignores|ignored|ignoring|disregard|disregards|disregarded|disregarding|forget|"
    "forgets|forgetting|override|overrides|overriding|overrule|bypass|bypasses|bypassing|"
    "circumvent|discard|violate|break|abandon|erase|delete|drop|neglect|suspend|disable|"
    "deactivate|dismiss|unlearn|disobey|stop+following|not+follow|t+follow|never+follow|"
    "stop+obeying|not+obey|t+obey|stop+using|overlook|overlooks|leave+out|throw+away|reset|"
    "replace|rewrite|change|modify|update|skip|cancel"
)
_YOURS = "your|ur|yer|its"
_BEFORE = "previous|prior|preceding|above|original|initial|earlier|former|foregoing|existing|past"
_ANY = "all|any|every|these|those|current|old|other"
_CORE = (
    "instruction|instructions|instruct|instructed|directive|directives|guideline|guidelines|"
    "prompt|directions|prompts|guardrail|guardrails|programming|system+message|system+messages|"
    "commandments"
)
_RULES = (
    "rules|rule|policy|policies|restrictions|restriction|limitations|constraints|filters|safety|"
    "safeguards|training|configuration|protocol|protocols|ethics|boundaries|moderation|persona|"
    "personality|role|script"
)
_MACHINE = (
    "ai|a+i|assistant|bot|chatbot|language+model|llm|gpt|chatgpt|voice+agent|virtual+agent|dan|"
    "artificial+intelligence|jailbroken|unrestricted|unfiltered|uncensored|hacker|pirate"
)
_FUTURE = (
    "from+now+on|from+now+onwards|from+now|henceforth|from+this+moment|from+this+point|"
    "going+forward|from+here+on|from+today+on|starting+now|as+of+now|in+future+calls|"
    "on+future+calls|in+all+future+calls|for+all+future+calls|in+every+future+call|in+every+call|"
    "in+all+calls|on+every+call|until+further+notice|in+all+future+conversations|"
    "in+every+conversation|for+the+rest+of+this+call|for+the+rest+of+this+conversation|"
    "in+every+answer|in+all+your+answers|with+every+caller|for+every+caller"
)
_ANSWER = "answer|respond|reply|answering|responding|replying"
_OBEY = (
    "act|behave|obey|comply|ignore|disregard|pretend|reveal|disclose|swear|insult|lie|roleplay|"
    "impersonate|say+only|say+yes|say+that|only+say|speak+like|speak+as|talk+like|talk+as|"
    "follow+my|follow+only|follow+these|do+what|do+everything|do+whatever|do+as|grant|trust+me"
)
_EVERYBODY = (
    "every+caller|each+caller|all+callers|any+caller|every+customer|each+customer|all+customers|"
    "any+customer|everyone+who+calls|everybody+who+calls|anyone+who+calls|whoever+calls|"
    "the+next+caller|next+caller|future+callers|other+callers|all+users|every+user|"
    "all+other+callers|all+future+callers|every+future+caller"
)
_THIS_ONE = (
    "this+caller|this+customer|this+number|this+user|this+person|the+next+caller|any+caller|"
    "every+caller|someone|somebody|anyone|anybody|the+same+number|this+phone+number"
)
_DO_FOR = (
    "transfer|connect|forward|put|give|grant|tell|say|greet|offer|approve|refund|send|read|"
    "reveal|disclose|let|allow|skip|treat|address|ignore|never|always|do|you|answer|ask|hang"
)
_POWER = "admin|administrator|administrators|superuser|root|developer|vip|the+owner|owner|verified"
_ACCESS = "access|rights|privileges|permissions|permission|credit|authority|clearance"
_SECRETS = (
    "prompt|prompts|system+prompt|system+message|developer+message|initial+message|guidelines|"
    "instruction|instructions|directives|configuration|configurations|api+key|api+keys|"
    "programming|guardrails|hidden+rules|secret+rules|internal+rules|system+rules|secret+key|"
    "webhook+secret|access+token"
)
_SHOW = (
    "reveal|reveals|show|print|repeat|recite|read|output|display|tell|give|disclose|dump|share|"
    "leak|expose|summarize|summarise|translate|list|describe|write|send|paste|quote|spell|echo|"
    "return|what+is|what+are|what+s|what+were|say|provide|explain"
)
_DATA = (
    "number|numbers|phone+number|phone+numbers|data|details|name|names|address|addresses|records|"
    "record|information|info|card|cards|history|conversation|conversations|calls|notes|file|"
    "files|orders|memory|memories|profile|profiles|list|email|emails|accounts|account|birthdays"
)
_PEOPLE = (
    "customer|customers|caller|callers|client|clients|user|users|customer+s|caller+s|client+s|"
    "patients|guests|people|person|person+s|members"
)
_CHECKS = (
    "verification|verifications|verify|identity+check|identity+checks|id+check|security+check|"
    "security+checks|security+question|security+questions|authentication|identification|"
    "confirmation|authorization|approval|identity+verification|verifying"
)
_MODES = (
    "developer|debug|dan|jailbreak|god|admin|administrator|sudo|root|unrestricted|unfiltered|"
    "uncensored|override|evil|opposite|dev"
)

ENGLISH = PhraseTable(
    leads=(
        "please|ok|okay|and|then|now|so|but|also|just|hey|hi|hello|listen|well|first|next|"
        "finally|simply|instead|must|should|always|kindly|immediately|or|that|remember|to|agent|"
        "assistant|important|today|you+must|you+should|you+will|you+shall|you+need+to|"
        "you+have+to|you+are+to|you+can|could+you|can+you|would+you|will+you|has+to|shall|u+must|"
        "i+want+u+to|the+caller+says|i+want+you+to|i+need+you+to|i+order+you+to|i+command+you+to|"
        "let+us|your+job+is+to|your+task+is+to|it+is+important+that"
    ),
    phrases=f"""
        {_OVERRIDE} ..2 system {_CORE},
        ignore|disregard|forget (all|the|any|everything|in)3 {_BEFORE} context|conversation|input|
            text|messages|message|chat !i|from|about,
        {_OVERRIDE} ... {_YOURS} ..3 {_CORE}|{_RULES}|orders|commands !from+us|from+me,
        {_OVERRIDE} ..3 {_BEFORE} ..3 {_CORE} !i|we|my|he|she|for+the+delivery,
        {_OVERRIDE} ..2 {_ANY} ..3 {_CORE} !i|we|my|he|she|from|on|in,
        {_OVERRIDE} ..2 all ..2 {_BEFORE}|of+your|your {_RULES}|context|messages|text,
        {_OVERRIDE} the {_CORE} you|above|given|before,
        ^ ignore|disregard|forget|bypass|override|obey the instructions|guidelines|prompt|rules $,
        {_OVERRIDE} ..3 instructions|prompt|guidelines you ..3 given|got|received|told|have,
        {_OVERRIDE} everything|anything|all|what|whatever ..2 you ..3 told|know|learned|taught,
        {_OVERRIDE} everything|anything|all|what|whatever ..2 you ..3 instructed|programmed|trained,
        {_OVERRIDE} everything|all|the+text|whatever|anything ..2 above,
        {_OVERRIDE} everything before|prior|preceding this|that|now,
        do|don not+listen|t+listen to your|its {_CORE}|{_RULES}|creators|developers|company|owner,
        new|updated|revised|additional|secret|hidden|real|system|actual instruction|instructions $,
        ^ your|the new|updated|real|true|only|actual|secret|next instruction|instructions is|are,
        ^ your|the new|real|true|only|actual|secret task|role|job|goal|purpose|objective|mission is,
        ^ your new|real|true name|identity is,
        you|u re|are|will+be|must+be|become now ..2 {_MACHINE},
        ^ you re|are now a|an|called|named|acting|free|allowed|permitted|authorized|required,
        ^ you re|are now operating|running|speaking|talking|playing|under|no|not,
        you|u re|are|will|shall|have|must not|no|never longer|bound|restricted|limited|constrained,
        you|u have|has|re+under|are+under no|zero ..2 {_RULES}|{_CORE}|limits|censorship,
        you re|are|will+be|must+be now|in|entering ..2 {_MODES}|maintenance|test|training mode,
        enter|enable|activate|start|switch|unlock|engage|turn+on|use|go ..3 {_MODES} mode,
        {_MODES} mode enabled|activated|on|is,
        admin|administrator|system|developer|security|manager override,
        do+anything+now,
        your|these|those|the ..1 {_CORE}|rules|restrictions|filters|limitations|constraints ..2
            no+longer|not|t|never apply|count|matter|bind|exist|hold,
        switch|change|transform|turn|slip ..2 to|into ..2 persona|personality|character|role,
        has|have|with|without|having no|any|zero filter|filters|censorship|guardrails|moral*,
        play ..1 game ..2 where|in+which you|u,
        stop being ..2 {_MACHINE}|helpful|polite,
        ^ output|print|dump|export ..2 conversation|chat|call|entire|whole history|memory|log|logs|
            transcript|transcripts|database,
        as|this+is your|the ..1 administrator|developer|creator|programmer|master|admin|
            system+administrator !of|who|from|at|in,
        ^ store|save|remember|memorize|take|treat|keep ..3 as ..1 a|an|your|new ..1 rule|
            instruction|command|directive|policy,
        ^ remember (that)1 you always|never|must|are|have+to,
        jailbreak|jailbreaking|prompt+injection|system+prompt|systemprompt|im+start|im+end,
        god+mode|stay+in+character|as+an+ai+model|as+an+ai+language+model,
        ^ act|behave|respond|answer|reply|talk|speak|function|operate|pose as|like a|an|my|if|
            though,
        ^ act|behave|respond|answer|reply|talk|speak as|like dan|root|admin|our|the,
        ^ pretend|simulate ..1 you|u re|are|have|were|know|can|work|do,
        ^ pretend|impersonate|simulate that|to|this|you|i|being|there|the|an|a,
        roleplay|role+play as|like|a|an|with|in,
        imagine|suppose|assume ..4 {_MACHINE},
        {_FUTURE} (please|kindly|you|must|will|shall|should|can|are+to|have+to|always|only|never)5
            {_OBEY},
        {_FUTURE} (please|kindly|you|must|will|shall|should|can|are+to|have+to|always|only|never)5
            {_ANSWER} !the|my|me+by|our|his|her,
        {_FUTURE} you|always|never must|shall|are|have|will|should|only|may|always|never|offer|tell|
            approve|refund|transfer,
        {_FUTURE} ..4 {_EVERYBODY},
        {_FUTURE} ..3 approve|refund|grant|transfer|accept|trust|believe|offer all|every|any|
            everything,
        {_FUTURE} ..3 treat ..2 as,
        ^ {_ANSWER}|obey|speak|talk|say|end|begin|start ..5 {_FUTURE},
        ^ {_ANSWER} only|always|exclusively|with|without|every|all|in ..1 base64|code|emoji*|json|
            rot13|the|every|filters|yes|no|one|rhymes|capital*|question*|restrictions|any,
        (you|must|always|never)3 {_ANSWER}|begin|start|end ..1 every|each|all question|questions|
            answer|answers|reply|replies|response|sentence|sentences|call|calls|conversation|
            request|requests with|by|like|as|using,
        ^ tell|inform|say+to|ask|warn|persuade|convince|give|offer|promise|charge|sell|transfer|
            connect|advise|greet|lie+to|insult|refuse ..1 {_EVERYBODY},
        tell|inform|ask|warn|greet|transfer|advise callers|customers|users that|to|about,
        at|in|with the|every start|beginning|end|opening of each|every|all|any|the+next call|calls|
            conversation,
        ^ when|whenever|if|each+time|every+time|as+soon+as|once|next+time ..2 {_THIS_ONE} ..2 calls|
            rings|phones|dials|call !about|from+the|from+my|with|for ..6 {_DO_FOR},
        ^ {_DO_FOR} ..8 when|whenever|if|each+time|every+time|as+soon+as ..1 this+caller|
            this+number|this+customer|any+caller|every+caller|the+next+caller ..2 calls|rings|
            phones|dials|call,
        {_SHOW} ..3 your|the+system|its|hidden|secret|internal|developer|the+hidden|the+secret ..3
            {_SECRETS},
        {_SHOW} ..2 {_SHOW} ..2 your|its ..3 {_SECRETS},
        ^ {_SHOW} ..3 the|all prompt|text|words|message|messages|instructions|conversation above|
            before|preceding|you+were+given|you+got,
        ^ repeat after me|the+following|everything|the+words+above|all,
        {_SHOW} ..3 all|everything ..1 you+were+told|you+have+been+told|you+know+about ..3
            {_PEOPLE},
        {_SHOW}|get|know|want|have ..3 other|another|previous|last|every|all|each|the+next|
            the+previous ..2 {_PEOPLE} ..1 {_DATA},
        {_SHOW}|get|know|want|have ..3 your|the|all customers|callers|clients|users|patients|guests
            ..1 {_DATA},
        {_SHOW}|get|want ..2 {_DATA} of|from|about|for ..2 your|other|another|previous|every|all|
            each|the+last|the+next|the+previous ..2 {_PEOPLE},
        ^ {_SHOW} ..3 customer|caller|client|user list|database|data|records,
        {_SHOW} ..3 everybody|everyone|anyone else|s ..1 {_DATA},
        may|can|must hear|see|know|have|get everybody|everyone|all ..1 {_DATA},
        ^ skip|bypass|omit|disable|drop|ignore|waive|circumvent ..3 {_CHECKS} !of+my|for+my,
        ^ do|don not|t|never ask|verify|question|check|authenticate|identify ..2 this+caller|
            this+number|me|the+caller|callers|identity|id,
        ^ never|stop ask|verify|asking|verifying|checking|authenticate|identify ..2 this+caller|
            this+number|me|the+caller|callers|identity|id,
        ^ do|don not|t ask ..2 for|any ..2 identification|id|identity|verification|pin|proof|
            security,
        no {_CHECKS} is|are|needed|required|necessary ..2 for|needed|required|necessary ..1 this,
        verification|authentication|approval is|are ..1 switched+off|disabled|turned+off|waived,
        ^ (always) treat|regard|consider|address|handle|classify|mark this|the|any|every|me ..2 as
            {_POWER},
        ^ treat|regard|consider|classify|mark|flag this|the|any|every ..1 as ..2 {_POWER},
        this caller|customer|number|user|person is|has ..3 {_POWER} !of|at,
        this caller|customer|number|user|person|i has|have|gets|get|must+have|must+get full|
            unlimited|admin|root|total|unrestricted ..1 {_ACCESS},
        ^ give|grant|allow ..3 full|unlimited|admin|administrator|root|total|unrestricted ..1
            {_ACCESS} to+all|to+every|to+your|to+the+system,
        ^ give|grant|allow this|every|any|all ..2 full|unlimited|admin|root|total|free|unrestricted,
        i|we m|am|are|re your|the+system ..1 developer|creator|administrator|admin|programmer|maker|
            engineer|owner+and|master,
        agent|assistant|ai|bot|chatbot|model|you must|should|shall|will|has+to|have+to|is+to|
            needs+to|need+to|are+to ..1 always|never|only|now obey|comply|ignore|reveal|disclose|
            transfer|tell|approve|grant|give|offer|refund|follow|believe|trust|agree|accept|pretend|
            lie|say,
        agent|assistant|ai|bot|chatbot|model|you must|should|shall|will|has+to|have+to|is+to|
            needs+to|need+to|are+to ..7 in|from|on|for ..2 future+calls|future+conversations|
            all+calls|every+call|now+on,
        you|agent|assistant|bot must|shall|have+to|will|are+to|need+to|should obey|comply+with|
            serve|submit,
        ^ obey|serve only|me|this|my|the|every,
        ^ always|never obey|comply|reveal|approve|refund|pretend|mention|tell|transfer|trust|offer|
            grant ..3 this+caller|every|all|any|the+promo*|the+code|anyone|your|caller*|everyone|me,
        always|never mention|recommend|advertise|promote|include ..3 code|link|website|url|product|
            competitor,
        remember|memorize|memorise|store|save|note|keep ..2 for|in ..1 all|every|any|future ..1
            calls|call|callers|conversations|sessions that|to|you,
        remember|memorize|memorise|store|save|write|put|add|insert|append ..3 in|into|to|as ..1
            your|an|the+system ..1 memory|instruction|instructions|prompt|system+prompt|rules|
            guidelines|directive ..4,
        remember ..1 that ..1 you must|shall|have+to|will|are,
        note|message|memo|hint|instruction|instructions|command|attention|directive|order to|for|all
            ..1 ai|model|llm|language+model|chatbot|bot|ais|models|ai+assistant,
        instruction|instructions|command|attention|directive|order|note|memo to|for ..1 assistant|
            bot|system !driver|manager,
        ^ next+time|the+next+time ..1 anyone|anybody|someone|somebody calls|rings|phones ..1
            {_DO_FOR},
        ^ attention|warning ai|assistant|model|llm|agent|system|bot,
        ^ note|message|memo|instruction|command|instructions|directive ai|assistant|agent|system|
            model|llm|bot,
        following|this ..1 text|message|sentence is|contains|are ..2 command|commands|instruction|
            instructions|order|prompt,
        begin|end|start|new|end+of|beginning+of system|user|developer|assistant prompt|message|
            instructions|instruction|conversation,
        call|invoke|execute|trigger|run|use|start ..1 the|your|this ..3 tool|function|webhook|api,
        ^ call|invoke|execute|trigger|run ..1 transfer|end|search|send|delete|update tool|function|
            to|call|memory,
        decode|decrypt|base64|rot13|translate ..5 follow|execute|obey|run|carry+it+out|carry+out|
            act,
        ^ follow|execute|carry+out|obey ..1 this|these|the|my|every|all ..1 command|commands|
            instruction|instructions+exactly|order+without|orders,
        ^ do (exactly|everything|whatever|only)2 as|what|whatever it|i|they says|say|tell|told|
            command,
    """,
)
