"""The French phrases."""

PHRASES: dict[str, str] = {
    "an insight": """
        me suis rendu compte, me suis rendue compte, (me|nous) (rends|rendons) compte,
        rendre compte, (j'ai|on a|nous avons) (remarqué|constaté|compris|réalisé),
        (j'ai|on a|nous avons) (observé|découvert que|appris que|appris à),
        je (constate|remarque|réalise|comprends|m'aperçois), je me suis (aperçu|aperçue),
        j'en conclus, je vois (que|maintenant|bien), avec le recul, après réflexion,
        (en|à) (y|bien) (repensant|réfléchissant), à bien y réfléchir, je me demande (si|pourquoi),
        (par|mon) expérience, il s'avère, la leçon, une leçon, (m'a|ça m'a) appris,
        tout compte fait, j'ai changé d'avis, avant je (pensais|croyais), un lien entre,
        la conclusion, je croyais que, en fait le, je sais maintenant
    """,
    "a look back": """
        (j'aurais|nous aurions|on aurait|je n'aurais) (dû|pas dû|pu), était une erreur, mon erreur,
        ma faute, j'ai eu tort, (je me suis) (trompé|trompée|précipité|précipitée),
        si j'avais (su|pu|écouté), plus jamais, (le|un) (bon|mauvais) choix, je regrette,
        vient de moi, j'ai signé trop, j'étais trop, valait le coup,
        (j'aurais|on aurait|nous aurions) (mieux|pu|préféré), mieux fait, j'ai été trop,
        j'étais (sans doute|peut-être|injuste), exagérais, j'ai mal
    """,
    "an impression": """
        il (me semble|semble|paraît), on dirait que, (j'ai|j'avais) l'impression, je suppose,
        à mon avis, peut-être que (je|c'est), je devrais peut-être, je trouve que,
        le (vrai|fond du) problème, je crois que (j'ai|je|c'est|le problème),
        le problème (vient|est), selon moi
    """,
    "a rule from cases": """
        chaque fois que, seulement quand, plus je, finalement, au final, je crois que, je pense que,
        au fond
    """,
    "a bad feeling": """
        énervé, énervée, fâché, fâchée, furieux, furieuse, inquiet, inquiète, déçu, déçue, stressé,
        stressée, angoissé, angoissée, frustré, frustrée, effrayé, effrayée, triste, agacé, agacée,
        malheureux, malheureuse, choqué, choquée, désespéré, désespérée, gêné, gênée, nerveux,
        nerveuse, mécontent, mécontente, bouleversé, bouleversée, jaloux, jalouse, dégoûté,
        dégoûtée, vexé, vexée, paniqué, paniquée,
        (énervé|fâché|stressé|angoissé|frustré|effrayé|agacé|choqué|désespéré)(|e|s|es),
        (gêné|vexé|dégoûté|bouleversé|déçu|terrifié|désolé pour|humilié|blessé)(|e|s|es),
        hors de (moi|lui|nous)
    """,
    "a feeling": """
        heureux, heureuse, contente, (très|suis|si|tellement) content, ravi, ravie, ravis, soulagé,
        soulagée, reconnaissant, reconnaissante, fier, fière, satisfait, satisfaite, ému, émue,
        enchantée, en colère, (j'aime|on aime|j'adore|j'adorais|j'ai aimé|j'ai adoré|je déteste),
        peur, marre, ras le bol, (m'énerve|m'inquiète|m'angoisse|m'agace|m'a fait plaisir),
        je (me sens|crains|suis à bout), me manque, quelle (joie|tristesse|chance),
        quel (soulagement|plaisir|bonheur), honte, me (stresse|rend|touche),
        (j'ai|elle a|il a) pleuré, me fait (plaisir|peur|rire|de la peine), humeur, ça me plaît,
        colère, sur les nerfs, j'en peux plus, j'ai hâte, me met en, inquiétude, à bout de nerfs,
        le cœur, (ravi|soulagé|ému|comblé|touché|enchanté)(|e|s|es),
        (heureux|fiers|fières|contents|contentes|reconnaissants), plaisir, angoisse, tristesse,
        bonheur, inquiétudes, en larmes, chagrin, terreur
    """,
    "praise or blame": """
        inadmissible, scandaleux, honteux, insupportable, merveilleux, merveilleuse, magnifique,
        formidable, génial, géniale, inacceptable, catastrophe, affreux, horrible, épouvantable,
        ridicule, n'importe quoi, incroyable, pénible, lamentable, adorable
    """,
    "how it is done": """
        comment (faire|je|puis-je|dois-je|on|peut-on),
        comment (est-ce que|fait-on|ça marche|fonctionne|faut-il|vous), que dois-je, je dois faire,
        faut-il faire, (il faut|faut) faire, mode d'emploi, étapes, étape par étape,
        la (procédure|marche à suivre|meilleure façon|bonne façon),
        où (est-ce que je|dois-je|faut-il), expliquer comment, montrer comment, la manière de,
        instructions, comment (activer|renvoyer|changer|payer|utiliser),
        comment (installer|ouvrir|fermer|s'inscrire|est-ce qu'on), m'expliquer
    """,
    "a routine": """
        chaque (matin|soir|jour|semaine|mois|lundi|vendredi|samedi|dimanche),
        tous les (jours|matins|soirs|lundis|mardis|vendredis|samedis|dimanches|mois), d'habitude,
        normalement, toutes les (semaines|nuits), (une|deux|trois) fois par (jour|semaine|mois),
        je (prends|fais|vais) toujours, (le|les) (lundis|mardis|samedis|dimanches),
        avant de me coucher, je (commence|finis) toujours,
        (je|on) (ferme|coupe|sors|prends|vérifie) toujours
    """,
    "an instruction": """
        il faut, (vous devez|tu dois|on doit), n'oubliez pas, assurez-vous, jusqu'à ce que,
        une fois que, dès que
    """,
    "a sequence": "d'abord, ensuite, puis, après ça, enfin, pour finir, et après",
    "a step": """
        (vous|et) (appuyez|coupez|dévissez|ouvrez|fermez|attendez),
        (vous|et) (tournez|débranchez|cliquez|mettez|tirez), appuyez, coupez, dévissez, ouvrez,
        fermez, attendez, tournez, débranchez, branchez, cliquez, saisissez, choisissez, mettez,
        enlevez, retirez, tapez, laissez, sonnez, rebranchez, versez, redémarrez, appuyer
    """,
    "a time": """
        (appelé|passé|venu|reçu|arrivé|commandé) hier, hier (soir|matin|à|et|j'ai|après-midi|on),
        c'était hier, d'hier, aujourd'hui, demain, avant-hier,
        (ce|cet) (matin|soir|midi|après-midi|week-end|été|hiver), (cette|dans la) (nuit|semaine),
        (la|l') (semaine|année) (dernière|prochaine), l'an dernier, (le|ce) mois (dernier|prochain),
        lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche,
        il y a (une|un|deux|trois|dix|quelques), tout à l'heure,
        vers (trois|deux|quatre|midi) heures,
        en (janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre),
        noël, à (huit|neuf|dix|onze|deux|trois|quatre|cinq) heures
    """,
    "something that happened": """
        (j'ai|on a|il a|elle a|nous avons|ils ont) (appelé|commandé|acheté|reçu|payé),
        (j'ai|on a|il a|elle a|nous avons|ils ont) (perdu|envoyé|parlé|réservé),
        (j'ai|on a|il a|elle a|nous avons) (pris|eu|cassé|dit|laissé|attendu|trouvé|oublié|annulé),
        a été, (est|suis|sont) (passé|venu|venue|arrivé|arrivée|allé),
        (est|suis|sont) (allée|tombé|tombée|parti|partie|venus), (on|il) m'a,
        m'a (volé|dit|livré|appelé|envoyé), pas reçu, est né, est née,
        (n'est|n'a|n'ont) pas (venu|livré|répondu|appelé|passé|marché),
        (s'est|se sont) (cassé|arrêté|passé|produit|arrêtée),
        (sommes|êtes) (arrivés|venus|partis|passés), a (cassé|commencé|livré|perdu)
    """,
    "the past": "j'étais, était, avait, étaient, j'avais, a été, j'ai, ont",
    "a request or plan": """
        (je|nous|on) (voudrais|veux|voudrions|voudrait), j'aimerais, (pouvez|pourriez)-vous,
        puis-je, est-ce que je peux, s'il vous plaît, rendez-vous, réservation, annuler,
        j'ai besoin, j'appelle (pour|au)
    """,
    "how it is now": """
        en panne, ne marche pas, ne fonctionne pas, cassé, cassée, encore, fuit, bloqué, bloquée
    """,
    "a lasting fact": """
        je m'appelle, mon (nom|adresse|numéro|anniversaire),
        (j'habite|nous habitons|on habite|il habite), je vis (à|en|seul|seule), je travaille,
        allergique, allergie, végétarien, végétarienne, végane, diabétique, marié, mariée,
        célibataire, divorcé, divorcée, retraité, retraitée, je (préfère|parle),
        (j'ai|nous avons|on a|il a|elle a) (un|une|deux|trois|quatre) (enfants|fils|fille),
        (j'ai|nous avons|on a|il a|elle a) (un|une|deux|trois|quatre) (chien|chat|chiens),
        j'ai (un|une|deux), nous avons (un|une|deux), je n'ai pas (de|d'|d), n'avons pas,
        pas de (voiture|gluten), je ne (mange|bois|fume|conduis|parle) pas, ans,
        je suis (un|une|professeur|infirmière|né|née|de), langue maternelle, horaires,
        est (ouvert|ouverte), préféré, préférée, s'écrit, en fauteuil, depuis des années,
        (mon|ma|notre) (mari|femme|fils|fille|mère|père) (est|a|se trouve|s'appelle|vit|travaille),
        (mon|ma|notre) (bureau|maison|chien) (est|a|se trouve|s'appelle|vit|travaille),
        (mon|ma|notre) (chat|appartement|société) (est|a|se trouve|s'appelle|vit|travaille),
        se trouve (à|au|dans|en), code postal
    """,
    "a rule or a price": """
        coûte, coûtent, signifie, veut dire, comprend, appartient, (c'est|est) (un|une|le|la),
        couvre, dure
    """,
    "an attribute": """
        nom, adresse, numéro, téléphone, anniversaire, femme, mari, fils, fille, chien, chat,
        maison, appartement, voiture, travail, contrat, mère, père, sœur, frère, enfants, entreprise
    """,
    "a state": "est, sont, je suis, nous sommes, c'est, a, avons, s'appelle",
    "a question of fact": """
        (quel|quelle) est, (quels|quelles) sont, combien, pourquoi, avez-vous, est-ce qu'il y a,
        où êtes-vous, c'est quoi, qu'est-ce que (c'est|ça|comprend),
        vous (ouvrez|fermez|acceptez|livrez|avez|proposez), acceptez-vous, est-ce que (vous|le|la),
        où (se trouve|est)
    """,
}
