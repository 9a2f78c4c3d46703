"""
The words of time that stand for a number, with the part each plays.

English, German, Spanish, French, Portuguese and Italian, folded; "_" joins words that belong
together. `memory.recall.when.rules` tells which sequences of parts mean something.
"""

# Values of numbers of which only the size is known.
COUPLE, FEW = -2, -3

MINUTE, HOUR, DAY, WEEK, FORTNIGHT, MONTH, QUARTER, YEAR, WEEKEND = range(9)
EASTER, THANKSGIVING = -1, -2  # feasts that move; the others are month * 100 + day

NUMBERED: dict[str, dict[int, str]] = {
    "one": {1: "a an one ein eine einem einen einer eins un uno una um uma une"},
    "number": {
        COUPLE: "couple par paio",
        FEW: (
            "few several some paar einige einigen mehreren unos unas pocos pocas algunos "
            "algunas quelques plusieurs alguns algumas poucos poucas uns umas qualche alcuni "
            "alcune pochi poche"
        ),
        2: "two zwei dos deux dois duas due",
        3: "three drei tres trois tre",
        4: "four vier cuatro quatre quatro quattro",
        5: "five funf cinco cinq cinque",
        6: "six sechs seis sei",
        7: "seven sieben siete sept sete sette",
        8: "eight acht ocho huit oito otto",
        9: "nine neun nueve neuf nove",
        10: "ten zehn diez dix dez dieci",
        11: "eleven elf once onze undici",
        12: "twelve zwolf doce douze doze dodici",
        15: "fifteen funfzehn quince quinze quindici",
        18: "eighteen",
        20: "twenty zwanzig veinte vingt vinte venti",
        30: "thirty dreissig treinta trente trinta trenta",
    },
    "half": {1: "half halbes halben halbe medio meio mezzo demi"},
    "unit": {
        MINUTE: "minute minutes minuten minuto minutos minuti",
        HOUR: "hour hours stunde stunden hora horas heure heures ora ore",
        DAY: "day days tag tage tagen dia dias jour jours giorno giorni",
        WEEK: "week weeks woche wochen semana semanas semaine semaines settimana settimane",
        FORTNIGHT: "fortnight fortnights",
        MONTH: "month months monat monate monaten monats mes meses mois mese mesi",
        QUARTER: "quarter quartal trimestre",
        YEAR: "year years jahr jahre jahren jahres ano anos an ans annee annees anno anni",
        WEEKEND: "weekend week_end wochenende fin_de_semana fim_de_semana fine_settimana finde",
    },
    "month": {
        1: "january januar janner enero janvier janeiro gennaio",
        2: "february feb februar febrero fevrier fevereiro febbraio",
        3: "marz marzo",
        4: "abril avril aprile",
        5: "maio maggio",
        6: "juni junio juin junho giugno",
        7: "july juli juillet julho luglio",
        8: "agosto aout",
        9: "september septiembre setiembre septembre setembro settembre",
        10: "october oct oktober okt octubre octobre outubro ottobre",
        11: "november nov noviembre novembre novembro",
        12: "december dezember diciembre decembre dezembro dicembre",
    },
    # words that are months only where a date is expected: verbs, names and other words too
    "maybe": {
        1: "jan",
        3: "march mar mars marco",
        4: "april apr",
        5: "may mai mayo",
        6: "june jun",
        7: "julio jul",
        8: "august aug",
        9: "sep sept",
        12: "dec",
    },
    "weekday": {
        0: "monday montag lunes lundi lunedi segunda_feira",
        1: "tuesday tue tues dienstag martes mardi martedi terca_feira",
        2: "wednesday mittwoch miercoles mercredi mercoledi quarta_feira",
        3: "thursday thu thur thurs donnerstag jueves jeudi giovedi quinta_feira",
        4: "friday fri freitag viernes vendredi venerdi sexta_feira",
        5: "saturday samstag sonnabend sabado samedi sabato",
        6: "sunday sonntag domingo dimanche domenica",
    },
    "feira": {0: "segunda", 1: "terca", 2: "quarta", 3: "quinta", 4: "sexta"},
    "season": {
        3: "primavera printemps fruhling fruhjahr",
        6: "summer sommer verano verao",
        9: "autumn herbst otono automne outono autunno",
        12: "winter invierno hiver inverno",
    },
    "maybeseason": {3: "spring", 6: "ete estate", 9: "fall"},
    "feast": {
        1224: (
            "christmas christmas_day christmas_eve xmas weihnachten navidad navidades noel natal "
            "natale"
        ),
        1031: "halloween",
        1231: "new_year_s_eve new_year_s new_years silvester nochevieja capodanno",
        214: "valentine_s valentines valentine_s_day valentines_day",
        EASTER: "easter ostern paques pascoa pasqua",
        THANKSGIVING: "thanksgiving",
    },
    "dayword": {
        0: (
            "today tonight heute hoy aujourdhui hoje oggi stamattina stamani stasera "
            "stanotte earlier_today"
        ),
        -1: "yesterday gestern ayer hier ontem ieri",
        -2: (
            "day_before_yesterday vorgestern anteayer antier antes_de_ayer avant_hier anteontem "
            "altro_ieri altroieri"
        ),
    },
    "lastnight": {-1: "anoche"},
    "ordinal": {
        1: (
            "first initial ersten erster erste erstes erstem primero primer primera premier "
            "premiere primeiro primeira primo prima"
        ),
        2: "second zweiten zweiter zweite zweites segundo segunda deuxieme secondo seconda",
        3: "third dritten dritter dritte drittes tercer tercera troisieme terceiro terceira terzo",
        4: "fourth vierten",
        5: "fifth funften",
        6: "sixth sechsten",
        7: "seventh siebten",
        8: "eighth achten",
        9: "ninth neunten",
        10: "tenth zehnten",
        11: "eleventh elften",
        12: "twelfth zwolften",
        13: "thirteenth",
        14: "fourteenth",
        15: "fifteenth",
        16: "sixteenth",
        17: "seventeenth",
        18: "eighteenth",
        19: "nineteenth",
        20: "twentieth zwanzigsten",
        30: "thirtieth dreissigsten",
    },
}
