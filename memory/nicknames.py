"""First names that are one person's: short forms, and forms of one name in several languages."""


def _groups(text: str) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(text.strip().splitlines()):
        for name in line.split():
            found.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


# A line is one name. In small letters, without accents; what only sounds alike needs no entry.
_GROUPS = _groups("""
    abigail abby abbie gail
    adelheid adele adelaide heidi addie adelina adela
    albert al bert bertie alberto albrecht
    alexander alex alec alexandre alessandro alejandro alexandr sandro xander alexis aleksander ale
    alexandra alex alexa sandra alessandra alejandra sasha lexi ale
    aleksandr sasha sascha alexander alex
    alfred fred freddy alf alfredo alfie
    amanda mandy
    andrew andy drew andreas andre andrea andres andrei andrej andrzej
    andrea andrea andreia andie
    ana anna anne ann annie anita anja anya ania annette anika annika anouk nan nancy
    anthony tony antonio anton antoine antonius toni antoni toino
    antonia toni antonella antoinette tonia
    barbara barb babs barbie basia barbel
    benjamin ben benny benji benjamim
    bernhard bernard bernie bernd berndt bernardo
    bridget brigitte birgit gitte gitti brigida
    catherine cathy cat kate katie kat kathy kathryn katherine katharina katarina catarina catalina
    katrina kathrin karin karen kaja katja katya kasia katarzyna kitty caterina rina trina kathleen
    charles charlie chuck carl karl carlos carlo chas charley karel karol
    charlotte lotte lotta charlie carlota carlotta lottie
    christina christine chris tina christa kristin kirsten stina chrissie krystyna cristina
    christopher chris christoph kit cristobal christophe krzysztof topher
    christian chris cristian christiaan kris
    clara claire klara chiara clare
    claudia claudine claude klaudia
    daniel dan danny daniele danilo
    daniela danielle dani dany danuta
    david dave davy davide
    deborah deb debbie debra
    dmitri dima dimitri mitya dimitrios
    dominic dominik dom nick dominique domenico domingo
    dorothy dorothea dot dottie dora doro thea dorothee
    edward ed eddie ted teddy ned eduard eduardo edoardo edouard
    eleanor ellie nora leonora eleonore elly nell lenore eleonora
    elizabeth liz lizzie beth betty eliza elisabeth elise elisa lisa lise betsy bess libby isabel
    isabella isabelle elsa elsbeth lisbeth bella lili elspeth ella sissi
    emily emma em emilia emilie emmy millie
    eva eve evi evelyn evita ewa
    evelyn eve evelina evelyne
    ferdinand fernando ferdi nando hernando
    florian flo florin florent
    frances fran frankie francesca francisca franziska franzi fanny francoise paquita
    francis frank franz francisco francesco francois franco paco pancho frankie franciszek chico
    frederick fred freddy friedrich fritz federico frederic fryderyk rick
    gabriel gabe gabriele gabi
    gabriela gabriele gabi gaby gabriella gabrielle
    george georg jorge giorgio georges jurgen jorg jerzy georgie juri yuri
    gerald gerry jerry gerhard gerard gert gerd gerardo
    giovanni gianni gian john johannes johann hans juan jean jan joao ivan ioan sean ian jack johnny
    giuseppe beppe peppe joseph josef jose joe joey jozef josip pepe jupp sepp zeca ze
    guillermo william will bill billy willy willi liam wilhelm guillaume guglielmo guilherme memo
    gregory greg gregor gregorio grzegorz
    hans johannes johann hannes
    hannah hanna hanne hannelore
    harold harry hal harald
    helen helena helene ellen elena lena nell leni ilona yelena olena elene
    henry harry hank heinrich heiner heinz enrique henri enrico hal henrik henryk henrique hendrik
    ignatius ignacio nacho ignaz ignazio
    irene irina irena ira
    isaac ike isaak
    jacob jake jakob jacques jacobo jakub jaap jago
    james jim jimmy jamie jaime jacques jacobo diego santiago giacomo jaume tiago
    jane janet jean joan joanna johanna juana joana jana hanna giovanna janina jeanne jenny hanne
    jennifer jen jenny jenna
    jeffrey jeff geoff geoffrey
    jessica jess jessie
    joachim jochen achim joaquin gioacchino joaquim
    jonathan jon jonny nathan john
    josephine josie jo josefa pepa josefine fifi giuseppina
    joshua josh josue
    judith judy jutta judit
    julia julie julie juliana juliane giulia jule juliette juliet
    julian julius jules julio giulio julien jul
    kenneth ken kenny
    konstantin kostya constantin constantine kosta costas costantino
    larissa lara larisa
    laura laurie laure lori lauren lorena
    lawrence larry laurence lars lorenz lorenzo laurent lorenço laurin
    leo leon leonard leonardo lenny len leonhard leopold lev
    louis lou louie ludwig luis luigi ludovic lluis luiz lewis
    louise lou luise luisa luiza lulu
    lucas luke luca lukas luc luka
    lucy lucia luzia lucie lucja
    magdalena magda lena madeleine leni maddalena maggie madlen
    manuel manny manolo manu manni emanuel emmanuel
    manuela manu ela
    marcus mark marc marco marcos marek marko markus
    margaret maggie meg peggy greta gretchen margarete margarita marguerite margot rita gretel
    marge marjorie madge daisy gosia malgorzata margherita margareta grete margie gitta
    maria mary marie mia maja maya molly polly mimi marija mariam miriam moll mitzi maike maria
    mario marius
    martha marta marthe patty
    martin marty marten martino
    matthew matt matthias matthieu mateo matteo mateusz mattias mats mathias hias teo matej
    maurice moritz mauricio maurizio morris mo
    maximilian max maxi massimo maxim maxime massimiliano maximo maksim
    melanie mel mela
    michael micheal mike mick mickey michel miguel michele mikael mischa misha mikhail micha mitch
    michelle shelly michele micaela michaela
    monica monika moni monique mona
    natalie natalia nat natasha natascha nathalie tasha talia
    nathaniel nathan nat nate
    nicholas nick nicky nico nicolas niklas klaus nikolaus nikolai nicola nils claus niels kolya
    nicole nikki nicola nico nicki
    oliver ollie olli olivier oliviero
    olga olya helga
    patricia pat patty tricia trish patrizia paddy
    patrick pat paddy patricio patrizio patryk
    paul paulo pablo paolo pauli pavel pawel pasha pauly
    paula pauline paola paulina pola
    peter pete pedro pietro pierre petr pjotr piotr piet pitt petrus
    philip phil pip felipe filippo philippe filip lippo
    rafael raphael raffaele rafal rafa raf
    raymond ray raimund ramon raimondo raimundo
    rebecca becky becca rebekka
    richard rick dick rich ricky ricardo riccardo richie rico ryszard
    robert rob bob bobby robbie roberto bert rupert ruprecht robi
    roderick rod rodrigo
    ronald ron ronnie ronaldo
    rosa rose rosie rosalie rosalia rosita rosemary roza
    rosemary rosemarie romy
    rudolf rudi rudy rodolfo rolf
    samantha sam sammy
    samuel sam sammy samuele
    sandra sandy alexandra sanne
    sarah sally sadie sara
    sebastian seb basti bastian sebastien sebastiano bas
    sergei sergio serge seryozha serhiy
    sofia sophie sonja sonia sophia fifi zosia
    stephanie steph steffi stefanie stefania estefania stephie
    stephen steve steven stefan stephan esteban stefano etienne estevao szczepan steffen stevie
    susan sue susie susanne susanna suzanne susana zuzanna sanne suse suzi zsuzsanna
    teresa theresa terry tess tessa therese resi tere thea teresita
    theodore ted teddy theo theodor teodoro fyodor
    thomas tom tommy tomas tommaso tomasz thom tome
    timothy tim timmy timo timotheus
    tobias toby tobi tobia
    ursula uschi ulla ursel orsola urszula
    valentina tina vale valentyna
    veronica ronnie vera veronika vero nica weronika
    victor vic vik viktor vittorio
    victoria vicky vicki tori viktoria vittoria wiktoria
    vincent vince vinnie vincenzo vicente vinzenz enzo
    vladimir vova volodya wladimir wlodzimierz volodymyr vladi
    walter walt wally gualtiero
    wolfgang wolf wolfi
    xavier javier saverio xaver xabi
    zachary zach zack
""")


def share_a_group(one: str, other: str) -> bool:
    """Tell whether two first names, in small letters without accents, are forms of one name."""
    return not _GROUPS.get(one, frozenset()).isdisjoint(_GROUPS.get(other, frozenset()))
