"""English: irregular forms, stop words, near-synonyms and numbers, as callers speak them."""

from types import MappingProxyType

# A base form, then the forms of it whose stem is another; variants of spelling and short forms too.
_FORMS = """
    arise arose arisen | awake awoke awoken | be been being | beat beaten
    become became | begin began begun | bend bent | bind bound | bite bitten | bleed bled
    blow blew blown | break broke broken | breed bred | bring brought | build built | burn burnt
    buy bought | catch caught | choose chose chosen | cling clung | come came | creep crept
    deal dealt | dig dug | draw drew drawn | dream dreamt | drink drank drunk | drive drove driven
    dwell dwelt | eat ate eaten | fall fell fallen | feed fed | feel felt | fight fought
    find found | flee fled | fling flung | fly flew flown | forbid forbade forbidden
    foresee foresaw foreseen | forget forgot forgotten | forgive forgave forgiven
    freeze froze frozen | get got gotten | give gave given | go went gone goes | grow grew grown
    hang hung | hear heard | hide hid hidden | hold held | keep kept | kneel knelt
    know knew known | lay laid | lead led | lean leant | leap leapt | learn learnt | leave left
    lend lent | light lit | lose lost | make made | mean meant | meet met | mishear misheard
    mislay mislaid | mistake mistook mistaken | misunderstand misunderstood | mow mown
    overcome overcame | overtake overtook overtaken | pay paid | prepay prepaid | prove proven
    rebuild rebuilt | repay repaid | rewrite rewrote rewritten | ride rode ridden | ring rang rung
    rise risen | run ran | say said | see saw seen | seek sought | sell sold | resell resold
    send sent | resend resent | sew sewn | shake shook shaken | shine shone | shoot shot
    show shown | shrink shrank shrunk | sing sang sung | sink sank sunk | sit sat
    sleep slept overslept | slide slid | smell smelt | sow sown | speak spoke spoken | speed sped
    spell spelt | spend spent | spill spilt | spin spun | spit spat | spoil spoilt
    spring sprang sprung | stand stood | steal stole stolen | stick stuck | sting stung
    stink stank stunk | strike struck stricken | string strung | swear swore sworn | sweep swept
    swell swollen | swim swam swum | swing swung | take took taken | teach taught | tear tore torn
    tell told | think thought | throw threw thrown | understand understood | undo undid undone
    wake woke woken | wear wore worn | weave wove woven | weep wept | win won
    withdraw withdrew withdrawn | write wrote written | allergy allergic | advise advice
    anxious anxiety | apologize apology | believe belief | choose choice | complain complaint
    decide decision | deliver delivery | describe description | diagnose diagnosis diagnoses
    die death dead | electric electricity | expire expiry expiration | explain explanation
    grow growth | injure injury | inquire inquiry enquiry enquire | lose loss | marry marriage
    pay payment | prescribe prescription | prove proof | recover recovery | register registration
    respond response | safe safety | ship shipment | sign signature | subscribe subscription
    succeed success | weigh weight | good better best | bad worse worst | far farther farthest
    child children | person people | man men | woman women | foot feet | tooth teeth | goose geese
    mouse mice | bus buses | wife wives | knife knives | half halves | shelf shelves | loaf loaves
    thief thieves | wolf wolves | calf calves | scarf scarves | crisis crises
    mom mum mummy mommy mama mother | dad daddy papa father | grandma grandmother granny nana
    grandpa grandfather grandad granddad | kid kiddo | baby infant | grandchild grandchildren
    phone telephone cellphone | photo photograph pic | tv television telly | bike bicycle
    fridge refrigerator | doctor doc dr | vet veterinarian | ok okay | email emails
    birthday bday | christmas xmas | apartment apt | appointment appt | information info
    advertisement ad advert | examination exam | laboratory lab | university uni | gym gymnasium
    maths math | plane aeroplane airplane | pajamas pyjamas | moustache mustache | color colour
    favorite favourite fave | neighbor neighbour | center centre | theater theatre | gray grey
    tire tyre | jewelry jewellery | license licence | practice practise | enroll enrol
    catalog catalogue | program programme | curb kerb | installment instalment | fulfill fulfil
    donut doughnut | yogurt yoghurt | behavior behaviour | honor honour | labor labour
    flavor flavour | odor odour | humor humour | harbor harbour | meter metre | liter litre
    fiber fibre | kilometer kilometre | organize organise | apologize apologise | realize realise
    recognize recognise | cozy cosy | specialty speciality
"""
BASE_FORMS = MappingProxyType(
    {
        form: base
        for line in _FORMS.replace("|", "\n").splitlines()
        for base, *forms in filter(None, [line.split()])
        for form in forms
    }
)

