"""Other languages than English: stop words, near-synonyms, and how signs and digits are spoken."""

from types import MappingProxyType

# Written as people write them: they are folded and stemmed before they are compared. Whatever a
# caller may ask for is not in here (name, first, last, number).
STOP_WORDS = MappingProxyType(
    {
        "de": """
            aber ach äh ähm alle allem allen aller alles als also am an auch auf aus bei bin bis
            bist bitte da dabei damit danke dann das dass dazu dein deine deinem deinen deiner dem
            den denn der des dich die dies diese diesem diesen dieser dieses dir doch du durch eben
            ein eine einem einen einer eines er es etwas euch euer eure für gar genau gibt guten
            habe haben hallo halt hat hatte hatten hätte hier ich ihm ihn ihnen ihr ihre ihrem
            ihren ihrer im in ins ist ja jetzt kann können könnte man mein meine meinem meinen
            meiner mich mir mit mal muss na nach nein nicht nichts noch nun nur ob oder ohne schon
            sehr sei sein seine seinem seinen seiner sich sie sind so soll sondern tschüss über um
            und uns unser unsere unserem unseren vom von vor war waren was wegen weil welche
            welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird wo
            wollte worden wurde wurden würde zu zum zur""",
        "es": """
            a adiós ah al algo ante aquí así aunque bueno buenos buenas cada como cómo con cual
            cuál cuáles cuando cuándo de del desde donde dónde dos el él ella ellas ellos en
            entonces entre era eran eres es esa esas ese eso esos esta está están estas este esto
            estos estoy estaba fue fueron gracias ha había han has hasta hay he hola la las le les
            lo los me mi mí mis mucho muy más nada ni no nos nosotros nuestra nuestro o os para pero
            pues por porque puede puedo que qué quien quién se sea ser si sí sido sin sobre solo
            son soy su sus sé también tan te tengo tiene tienen todo todos tu tus tú un una uno
            unos usted ustedes vale va voy y ya yo""",
        "fr": """
            à ah ai alors as au aussi aux avait avec avez avoir avons bah bien bon bonjour c ça car
            ce cela ces cet cette chez comme comment d dans de des donc dont du elle elles en est
            et étaient était êtes être eu euh eux fait faut hein il ils j je jusque l la là le les
            leur leurs lui m ma mais me merci mes moi mon n ne nos notre nous oh on ont ou où oui
            par pas peu peut peux plus pour pourquoi qu quand que quel quelle quelles quels qui quoi
            s sa sans se sera ses si son sont suis sur t ta te tes toi ton tous tout toute très tu
            un une va vais voilà vos votre vous voulais voudrais y""",
        "it": """
            a ad ah ai al alla alle allo anche ancora avere aveva avevo c che chi ci ciao come con
            cosa così cui da dal dalla dalle dei del della delle dello di dove e è ed era erano ero
            essere fa gli grazie ha hai hanno ho i il in io l la le lei li lo loro lui ma me mi mia
            mie miei mio molto ne nei nel nella nelle no noi non nostra nostro o per perché però più
            poi qual quale quali quando quanto quella quelle quelli quello questa queste questi
            questo qui se sei si sì sia siamo sono sta sto sua sue sugli sui sul sulla suo suoi
            tra tu tua tuo tutti tutto un una uno va vi voi""",
        "pt": """
            a à ah ai ao aos aquela aquele aquilo aqui as às até boa bom com como da das de dela
            dele deles depois do dos e é ela elas ele eles em então era eram essa esse esta está
            estão estava este estes estou eu foi foram há isso isto já lá lhe mais mas me mesmo meu
            meus minha minhas muito na não nas né nem no nos nós nossa nosso num numa o obrigada
            obrigado oi olá ou para pela pelo pois por porque qual quais quando que quem são se sem
            ser seu seus só sou sua suas também te tem tenho tinha tudo um uma vai você vocês""",
        "nl": """
            aan al alles als altijd ben bij bent dag dan dank dat de der deze die dit doe doen door
            dus een eens en er ge geen goed had heb hebben heeft hem het hier hij hoe hoor hun ik in
            is ja je jij jou jouw jullie kan kon kunnen maar me meer met mij mijn moet na naar nee
            niet nog nou nu of om omdat ons onze ook op over sorry te toch toen tot u uit uw van
            veel voor waar waarom want waren was wat we wel welke werd wie wij wil worden zal ze
            zei zich zij zijn zo zou""",
        "hi": """
            अपना अपनी अपने अब अभी आप आपका आपकी आपके आपको इस इसका इसकी इसके उस उसका उसकी उसके उन एक
            और कब कर करना करने कहा का कि किस की कुछ के को कोई कौन क्या क्यों गया गई जब जी जो तक तब तो
            था थी थे दिया दी ने नमस्ते नहीं पर फिर बहुत भी मुझे मेरा मेरी मेरे मैं मैंने में यह यहाँ या ये रहा
            रही रहे लिए वह वहाँ वाला वाली वे वो सकता सकते से हम हमारा हमारी हमारे हाँ ही हुआ हुई हुए हूँ है
            हैं हो होता होती था धन्यवाद""",
        "ar": """
            آه أنا أنت أنتم أنه أنها أي أين إذا إلا إلى إن الذي التي الذين أن أو بعد بين بها به تلك
            ثم حتى حيث ذلك ذلك شكرا عليه عليها على عن عند عندي فى في قد كان كانت كل كم كنت كيف لا
            لكن لم لن له لها لي ليس ما ماذا مرحبا مع من منه منها متى نحن نعم هذا هذه هل هم هنا هناك
            هو هي و يا يكون""",
    }
)
NEAR_GROUPS = MappingProxyType(
    {
        "de": """
            wohnen leben adresse anschrift zuhause | umziehen umgezogen umzug | adresse anschrift
            wohnung haus apartment zuhause | arbeit job beruf stelle arbeiten tätig
            firma unternehmen arbeitgeber | chef vorgesetzter chefin | kind sohn tochter
            mutter mama | vater papa | eltern mutter vater | geschwister bruder schwester
            frau ehefrau mann ehemann partner partnerin | opa großvater | oma großmutter
            haustier hund katze | katze kater kätzchen | hund welpe | kaufen gekauft bestellen
            bestellung bestellt bestellen auftrag
            lieferung liefern geliefert versand paket sendung
            rückgabe zurückgeben retoure zurückschicken
            erstattung rückerstattung erstatten geld | umtausch umtauschen tauschen
            termin verabredung | buchung buchen reservierung reservieren
            absagen stornieren stornierung kündigen kündigung | verschieben verlegen
            rechnung zahlung bezahlen | preis kosten | karte kreditkarte | konto bank iban
            telefon handy telefonnummer handynummer | mail email | defekt kaputt beschädigt
            reparieren reparatur | beschwerde beschweren reklamation
            problem störung schwierigkeit | allergie allergisch unverträglichkeit
            vegetarisch vegan fleisch | essen mahlzeit gericht | restaurant lokal gaststätte
            arzt ärztin praxis | medikament tablette medizin | krank krankheit erkrankung
            auto wagen fahrzeug pkw | reise urlaub ferien verreisen | flug fliegen geflogen
            geburtstag geboren | hochzeit heiraten verheiratet | hobby freizeit | name heißen
            lieblings mögen gern bevorzugen""",
        "es": """
            vivir dirección domicilio casa | mudar mudanza trasladar | dirección domicilio
            casa piso apartamento departamento hogar | trabajo empleo puesto oficio
            empresa compañía | jefe encargado | hijo niño bebé | madre mamá | padre papá
            padres madre padre | esposa esposo marido mujer pareja | mascota perro gato
            perro cachorro | comprar pedir pedido | pedido orden encargo | entrega envío paquete
            devolución devolver reembolso | reembolso dinero | cita turno | cancelar anular
            aplazar posponer | factura recibo pago cobro | precio coste costo costar
            tarjeta crédito débito | cuenta banco | teléfono móvil celular | correo email
            roto averiado dañado defectuoso | reparar arreglar
            queja reclamación quejar reclamar | problema inconveniente avería
            alergia alérgico intolerancia | vegetariano vegano carne | comida comer plato
            médico doctor | medicina medicamento pastilla | enfermo enfermedad
            coche carro auto vehículo | viaje vacaciones viajar | vuelo avión volar
            cumpleaños nacer nacido nacimiento | boda casado | afición pasatiempo
            nombre llamar apellido | gustar preferir favorito""",
        "fr": """
            habiter vivre adresse domicile | adresse domicile
            maison appartement logement domicile | travail travailler emploi métier poste boulot
            entreprise société | chef patron responsable | enfant fils fille bébé | mère maman
            père papa | parents mère père | mari femme époux épouse conjoint | papi pépé
            animal chien chat | chien chiot | acheter achat commander
            livraison livrer colis expédition envoi | retour retourner renvoyer
            remboursement rembourser argent | rdv rendez | annuler annulation résilier
            reporter décaler | facture paiement payer règlement | prix coût tarif coûter
            carte bancaire | compte banque | téléphone portable mobile | mail courriel email
            cassé abîmé endommagé défectueux | plainte réclamation plaindre
            problème souci panne | allergie allergique intolérance | végétarien végan viande
            repas manger nourriture plat | dîner souper | restaurant resto | médecin docteur
            médicament comprimé traitement | voiture auto véhicule
            voyage vacances voyager | vol avion | anniversaire naissance naître | mariage marier
            loisir hobby | nom prénom appeler | aimer préférer préféré""",
    }
)

