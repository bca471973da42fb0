"""Sixty made-up mails, from templates. Every person, firm, address and number in them is invented."""

import hashlib

FIRST = ["Ada", "Bo", "Carla", "Dmitri", "Emeka", "Fatou", "Goran", "Hana", "Ines", "Jonas", "Kenji", "Lucia"]
LAST = ["Arnesen", "Brandl", "Castell", "Dufour", "Eriksen", "Farkas", "Gruber", "Hollins", "Ivarsen", "Jansky"]
FIRMS = ["Northlight Lamps", "Harbour Bicycles", "Tin Kettle Tea", "Paperboat Press"]
ITEMS = ["desk lamp", "rear wheel", "tea caddy", "hardback", "wall bracket", "chain guard", "gift box", "bookend"]
FAULTS = [
    "arrived with a crack along the base, although the carton itself was not damaged at all",
    "works for about ten minutes and then switches itself off, and only comes back after a night's rest",
    "is not the colour that I ordered: the page said moss green, and this one is plainly blue",
    "was missing two of the four screws that the leaflet lists, so I could not put it together",
    "came a week after the date on the order, when the person it was meant for had already left",
    "makes a rattling sound as soon as I move it, as if a part inside had come loose",
]
WISHES = [
    "Could you send a new one before the end of the month? I do not need the money back.",
    "I would rather return it. Please tell me which carrier you use and who pays for the label.",
    "Is there a way to repair it at home? I am handy enough, but I have no drawing of the inside.",
    "Please let me know what you suggest; I have kept the packaging and the receipt.",
]
ANSWERS = [
    "A replacement left our warehouse this morning. There is no need to send the old one back; any recycling yard takes it.",
    "I am sorry about that. You will find a return label in your account, and the refund follows two days after the parcel reaches us.",
    "This is a known weakness of the first series. Loosen the plate underneath, turn the spring by half a turn, and fasten it again.",
    "Thank you for keeping the packaging. Our carrier will fetch the parcel on Thursday between nine and noon, at no cost to you.",
]
STORIES = [
    ("A workshop in the old customs house", "From the first of the month our repair bench stands in the old customs house. Bring what is broken on Saturdays and we will look at it together, with tea. Last time we saved eleven lamps, two radios and a music box that had been silent since the seventies."),
    ("How the new catalogue was printed", "The catalogue is printed on paper made from straw, which takes ink differently: the first proofs looked like fog. The printer changed the screen three times until the greens were right, and we learned more about drying times than we had wished to know."),
    ("What we learned from your answers", "Four hundred of you answered our questions in spring. Most want fewer boxes inside boxes, so from now on small orders travel in a sleeve of cardboard. A third asked for spare parts; the list of those we keep for ten years is now on the page of every product."),
    ("Opening hours in the quiet season", "From November the shop opens at ten and closes at six, and stays closed on Mondays. The courtyard gate is locked after dark, so please use the entrance on the canal side and ring the lower bell; somebody is always in the back room."),
]
NOTICES = [
    ("Room plan for next week", "the large room is taken by the auditors from Monday to Wednesday. Project meetings move to the second floor, and the weekly round starts at half past nine, so that those who come by train can make it. Whoever needs the projector should write it on the list at the door."),
    ("Backup of the drawing server", "the drawing server will be copied to the new machine on Saturday night. Nothing will be lost, but files that are open at that time keep a lock and have to be closed by hand on Monday. Please save and log out on Friday before you leave the house."),
    ("Fire drill", "there will be a drill this month on a day that we do not tell. When the bell rings, leave everything, take the stairs, and meet at the lime tree. Last year we needed seven minutes, and the fire brigade would like to see five."),
]
GERMAN = [
    ("Liefertermin für die Fenster", "die Fenster für das zweite Obergeschoss kommen erst in der übernächsten Woche. Der Hersteller wartet noch auf die Beschläge und hat uns eine schriftliche Zusage bis Freitag versprochen. Das Gerüst bleibt so lange stehen; die Mehrkosten tragen wir nicht."),
    ("Protokoll der Besprechung", "anbei die wichtigsten Punkte von gestern: Der Estrich ist trocken genug, der Maler kann anfangen. Die Frage der Türschwellen klären wir vor Ort. Für den Aufzug fehlt noch die Abnahme, ohne die das Haus nicht übergeben werden darf."),
    ("Rückfrage zur Rechnung", "auf der Rechnung vom Monatsanfang stehen vierzehn Stunden für die Elektrik, im Bautagebuch finde ich nur zehn. Vermutlich sind die Stunden am Verteiler doppelt erfasst worden. Bitte prüfen Sie das, bevor wir die Zahlung anweisen."),
]