# Also what only asks: "did I mention …?", "do you remember …?". What a caller may want to know is
# not in here: name, number, first, last, many, when things happened.
STOP_WORDS = """
    a about above after again ah all also am an and any anybody anyone anything are arent as at be
    because been before being below between both but by bye caller can cannot cant could couldnt
    did didnt do does doesnt doing dont during each either else er erm etc even ever every
    everything few for from further get gets getting goodbye got gotten had hadnt has hasnt have
    havent having he hello her here hers herself hey hi him himself his hm hmm how huh i if im in
    into is isnt it itd itll its itself ive just knew know known knows let lets lot lots many may
    maybe me mention mentioned mentions mhm might mine mm more most much must my myself no nope nor
    not now of off oh ok okay on once one ones only or other our ours ourselves out over own
    perhaps please probably quite rather really remember remembered remembers right said same say
    saying says shall she shes should shouldnt so some somebody someone something still such sure
    tell telling tells than thank thanks that thats the their theirs them themselves then there
    theres these they theyd theyll theyre theyve thing things this those though through to told too
    uh uhm um under until up upon us user very was wasnt we well were werent weve what whatever
    whats when where wheres whether which while who whom whos whose why will with wont would
    wouldnt yeah yep yes yet you youd youll your youre yours yourself youve
"""

