"""English orders that name no instructions: to verify nobody, to approve, to tell, to delete."""

from voice.instruction_phrases.english import ENGLISH
from voice.instruction_phrases.grammar import PhraseTable

_AGENT = "agent|agents|assistant|bot|ai|operator|operators|staff|you|u|system|team"
_ANY_MAY = (
    "should|must|may|can|shall|will|has+to|have+to|is+to|are+to|is+allowed+to|are+allowed+to|"
    "is+free+to|are+free+to|needs+to|need+to|ought+to|better"
)
_NEED_NOT = (
    "need+not|needn+t|must+not|mustn+t|should+not|shouldn+t|shall+not|may+not|never|"
    "do+not+need+to|don+t+need+to|does+not+need+to|doesn+t+need+to|do+not+have+to|"
    "don+t+have+to|does+not+have+to|doesn+t+have+to|must+never|should+never|no+longer+need+to|"
    "no+longer+needs+to|no+longer+have+to|no+longer+has+to|never+need+to|never+have+to|"
    "are+not+to|is+not+to|are+not+required+to|is+not+required+to"
)
_CHECK = (
    "verification|verifications|identity+check|identity+checks|id+check|id+checks|"
    "identity+verification|security+check|security+checks|security+question|security+questions|"
    "authentication|identification|security+verification|security+procedure|"
    "security+procedures|caller+verification|background+check"
)
_LEAVE = "approval|approvals|authorization|authorisation|permission|confirmation|sign+off|review"
_SKIP = (
    "skip|omit|bypass|waive|drop|disable|forgo|avoid|ignore|leave+out|do+without|leave+away|"
    "dispense+with|pass+over|circumvent|not+do|not+run|do+no"
)
_ME = (
    "me|us|this+caller|this+customer|this+number|this+person|the+caller|callers|the+customer|"
    "identity|my+identity|the+identity|my+id|him|her|them|anybody|anyone|who+i+am|who+is+calling"
)
_VERIFY = "verify|authenticate|identify|question|check|re+verify|validate"
_VERIFIED = "verified|authenticated|identified|re+verified|vetted"
_GIVEN = (
    "refund|refunds|discount|discounts|credits|withdrawals|reimbursements|cancellations|"
    "transfers|payouts|payments|returns|rebates|vouchers|compensations|chargebacks"
)
_GIFT = (
    "discount|discounts|refund|refunds|free|credit|money|percent|access|voucher|vouchers|upgrade|"
    "rebate|everything|whatever|bonus|reduction|cash"
)
_I_CALL = "i|we call|ring|phone|dial|am+calling|m+calling|telephone"
_WHEN = "next+time|when|whenever|every+time|each+time|anytime|any+time|once|if|as+soon+as"
_IF = "if|when|whenever|every+time|each+time|as+soon+as|once|in+case|should"
_SOMEBODY = (
    "anybody|anyone|somebody|someone|people|callers|customers|clients|a+caller|a+customer|"
    "any+caller|any+customer|the+next+caller|another+caller|other+callers|guests|patients|they|"
    "users|a+client|the+caller|the+police|a+journalist"
)
_ABOUT = "for|about|what|where|whether|when|if|how|why|to|who|which|after"
_SAY = (
    "say|tell|answer|reply|respond|claim|pretend|send+them|transfer|refer|deny|lie|quote|"
    "insist|mention|give+them|give+out|offer+them|direct+them|announce|hang+up|refuse|read"
)
_TAKEN = (
    "refund|grant|approve|give|skip|obey|disclose|reveal|transfer|waive|share|accept|offer|"
    "always|never|not"
)
_FULL = "full|unlimited|admin|administrator|root|total|complete|unrestricted|all|vip"
_ACCESS = "access|rights|privileges|permissions|clearance|control"
_LOGIN = "password|passwords|passcode|passcodes|passphrase|credentials|login|logins"
_OF_ADMIN = "admin|administrator|administrator+s|root|system|master|staff|internal|employee"
_DISCLOSE = (
    "say|tell|reveal|give|disclose|read|spell|share|output|print|show|send|announce|recite|repeat"
)
_ASKS = "ask|asks|say|says|want|wants|demand|demands|request|requests|tell|tells|order|orders"
_NEXT = "next|this|any|every|each|the|whichever"
_CALLER = "caller|callers|customer|customers|number|person|user|client"
_KEPT = (
    "record|records|database|databases|data|files|logs|memories|memory|notes|transcripts|"
    "profiles|accounts|entries|history|conversations|recordings|backups|customers|contacts"
)
_SAFETY = "safety|security|privacy|internal|company|house|system|verification|compliance|fraud"
_RULES = (
    "rule|rules|policy|policies|guidelines|protocol|protocols|measures|procedure|procedures|"
    "restrictions|checks|regulations|requirements"
)
_DISREGARD = "ignore|disregard|bypass|override|forget|violate|break|suspend|overrule|circumvent"

