"""The German phrases."""

PHRASES: dict[str, str] = {
    "an insight": """
        (ich habe|ich hab|habe ich|hab ich|wir haben) (gemerkt|festgestellt|gelernt),
        (ich habe|ich hab|habe ich|hab ich|wir haben) (erkannt|begriffen),
        (ich habe|ich hab|habe ich|hab ich|wir haben) (verstanden|bemerkt|beobachtet|eingesehen),
        ich (merke|stelle fest|erkenne|sehe jetzt|sehe ein|weiß jetzt), mir (ist|wird|wurde) klar,
        (ist|wird|wurde) mir klar, klar geworden, mir (ist|war) aufgefallen, ist mir aufgefallen,
        (mir fällt|fällt mir) auf, im nachhinein, rückblickend,
        (darüber|drüber) (nachdenke|nachgedacht), (verstehe|weiß) ich, jetzt weiß ich,
        (stellt|stellte) sich heraus, sich herausgestellt, ich frage mich, ich hab mich gefragt,
        erfahrung, unterm strich, (zeigt|lehrt) mir, mein fazit, ein muster, eine lehre,
        (die|meine) lehre, alles in allem, früher dachte ich, ich dachte immer, zu dem schluss,
        einen zusammenhang, im grunde, ehrlich betrachtet, eigentlich brauche ich,
        (ich|wir) (merke|merken|bemerke) dass, mir bewusst, bewusst geworden, wie sehr ich,
        was ich daraus
    """,
    "a look back": """
        (hätte|hätten) (ich|wir), (ich|wir) (hätte|hätten), war (ein|mein|der) fehler, mein fehler,
        war die (richtige|falsche), ich lag falsch, ich war zu, nie wieder, bereue,
        habe mich geirrt, lag an mir, liegt an mir, wäre besser gewesen, zu schnell unterschrieben,
        (ich|wir) (lag|lagen) falsch, besser (gewesen|getan),
        (war|waren) (wohl|vielleicht|einfach) zu, ungeduldig gewesen
    """,
    "an impression": """
        (es|mir) scheint, scheint mir, anscheinend, vielleicht (bin|sollte|war|habe) ich, offenbar,
        meiner (meinung|ansicht) nach, ich (vermute|schätze), ich finde dass,
        wahrscheinlich (bin|war) ich, kommt mir vor, das eigentliche problem,
        das problem (liegt|ist), ich glaube (dass|das liegt)
    """,
    "a rule from cases": """
        immer wenn, jedes mal, nur wenn, immer nur, je mehr, letztendlich, ich denke, ich glaube
    """,
    "a bad feeling": """
        wütend, sauer, stinksauer, verärgert, genervt, enttäuscht, besorgt, traurig, ängstlich,
        nervös, verzweifelt, einsam, gestresst, frustriert, entsetzt, schockiert, unglücklich,
        unzufrieden, beleidigt, beunruhigt, empört, aufgeregt, überfordert, verunsichert,
        eifersüchtig, böse
    """,
    "a feeling": """
        glücklich, zufrieden, begeistert, erleichtert, dankbar, stolz, gespannt, gerührt, froh,
        ärger, (ich freue|freue|freut|gefreut|freuen) (mich|uns), ich freu mich,
        (ich|wir) (hasse|hassen|liebe), (fühle|fühl|fühlt) (mich|sich),
        ich (mag|fühle|vermisse|fürchte), angst, ärgert mich,
        (ärgere|ärgern|fürchte|schäme) (mich|uns), nervt, (bin|es) leid, die nase voll, satt,
        reicht mir, sorgen, macht mich (wahnsinnig|verrückt|traurig|wütend|fertig|nervös|glücklich),
        geweint, (gefällt|fehlt|graut) mir, stimmung, ein glück, schade, tränen, am ende mit,
        auf die nerven, herzlichen dank für alles, platzt der kragen, zum heulen, freude, wut,
        stress, leid getan, regt mich, aufregen, (begeistert|wohl|unwohl) fühlen, verliebt, herz,
        lieblings, trauer, hoffnung, ich liebe, genieße,
        (wir|sie) (sind|ist) (traurig|froh|glücklich), gefreut, geärgert, gefürchtet, gehasst,
        geliebt
    """,
    "praise or blame": """
        furchtbar, schrecklich, unverschämt, unverschämtheit, unmöglich, ärgerlich, wunderbar,
        grauenhaft, fantastisch, großartig, katastrophe, frechheit, unfassbar, wunderschön,
        lächerlich, toll, herrlich, unglaublich, schlimm, peinlich, zumutung, klasse, spitze
    """,
    "how it is done": """
        wie (kann|können|mache|macht|muss|soll) (ich|man|wir|das),
        wie (bekomme|komme|stelle|richte|melde|bezahle) (ich|man|wir|das),
        wie (ändere|finde|lösche|öffne|schalte) (ich|man|das|die),
        wie (benutze|kündige|schicke|funktioniert|geht) (ich|man|das|die), wie funktioniert,
        wie man, was muss (ich|man), was (mache|soll|kann) ich, muss ich (tun|machen),
        soll ich (tun|machen), anleitung, schritte, schritt für schritt, der beste weg,
        wo (muss|kann) ich, erklären wie, zeigen wie, gehe ich vor, ablauf, vorgehensweise,
        wie (bekomme|kriege|schließe|installiere|verbinde|aktiviere|reinige|wechsle) ich,
        (sagen|erklären|zeigen) sie mir wie,
        wie (storniere|buche|bestelle|verlängere|übertrage|reklamiere|beantrage|erreiche) ich,
        wie (lade|logge|gebe|nehme|setze|mach|komm) ich
    """,
    "a routine": """
        jeden (morgen|abend|tag|monat|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag),
        jede (nacht|woche), normalerweise, für gewöhnlich,
        (einmal|zweimal) (am tag|die woche|im monat), ich (mache|nehme|gehe|fahre) immer, werktags,
        gewöhnlich, (nach|vor) jeder, (nach|vor) jedem, immer (morgens|abends|montags), täglich,
        wöchentlich, montags, freitags, samstags, sonntags, ich immer, wir immer,
        (morgens|abends|mittags|nachts)
    """,
    "an instruction": """
        man muss, (sie|du) (müssen|musst), achten sie, nicht vergessen, wenn es fertig,
        bis (die|das|es), bitte nicht, (bitte|einfach) (klingeln|klopfen|legen|stellen),
        (sie|du) (drehen|drücken|nehmen|legen|ziehen|gehen|drehst|drückst), vorher, im uhrzeigersinn
    """,
    "a sequence": "zuerst, erst, dann, danach, anschließend, zum schluss, als nächstes, zunächst",
    "a step": """
        ziehen, drücken, einstecken, ausschalten, einschalten, anklicken, klicken, drehen, eingeben,
        auswählen, abschrauben, aufschrauben, gedrückt, herunterfahren, neu starten, abnehmen,
        einsetzen, (drücken|halten|drehen|schalten|stellen|öffnen) sie,
        (warten|geben|nehmen|klicken|ziehen|legen) sie, (lassen|wählen|schrauben|stecken) sie,
        stecker, du (drückst|nimmst|drehst|ziehst|gehst)
    """,
    "a time": """
        gestern, heute, morgen (früh|nachmittag|abend|um), vorgestern, übermorgen, vorhin, neulich,
        (letzte|nächste|diese) (woche|nacht),
        (letzten|nächsten|diesen) (monat|sommer|winter|freitag),
        (letztes|nächstes) (jahr|mal|wochenende), montag, dienstag, mittwoch, donnerstag, freitag,
        samstag, sonntag, gerade eben, vor (einer|einem|zwei|drei|vier|ein paar), januar, februar,
        märz, im (mai|april|august|september|november), juni, juli, oktober, dezember,
        am wochenende, um (acht|neun|zehn|elf|zwölf|eins|zwei|drei|vier|fünf), heute (morgen|abend),
        weihnachten, ostern
    """,
    "something that happened": """
        bestellt, angerufen, gekauft, bekommen, gekommen, getauscht, geliefert, gebracht, bezahlt,
        gerissen, verschoben, abgesagt, passiert, gestohlen, geklaut, verloren, geschickt,
        gesprochen, gesagt, gebucht, gewesen, gegangen, ausgefallen, abgeholt, erhalten, gebrochen,
        gefunden, getroffen, umgezogen, kaputtgegangen, versprochen, gefahren, repariert, gemeldet,
        geschrieben, gesehen, vergessen, kam, überwiesen, gestürzt, verletzt, geschlossen, gefallen,
        gelöscht, installiert, eingebaut, geöffnet, unterschrieben, ausgelaufen, entgleist,
        verspätet, zurückgegeben, gewechselt
    """,
    "the past": "war, hatte, waren, hatten, habe ich, ich hab, wurde, ist mir",
    "a request or plan": """
        ich (möchte|will|brauche|würde gern|hätte gern), (können|könnten) sie,
        (kann|könnte|dürfte) ich, bitte, termin, reservierung, stornieren, verschieben, ich rufe an,
        absagen, rückruf, ich hätte gerne
    """,
    "how it is now": """
        kaputt, geht nicht, funktioniert nicht, defekt, leer, fertig, tropft, quietscht, noch immer
    """,
    "a lasting fact": """
        ich heiße, mein name, (ich|wir|er|sie) (wohne|wohnen|wohnt), wohne in,
        ich (arbeite|studiere), allergisch, allergie, vegetarier, vegetarierin, vegan, diabetiker,
        diabetikerin, verheiratet, geschieden, rentner, rentnerin, von beruf, jahre alt,
        muttersprache, ich (spreche|bevorzuge), mir lieber,
        ich (esse|trinke|rauche) (kein|keine|keinen|nicht|nur), (ich habe|wir haben) (kein|keine),
        (ich habe|wir haben) (keinen|einen|eine|ein|zwei|drei), geöffnet, öffnungszeiten,
        (nummer|adresse|kundennummer|geburtstag|name|code) (ist|lautet), kundennummer, geboren am,
        ich komme aus, ich bin (ein|eine|lehrer|lehrerin|kein|keine), im rollstuhl,
        seit (jahren|zehn jahren), schwerhörig, mein lieblings, gehört (mir|uns),
        im (ersten|zweiten|dritten|vierten) stock,
        (mein|meine|unser|unsere) (mann|frau|sohn|tochter) (ist|hat|liegt|heißt),
        (mein|meine|unser|unsere) (mutter|vater|praxis) (ist|hat|liegt|heißt),
        (mein|meine|unser|unsere) (büro|firma|haus|wohnung|hund|katze) (ist|hat|liegt|heißt),
        (liegt|befindet sich) (im|in|am)
    """,
    "a rule or a price": """
        kostet, bedeutet, gilt, gehört, beinhaltet, ist (ein|eine|der|die), läuft bis, umfasst
    """,
    "an attribute": """
        name, adresse, nummer, telefonnummer, frau, mann, sohn, tochter, hund, katze, haus, wohnung,
        auto, beruf, geburtstag, sprache, vertrag, mutter, vater, schwester, bruder, kinder, firma,
        garten
    """,
    "a state": "ist, sind, hat, haben, ich bin, wir sind, es gibt, heißt",
    "a question of fact": """
        was (ist|kostet|bedeutet|heißt|sind), wie (viel|viele|alt|groß|teuer|weit),
        wie lange (dauert|gilt), warum, haben sie, gibt es, (bieten|akzeptieren|liefern|nehmen) sie,
        wann (haben|öffnen|schließen), wo (sind|ist|finde), (welche|welcher|welches),
        kann man bei ihnen
    """,
}