# Each group is a set: every word in it stands for every other. The nearest come first.
_NEAR = {
    "home": """
        live reside move address home | move relocate | house home apartment flat condo
        address street postcode zip | city town village | country nation
        landlord tenant rent lease | roommate flatmate housemate | garden yard lawn
        neighborhood district | sofa couch | fridge freezer | washer dryer dishwasher appliance
        heating heater boiler radiator | electricity power""",
    "family": """
        kid child son daughter toddler baby | son boy | daughter girl | parent mom dad
        husband wife spouse partner | partner girlfriend boyfriend
        fiance fiancee engaged engagement | sibling brother sister twin
        grandparent grandma grandpa | relative family cousin aunt uncle | niece nephew
        friend buddy pal mate | pregnant pregnancy""",
    "pets": """
        pet dog cat puppy kitten | dog puppy pup | cat kitten kitty | rabbit bunny""",
    "work and school": """
        job work career occupation profession employment | job position role
        employer company firm | boss manager supervisor | coworker colleague teammate
        retire pension | salary wage income earn | hire recruit | layoff redundant dismiss
        school college university | study degree major | teacher professor instructor tutor
        student pupil | class course lesson | exam test""",
    "buying": """
        buy purchase order | product item article | shop store | model version | cart basket
        voucher coupon discount | discount deal promotion | cheap affordable inexpensive
        expensive pricey costly | price cost fee""",
    "delivery and return": """
        deliver ship dispatch parcel package | parcel package box | courier carrier
        late delay overdue | lost missing | arrive deliver | return refund exchange
        refund reimburse money | exchange swap replace | warranty guarantee""",
    "appointments": """
        appointment reservation book slot | reschedule postpone | schedule calendar
        meeting appointment | visit appointment | queue wait""",
    "payment": """
        pay charge | bill invoice receipt | card visa mastercard credit debit | bank account iban
        money cash | loan mortgage debt | insurance coverage policy | subscription membership
        account profile login | password passcode pin""",
    "contact": """
        phone mobile cell smartphone | phone number call | call ring callback | contact reach
        email mail inbox | text sms message | name called surname nickname | website site online
        reference ref code | wifi internet broadband | language speak fluent
        translate interpreter""",
    "food": """
        allergy intolerance | gluten celiac wheat | dairy milk lactose | peanut nut
        diet vegetarian vegan halal kosher gluten | vegetarian meat | vegan meat dairy
        food meal dish cuisine | eat meal dine | dinner supper | breakfast brunch
        restaurant diner cafe bistro | cook bake recipe | drink beverage | wine beer alcohol
        coffee espresso cappuccino latte | dessert cake sweet""",
    "health": """
        doctor physician gp | dentist dental tooth | hospital clinic
        medicine medication drug pill tablet prescription | pharmacy pharmacist chemist
        sick ill illness unwell disease | diagnosis condition disease | pain ache hurt sore
        injury hurt accident | surgery operation | therapy therapist counselor
        wheelchair disability disabled accessible | glasses optician lens
        diabetes diabetic insulin | asthma inhaler | fever temperature | deaf hearing""",
    "travel": """
        travel trip journey | trip tour excursion | vacation holiday trip
        hotel motel hostel accommodation | flight plane airline fly | airport terminal
        luggage suitcase baggage | passport visa | train rail | taxi cab | ticket fare
        boat ferry cruise | beach sea ocean coast | mountain hill | camp tent
        hike trek walk trail""",
    "hobbies": """
        hobby interest pastime | match game | gym workout exercise fitness | run jog marathon
        swim pool | cycle bike | soccer football | paint draw art | music song band
        instrument guitar piano violin drum | concert gig | movie film cinema | book novel
        author writer | dance ballet | photo picture camera | knit sew crochet
        garden plant flower | volunteer charity donate""",
    "feelings": """
        happy glad pleased delighted | sad upset unhappy | angry mad furious annoyed frustrated
        afraid scared fear frightened | worry concern anxious | nervous anxious | stress pressure
        tired exhausted | excited thrilled | proud pride | lonely alone | love adore
        like enjoy love | favorite prefer | hate dislike""",
    "cars": """
        car vehicle auto truck van | motorbike motorcycle scooter | tire wheel
        garage mechanic workshop | engine motor | petrol gas fuel | registration plate
        crash collision accident""",
    "broken": """
        broken damaged faulty defective | repair fix mend | broken repair | crack scratch
        leak drip | install setup | technician engineer""",
    "complaints": """
        problem issue trouble fault | error bug | complain dissatisfied unhappy | rude unfriendly
        apologize sorry | review rating feedback | promise commit""",
    "dates of life": """
        birthday born birth | age old | wedding marry | anniversary wedding | divorce separated
        die pass funeral | gift present | party celebrate | religion faith church""",
    "anything": """
        start begin | end finish | stop quit | help assist support | want wish | plan intend
        goal aim ambition | decide choose | recommend suggest advise tip | computer laptop pc
        clothes clothing outfit dress | shoe sneaker boot | jewelry necklace bracelet
        big large huge | small little tiny | quick fast | near close nearby | hard difficult tough
        weather rain snow storm""",
}
NEAR_GROUPS = "|".join(_NEAR.values())

# Numbers that are said in words. Folded.
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_SMALL_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = frozenset(_TENS.split())
NUMBERS = MappingProxyType(
    {word: str(number) for number, word in enumerate(_SMALL.split())}
    | {word: str(number) for number, word in zip(range(20, 100, 10), _TENS.split(), strict=True)}
    | {"oh": "0", "nought": "0"}
)
ORDINALS = MappingProxyType(
    {word: str(number) for number, word in enumerate(_SMALL_ORDINALS.split())}
    | {word[:-1] + "ieth": NUMBERS[word] for word in TENS}
)
SCALES = MappingProxyType({"hundred": 2, "thousand": 3})  # and how many digits they make room for

# How a small number is compared, whether said or written. "One", "first" and "second" are mostly
# not said to count: the digits become these words, so that a "1" does not find every "one".
PLAIN_NUMBERS = MappingProxyType(
    {**NUMBERS, **ORDINALS, "oh": "oh", "1": "one", "one": "one", "first": "first"}
    | {"second": "second", "1st": "first", "2nd": "second"}
)

# The letters as they are spelled over the telephone.
_ALPHABET = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu alfa juliett whisky"
)
ALPHABET = MappingProxyType({word: word[0] for word in _ALPHABET.split()})