# What follows is folded. Digits as they are spoken one by one, from nought to nine:
_SPOKEN_DIGITS = (
    "null eins zwei drei vier funf sechs sieben acht neun",
    "null eins zwo drei vier fuenf sechs sieben acht neun",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "zero un deux trois quatre cinq six sept huit neuf",
)
DIGITS = MappingProxyType(
    {word: str(digit) for line in _SPOKEN_DIGITS for digit, word in enumerate(line.split())}
    | {"zehn": "10", "elf": "11", "zwolf": "12", "diez": "10"}
    | {"dix": "10", "douze": "12"}
)
# Those that mean nothing else in any of these languages stand for the digit by themselves too.
_UNMISTAKABLE = (
    "zwei zwo drei vier funf sechs sieben neun "
    "cuatro cinco seis ocho nueve deux trois quatre cinq huit "
    "zehn elf zwolf diez dix douze"
)
PLAIN_DIGITS = MappingProxyType({word: DIGITS[word] for word in _UNMISTAKABLE.split()})
REPEATS = MappingProxyType({"double": 2, "triple": 3, "doppel": 2, "doble": 2})
SIGNS = MappingProxyType(
    {
        **dict.fromkeys(("dot", "punkt", "punto", "point", "ponto"), "."),
        **dict.fromkeys(("dash", "hyphen", "minus", "bindestrich", "tiret", "guion"), "-"),
        **dict.fromkeys(("underscore", "unterstrich"), "_"),
        "plus": "+",
    }
)
AT_SIGNS = frozenset({"at", "arroba", "arobase", "klammeraffe", "chiocciola"})
DOMAINS = frozenset({"com", "org", "net", "edu"})
ASIDES = frozenset({"as", "like", "for", "wie", "comme", "como", "come", "de"})  # B as in Bravo