def _pick(values, *key):
    return values[int(hashlib.sha256(repr(key).encode()).hexdigest()[:8], 16) % len(values)]


def _footer(firm, address):
    site = firm.lower().replace(" ", "-")
    return (
        f"\n\n--\nYou receive this mail because you gave {address} to {firm}.\n"
        f"Unsubscribe: https://{site}.example.com/unsubscribe\n"
        f"View this mail in your browser: https://{site}.example.com/news\n"
        f"{firm}, 12 Quay Street, Exampleton. Registered under no number whatsoever.\n"
    )


def records():
    out = []

    def mail(kind, number, sender, to, subject, text, lang, planted):
        out.append({
            "id": f"mail/{kind}-{number:02}", "text": text, "source": "made up", "from": sender, "to": to, "subject": subject,
            "date": f"2024-{1 + len(out) % 12:02}-{1 + len(out) * 7 % 28:02}", "lang": lang, "planted": planted,
        })

    for n in range(28):
        first, last = _pick(FIRST, "f", n), _pick(LAST, "l", n)
        firm, item = _pick(FIRMS, "firm", n), ITEMS[n % len(ITEMS)]
        person, desk = f"{first.lower()}.{last.lower()}@example.com", f"help@{firm.lower().replace(' ', '-')}.example.com"
        order = 20000 + 137 * n
        question = (
            f"Dear {firm},\n\nthe {item} from order {order} {FAULTS[n % len(FAULTS)]}. {_pick(WISHES, 'w', n)}\n\n"
            f"Kind regards\n{first} {last}\n{person}\n+1 555 01{n:02}\n"
        )
        if n % 2 == 0:
            mail("support", n, person, desk, f"Order {order}: {item}", question, "en", ["email_address"])
        else:
            quoted = "".join(f"> {line}".rstrip() + "\n" for line in question.rstrip().split("\n"))
            agent = _pick(FIRST, "agent", n)
            answer = f"Dear {first},\n\n{_pick(ANSWERS, 'a', n)}\n\nWith best wishes\n{agent}, customer desk\n{desk}\n\nOn the day before, {first} {last} wrote:\n{quoted}"
            mail("support", n, desk, person, f"Re: Order {order}: {item}", answer, "en", ["email_address", "quoted_mail"])
    for n in range(16):
        firm = FIRMS[n // 4]
        title, story = STORIES[(n + n // 4) % len(STORIES)]
        address = f"reader{n}@example.org"
        other, second = STORIES[(n + n // 4 + 1 + n % 2) % len(STORIES)]
        text = f"{firm} news, number {31 + n % 4}\n\n{title}\n\n{story}\n\n{other}\n\n{second}" + _footer(firm, address)
        mail("newsletter", n, f"news@{firm.lower().replace(' ', '-')}.example.com", address, title, text, "en", ["email_address", "footer"])
    for n in range(8):
        title, body = NOTICES[n % len(NOTICES)]
        first = FIRST[(n * 5 + 2) % len(FIRST)]
        floor = ["ground floor", "first floor", "second floor", "workshop"][n % 4]
        text = f"To everybody on the {floor}:\n\n{body}\n\nQuestions go to {first.lower()}@example.com or to extension {200 + n}.\n\n{first}\n"
        mail("notice", n, f"{first.lower()}@example.com", "all@example.com", title, text, "en", ["email_address"])
    for n in range(8):
        title, body = GERMAN[n % len(GERMAN)]
        first, last = FIRST[(n * 7 + 1) % len(FIRST)], LAST[(n * 3 + 2) % len(LAST)]
        extra = [
            "Am Dienstag bin ich ab acht Uhr auf der Baustelle.", "Den Plan mit den roten Einträgen lege ich ins Büro.",
            "Über die Farbe der Leisten sprechen wir später.", "Der Schlüssel hängt wie immer im Kasten am Tor.",
        ][n % 4]
        text = f"Guten Tag,\n\n{body} {extra}\n\nMit freundlichen Grüßen\n{first} {last}\n{last.lower()}@bau.example.com\n"
        mail("bau", n, f"{last.lower()}@bau.example.com", "architektur@example.com", title, text, "de", ["email_address"])
    return out
