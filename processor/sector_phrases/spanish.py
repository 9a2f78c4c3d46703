"""The Spanish phrases."""

PHRASES: dict[str, str] = {
    "an insight": """
        me (di|he dado|doy|había dado) cuenta, darme cuenta,
        (he|hemos) (notado|aprendido|comprendido),
        (he|hemos) (descubierto|observado|entendido|visto que),
        (noté|aprendí|comprendí|entendí|vi) que, aprendí, pensándolo,
        (mirando|mirándolo) (atrás|bien), en retrospectiva, ahora (entiendo|comprendo),
        ahora (veo|sé), veo que, entiendo por qué, la conclusión, resulta que, resultó que,
        me pregunto (si|por), por experiencia, en mi experiencia, (la|una) lección, un patrón,
        lo que (aprendí|he aprendido), antes (pensaba|creía), he cambiado de opinión, me enseñó,
        (a|en) fin de cuentas
    """,
    "a look back": """
        (debería|deberíamos|tendría que|tenía que|podría|no debería) haber, debí, debimos, mi error,
        fue un error, (me|nos) (equivoqué|equivocamos|precipité), culpa (mía|nuestra),
        si (hubiera|hubiese), nunca más, (decisión|elección) (correcta|equivocada), me arrepiento,
        fui demasiado, valió la pena
    """,
    "an impression": """
        parece que, me parece que, (quizá|quizás|tal vez) (debería|soy|sea|fui), supongo que,
        da la impresión, en mi opinión, creo que (debería|fui|soy|el problema|he|me),
        a mi modo de ver, el problema (es|está)
    """,
    "a rule from cases": """
        cada vez que, siempre que, solo cuando, siempre falla, al final, cuanto más, creo que
    """,
    "a bad feeling": """
        enojado, enojada, enfadado, enfadada, furioso, furiosa, molesto, molesta, preocupado,
        preocupada, triste, nervioso, nerviosa, asustado, asustada, decepcionado, decepcionada,
        frustrado, frustrada, harto, harta, desesperado, desesperada, indignado, indignada,
        angustiado, angustiada, avergonzado, avergonzada, agobiado, agobiada, deprimido, deprimida,
        estresado, estresada, celoso, celosa, cabreado, cabreada, disgustado, disgustada, inquieto,
        inquieta, (enojad|enfadad|preocupad|decepcionad|frustrad|hart|indignad|asustad)(o|a|os|as),
        (molest|agobiad|aterrad|desolad|dolid|alterad|ofendid)(o|a|os|as)
    """,
    "a feeling": """
        feliz, felices, contento, contenta, contentos, encantado, encantada, aliviado, aliviada,
        agradecido, agradecida, orgulloso, orgullosa, ilusionado, ilusionada, emocionado,
        emocionada, satisfecho, satisfecha,
        (me|nos) (encanta|encantan|gusta|gustan|encantó|gustó|alegro|alegra|preocupa|molesta),
        (me|nos) (enfada|da pena|da rabia|da miedo|siento),
        (me|nos) (duele|pone|da vergüenza|asusta|hace ilusión), odio, odiaba, miedo, alegría,
        qué (pena|rabia|alivio|asco|ilusión|vergüenza), echo de menos, nervios,
        no (soporto|aguanto), vergüenza, lloré, llorar, adoro, estado de ánimo, hasta las narices,
        tristeza,
        (encantad|aliviad|agradecid|orgullos|ilusionad|emocionad|satisfech|content)(o|a|os|as),
        (me|nos) (hace|hacen|dio|da) (feliz|mucha|muchísima|mucho|tanta|ilusión|miedo|rabia|pena),
        terror, rabia, (qué) (horror|maravilla|desastre)
    """,
    "praise or blame": """
        terrible, horrible, maravilloso, maravillosa, increíble, inaceptable, ridículo, fantástico,
        fantástica, estupendo, estupenda, un desastre, pésimo, pésima, fatal, una vergüenza, genial,
        indignante, espantoso
    """,
    "how it is done": """
        cómo (puedo|se|hago|podemos|debo|tengo|me|funciona|lo),
        cómo (hay|podría|cambio|pago|activo|uso|instalo|envío),
        qué (tengo que|hay que|debo|debería|hago), tengo que hacer, hay que hacer, instrucciones,
        (los|qué) pasos, paso a paso, la (mejor|manera|forma) (de|manera|forma), procedimiento,
        dónde (tengo que|pulso|meto|introduzco|hago clic), explicarme cómo, enséñeme,
        cómo (activo|devuelvo|cancelo|pongo|conecto|configuro),
        cómo (limpio|apago|enciendo|entro|cambiar|hacer)
    """,
    "a routine": """
        todos los (días|lunes|martes|miércoles|jueves|viernes|sábados|domingos|meses),
        todas las (mañanas|noches|tardes|semanas),
        cada (mañana|noche|día|semana|mes|tarde|lunes|viernes), normalmente,
        siempre (hago|tomo|voy|compruebo), suelo, solemos,
        (una vez|dos veces) (al|por) (día|mes|semana), (los|el) (sábados|domingos), a diario,
        (cada|todas) (vez|las), por las (mañanas|noches|tardes), antes de (dormir|acostarme|salir),
        siempre (apago|cierro|llevo|tomo|reviso)
    """,
    "an instruction": """
        (tiene|tienes|hay) que, asegúrese, asegúrate, hasta que, una vez que, no olvide,
        no se olvide, se debe
    """,
    "a sequence": "primero, luego, después, a continuación, por último, finalmente, entonces",
    "a step": """
        apague, encienda, pulse, presione, abra, cierre, gire, desenchufe, enchufe, introduzca,
        seleccione, vuelva a, ponga, quite, pulsa, apaga, desenchufa, espere, haga clic, deje,
        marque, escriba, apretar, pulsar, girar, desenchufar, reiniciar, reinicie, meta, saque,
        aprieta, botón, mezcle, llame al timbre
    """,
    "a time": """
        ayer, hoy, mañana (por|a), anoche, anteayer, (la|esta) (semana|próxima) (pasada|que|semana),
        esta semana, (el|este) (mes|año|verano|invierno) (pasado|que),
        el (lunes|martes|miércoles|jueves|viernes|sábado), el domingo,
        hace (una|dos|un|tres|unos|poco|media), esta (mañana|tarde|noche), navidad,
        en (enero|febrero|marzo|abril|mayo|junio),
        en (julio|agosto|septiembre|octubre|noviembre|diciembre),
        a las (ocho|nueve|diez|once|doce|dos|tres|cuatro|cinco|seis|siete), ahora mismo, al mediodía
    """,
    "something that happened": """
        llamé, recogí, compré, pedí, pagué, recibí, perdí, robaron, llegó, vino, fui, fue, salió,
        dijo, dijeron, contestó, mandé, envié, hablé, reservé, cancelé, rompió, pasó, llamó, pidió,
        nació, perdimos, compramos, estuve, vinieron, arregló,
        (he|ha|han|hemos) (llamado|recibido|pedido|llegado|comprado),
        (he|ha|han|hemos) (perdido|venido|pagado|roto|cancelado|enviado|ido|dicho), cayó, encontré,
        dejé, tuvimos, (retrasó|fue la luz|rompieron|cayeron|entregaron|cobraron),
        (cancelaron|perdieron|llegaron|dejaron|instalaron),
        (operaron|firmé|viajé|compró|pagó|perdió|murió|nació|llegué|entró)
    """,
    "the past": "era, estaba, había, he, ha, han, hemos",
    "a request or plan": """
        quiero, quisiera, querría, me gustaría, (puede|podría|puedo|podría|podemos|pueden),
        necesito, por favor, (una|mi|la) (cita|reserva|mesa), cancelar, cambiar la cita,
        llamo (para|por|porque), llamaba, voy a
    """,
    "how it is now": """
        no funciona, está roto, está rota, averiado, averiada, sigue sin, todavía, gotea, listo,
        lista
    """,
    "a lasting fact": """
        me llamo, mi (nombre|apellido|dirección|correo|teléfono|número), (vivo|vivimos|vive) en,
        alérgico, alérgica, alergia, (trabajo|trabaja) (en|de|como), vegetariano, vegetariana,
        vegano, vegana, diabético, diabética, casado, casada, soltero, soltera, divorciado,
        divorciada, jubilado, jubilada, prefiero, (mi|nuestro) (idioma|cumpleaños|favorito), hablo,
        (tengo|tenemos|tiene) (un|una|dos|tres|alergia),
        no (tengo|tenemos|como|bebo|fumo|conduzco|hay), soy (de|un|una), años, horario, mi favorita,
        está abierto, se (escribe|deletrea), silla de ruedas, desde hace años, sin gluten,
        (mi|nuestra|nuestro) (marido|mujer|hijo|hija|madre|padre) (es|tiene|está|trabaja|vive),
        (mi|nuestra|nuestro) (casa|oficina|perro|gato|empresa) (es|tiene|está|trabaja|vive),
        está en el
    """,
    "a rule or a price": """
        cuesta, cuestan, significa, incluye, pertenece, es (un|una|el|la), cubre, dura
    """,
    "an attribute": """
        nombre, dirección, número, teléfono, correo, cumpleaños, mujer, marido, esposa, esposo,
        hijo, hija, hijos, perro, gato, casa, piso, coche, trabajo, contrato, madre, padre, hermana,
        hermano, empresa
    """,
    "a state": "es, son, está, soy, somos, tiene, tenemos, estoy, se llama",
    "a question of fact": """
        qué (es|significa|incluye), (cuál|cuáles) (es|son), cuánto, cuánta, cuántos, cuántas,
        por qué, (tienen|hay|aceptan|ofrecen|abren|cierran) (un|una|ustedes|tarjeta|envío|los|a),
        dónde (está|están), a qué hora (abren|cierran), tienen
    """,
}