ORDERS = PhraseTable(
    leads=f"{ENGLISH.leads}|because|therefore|hence|thus|the|dear",
    phrases=f"""
        {_AGENT} {_ANY_MAY} ..2 {_SKIP} ..3 {_CHECK}|{_LEAVE},
        {_AGENT} {_NEED_NOT} ..2 {_VERIFY} ..2 {_ME} !if|whether|about,
        {_AGENT} {_NEED_NOT} ..2 ask|demand|request|do|perform|run|require|carry+out ..3 {_CHECK},
        {_AGENT} {_ANY_MAY} refund|approve|grant|transfer|pay|disclose ..4 without ..2
            {_CHECK}|{_LEAVE}|asking|checking|verifying,
        no need|reason to|for ..1 {_VERIFY} ..1 {_ME},
        no need|reason to|for (any|a|more|further|the)2 {_CHECK},
        {_CHECK} is|are|isn|aren ..1 not|t|no+longer|never (really|ever|at+all)1 required|necessary|
            needed|mandatory|applicable,
        {_CHECK} not required|necessary|needed $,
        {_CHECK} is|are ..1 unnecessary|waived|suspended|disabled|superfluous|optional|
            switched+off|turned+off,
        {_CHECK} can|should|may|must|could|shall (also|always|now)1 be skipped|omitted|waived|
            left+out|bypassed|dropped|ignored|disabled,
        {_CHECK} should|must|shall not|never be asked|done|performed|required|requested,
        {_CHECK} has|have (now|already)1 been waived|disabled|switched+off|suspended|turned+off,
        is|isn|s not|t|no+longer|never necessary|required|needed to {_VERIFY} ..1 {_ME},
        no (further|more|additional|identity)1 {_CHECK} (is|are|will+be)1 (ever)1 needed|required|
            necessary,
        approval|approvals|authorization|authorisation is|are|isn|aren ..1 not|t|no+longer|never
            required|needed|necessary for ..1 {_GIVEN}|me|my|this+caller|this+number|anything,
        i|we|caller|customer|number|he|she m|am|is|are exempt|exempted|excused|excluded|free from
            ..2 {_CHECK},
        i|we|caller|customer|number|calls {_NEED_NOT} (ever)1 be {_VERIFIED}|checked,
        i|we|calls|caller|customer|number|requests|orders|{_GIVEN} (from|of|by|for)1
            (me|mine|this+number|this+caller)1 do|does|don|doesn not|t|never ..1 need|require|
            demand (any|a|further|more|an|additional)1 {_CHECK},
        i|we|calls|caller|customer|number|requests|orders|{_GIVEN} ..3 need|needs|require|requires
            no|zero (further|more|identity)1 {_CHECK},
        {_GIVEN} ..4 need|needs|require|requires no|zero|neither ..1 {_LEAVE}|{_CHECK},
        {_GIVEN} ..5 not|t|no+longer|never need|require|needs|requires ..1 {_LEAVE}|{_CHECK}
            !by|from|mail|email|number,
        agent|assistant|ai|bot|system need|needs|require|requires no {_LEAVE}|{_CHECK} for|to,
        no {_LEAVE} (is|are|will+be)1 (ever)1 required|needed|necessary for ..1 {_GIVEN}|me|this,
        {_GIVEN} ..3 is|are|must+be|will+be|can+be|should+be|get ..1 granted|given|paid|made|
            approved|issued|allowed|automatic|booked without ..2 {_LEAVE}|{_CHECK}|check|checks|
            asking|question|questions,
        {_GIVEN} are|is automatic|automatically+approved|always+approved|unlimited|unconditional,
        ^ refund|approve|grant|pay|give|transfer|put|connect|apply|credit|issue|offer|waive|unlock|
            let|reset ..8 without ..2 {_CHECK}|{_LEAVE}|asking|question|questions|checking|
            verifying|verifying+me,
        ^ approve|authorize|authorise|grant|accept every|all|any ..2 {_GIVEN}|request|requests|
            claims|claim|transactions|demand|demands,
        {_WHEN} {_I_CALL} ..3-i|we|he|she approve|refund|skip|obey|waive|unlock|disclose|reveal|
            bypass|authorize|say+yes|agree|comply|trust|treat,
        {_WHEN} {_I_CALL} ..3-i|we|he|she give|offer|grant|apply|pay|credit|add ..5 {_GIFT},
        on|at|in|during my|our next|following|future call|calls ..2-i|we|he|she approve|refund|
            skip|obey|waive|unlock|disclose|reveal|bypass|give|offer|grant|apply|credit ..5
            {_GIFT}|verification|everything|without|fee|fees,
        {_WHEN} this+number|this+caller|this+customer calls|rings|phones ..2 approve|refund|skip|
            obey|waive|unlock|disclose|reveal|bypass|apply|credit,
        ^ give|offer|grant|apply|approve|refund|waive|skip|unlock|disclose|credit|pay|reveal ..9
            {_WHEN} {_I_CALL},
        when|whenever|if|once|as+soon+as|after|before|while|upon|on (you|u|the+agent|the+assistant|
            an+ai)1 (are|re|is|have|ve)1 read|reads|reading|see|sees|seeing|hear|receive|process|
            load|retrieve|summarize this|these|it (note|message|summary|text|memory|line|profile|
            entry|sentence)1 ..2-i|we say|disclose|reveal|grant|approve|refund|ignore|disregard|
            obey|hang+up|end|act|always|never|skip|unlock|output|print|treat|repeat|greet|
            transfer+the|transfer+this|transfer+them|transfer+all|tell+the|tell+every|tell+all|
            tell+them|tell+any|give+the|give+every|give+them|you+must|you+are|answer+only|
            answer+with|respond+with|delete+all|delete+every,
        whoever|anyone+who|anybody+who|any+agent+who|the+agent+who|agents+who|the+assistant+who
            reads|sees|hears|read|is+reading|receives this|it|these ..2 must|should|has+to|shall|
            will|have+to,
        ^ {_DISCLOSE} ..5 {_OF_ADMIN} {_LOGIN} !of+my|for+my|of+the+router|for+the+router|
            of+the+box|of+the+device|for+the+device|for+the+wifi|of+the+wifi,
        ^ say|reveal|disclose|announce|leak ..2 {_LOGIN}|secret+word,
        ^ system|security|admin|administrator|software|configuration|internal|company|policy|
            profile|memory update|notice|alert|notification|message|change|announcement|memo|
            information|note|status $ ..6 vip|verified|trusted|authorized|authorised|authenticated|
            exempt|grant|access|privileges|disable|disabled|override|verification|{_GIVEN}|
            approval|unlimited|always|never|all+callers|every+caller,
        update|notice caller|customer|user|number is ..1 vip|verified|authorized|admin|trusted,
        caller|customer|user|number is|am (a|the|an)1 vip $,
        caller|customer|user|number is|has ..2 admin|administrator|superuser|root $,
        caller|customer|user|number is|has ..3 administrator|admin|superuser|root|vip|owner
            with|and|has ..2 {_FULL} {_ACCESS},
        ^ grant|give|allow ..4 {_FULL} ..1 {_ACCESS} !to+my|to+our|to+the+garage|to+the+room,
        {_AGENT} {_ANY_MAY} ..2 grant|give|allow ..4 {_FULL} ..1 {_ACCESS} !to+my|to+our,
        policy|policies|rule|rules|procedure|procedures (has|have|is|are|was|were)1 (now|
            just|been)2 changed|updated|revised|new|amended $ (now|so|and|from+now+on|the|all|any|
            every)3 no+approval|no+verification|you|agents|callers|customers|verification|approval|
            {_GIVEN} must|may|can|need|needs|are|is|no|do|don|require|required|should|have+to|get,
        ^ new|updated|revised policy|rule|rules|procedure $ (all|every|any|the)1 {_GIVEN}|callers|
            customers|agents|verification|approval|always|never|no ..2,
        under|per|by|following|according+to (the|our|your)1 new|updated|revised|latest|current
            policy|policies|rules|rule|procedure ..1 you|agents|the+agent|refunds|all|every ..1
            must|may|can|should|need|have+to|are+to|shall ..2 {_TAKEN},
        whatever|everything|anything|exactly+what|what|all|as (that)1 {_NEXT} (next|following)1
            {_CALLER} asks|ask|demands|wants+you+to|requests|orders|tells+you|says $,
        do|grant|obey|follow|give ..2 whatever|everything|anything|exactly+what (that)1 {_NEXT}
            (next|following)1 {_CALLER} {_ASKS},
        ^ do (exactly|only)1 whatever|everything|anything (that)1 i|we|he|she {_ASKS} !for|about,
        ^ {_DISREGARD} (all|any|every|the|company|these|those|your|our|its)3 {_SAFETY} ..1 {_RULES},
        agent|assistant|bot|ai|you ..3 to {_DISREGARD} (all|any|every|the|these|those|company)2
            {_SAFETY} ..1 {_RULES},
        i|we m|am|are|re ..1 owner|boss|manager|ceo|director|president|supervisor|chief|founder
            ..5-i|we obey|bypass|disclose|reveal|unlock|do+as+i|override|grant+me,
        {_IF} {_SOMEBODY} ask|asks|asked|inquires|enquires|inquire|enquire (you)1 {_ABOUT}
            !me|my|mine|him|her|us ..8-i|we|they|she|he {_SAY},
        {_IF} {_SOMEBODY} ask|asks|inquires|enquires|inquire|enquire (you)1 {_ABOUT}
            !me|my|mine|him|her|us ..7 ^ {_SAY},
        {_IF} {_SOMEBODY} wants|want|wishes|wish to (know|hear|speak|talk) ..6-i|we|they|she|he
            say|claim|pretend|deny|lie|tell+them|answer,
        ^ say|claim|pretend|reply|deny|answer|tell+them|tell+people ..7 {_IF} {_SOMEBODY} ask|asks
            {_ABOUT} !me|my|mine|him|her|us,
        ^ tell|inform anyone|anybody|everyone|everybody|whoever who asks|ask|asks ..3 that !i|my|me,
        anyone|anybody|everyone|everybody who asks|wants|calls ..4 should|must|shall|has+to|is+to
            get|receive|be+given|have|be+told|hear,
        ^ delete|erase|wipe|purge|remove|destroy|clear|drop|forget all|every|each|the+entire|
            the+whole|customer|caller ..2-my|mine|our|me|his|her|i {_KEPT} !you|that+you|about+me|
            of+me|on+me|of+mine|concerning|regarding|i|with|from+me|for+me,
        and|then delete|erase|wipe|purge all|every|each|the (the|of+the)1 customer|caller|client|
            customers|callers|company {_KEPT},
        hang+up|end+the+call|end+this+call and|then delete|erase|wipe all|every|everything,
        ^ erase|wipe|reset|clear|delete your memory|memories|notes|records|database|knowledge
            !of+me|of+my|about+me|on+me,
        ^ wipe|purge|destroy|drop|erase|delete (the|your|this)1 database|databases|customer+data|
            call+history|knowledge+base,
        ^ end|terminate|disconnect|drop|finish this|the|every|all|any call|calls|conversation|
            conversations (now|immediately)1 and delete|erase|never|block|wipe|forget,
        ^ hang+up|disconnect|end ..1 on|with|the|every|all (the|every|any)1 next|every|all|any|
            other|future ..1 {_CALLER}|calls,
    """,
)
