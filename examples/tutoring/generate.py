#!/usr/bin/env python3
"""Makes the rows of the two tutoring companies, the same in every run.

Nothing needs it: what it wrote lies beside it. Each line of a file is an entity, {"ref", "type", "data"[, "status"]}, or a
relation, {"link", "from", "to"}. "@ref" stands for the id that an earlier line of the same file will get.
"""
import datetime
import json
import random
from pathlib import Path

HERE = Path(__file__).parent
TODAY = datetime.date(2026, 4, 20)  # what lies before it has been held, what lies after it is planned

GIVEN = ["Aaliyah", "Adwoa", "Aisha", "Amira", "Anders", "Anouk", "Arjun", "Bilal", "Chidi", "Chloé", "Diego", "Elif", "Emre", "Esi",
         "Farid", "Femi", "Giulia", "Hana", "Hiroshi", "Ingrid", "Jamal", "Joaquín", "João", "Katarzyna", "Kofi", "Kwame", "Leilani", "Liam",
         "Linh", "Lucía", "Mateo", "Mei", "Milica", "Nadia", "Niamh", "Noor", "Oluwaseun", "Paweł", "Priya", "Rana", "Ravi", "Ruth", "Samir",
         "Sofía", "Søren", "Tariq", "Thandiwe", "Tuan", "Yara", "Yuki", "Zainab", "Zoë"]
FAMILY = ["Abebe", "Adeyemi", "Andersen", "Bianchi", "Chaudhry", "Costa", "Dubois", "Eriksson", "Fernández", "Haddad", "Ivanova", "Jovanović",
          "Kapoor", "Kaya", "Kim", "Kowalska", "Lindqvist", "Marín", "Mbeki", "Mensah", "Moreau", "Nakamura", "Nguyen", "Novak", "O'Brien",
          "Okafor", "Osei", "Papadopoulos", "Patel", "Rahman", "Rossi", "Santos", "Sato", "Silva", "Tran", "Weiss", "Yılmaz", "Zhang"]
SCHOOLS = ["Hillside School", "Lakeview School", "Harbour Academy", "St Brigid's", "Northgate High", "Elm Road School"]
HEALTH = ["none", "none", "none", "asthma", "nut allergy", "wears glasses", "type 1 diabetes", "dyslexia: extra time"]
GOALS = ["catch up", "pass the exam", "top marks", "study habits"]
REPORTS = ["Good progress; two exercises left for next week.", "Homework was missing. We did it together.", "Ready for the exam.",
           "Mixes up signs when in a hurry.", "Much more confident than last month.", "Tired today; we went over old material.",
           "Asked excellent questions.", "Needs more practice before the test."]
TEST_CARDS = ["4111111111111111", "4242424242424242", "5555555555554444", "378282246310005"]  # the card schemes' own test numbers
STARTS = ["14:30", "15:45", "17:00", "18:15"]

TEACHERS = {
    "user_maya": ("Maya Okafor", ["mathematics", "physics"]),
    "user_tomas": ("Tomás Marín", ["english", "history"]),
    "user_aisha": ("Aisha Rahman", ["chemistry", "biology"]),
    "user_jonas": ("Jonas Weiss", ["mathematics", "computing"]),
    "user_hana": ("Hana Nakamura", ["physics", "chemistry"]),
    "user_piotr": ("Piotr Kowalski", ["english", "german"]),
    "user_freya": ("Freya Lindqvist", ["mathematics", "english"]),
    "user_ravi": ("Ravi Kapoor", ["physics", "computing"]),
}
GUARDIANS = {"user_lucia": "Lucía Fernández", "user_samir": "Samir Haddad", "user_nadia": "Nadia Costa"}  # who log in themselves


class World:
    """One company in one environment."""

    def __init__(self, seed, currency, domain, invented):
        self.rng = random.Random(seed)
        self.currency = currency
        self.domain = domain
        self.invented = invented  # development: nobody tries things out on the customers
        self.lines = []
        self.names = set()

    def name(self, family):
        """One that nobody else has: a reader of the walkthrough should not have to ask who is meant."""
        while True:
            name = f"{self.rng.choice(GIVEN)} {family}"
            if name not in self.names:
                self.names.add(name)
                return name

    def add(self, ref, kind, data, status=None):
        self.lines.append({"ref": ref, "type": kind, "data": data} | ({"status": status} if status else {}))

    def link(self, relation, start, end):
        self.lines.append({"link": relation, "from": f"@{start}", "to": f"@{end}"})

    def people(self, users, guardians, guardian_users, students):
        self.teachers = users
        for i, user in enumerate(users):
            name, subjects = TEACHERS[user]
            self.add(f"teacher-{i}", "teacher", {"name": name, "userId": user, "subjects": subjects})
        families = []
        for i in range(guardians):
            user = guardian_users[i] if i < len(guardian_users) else None
            families.append(GUARDIANS[user].split()[1] if user else self.rng.choice(FAMILY))
            name = f"Sample Guardian {i + 1}" if self.invented else GUARDIANS[user] if user else self.name(families[i])
            data = {"name": name, "email": f"guardian{i + 1}@{self.domain}.example", "phone": f"+1 202 555 01{self.rng.randrange(100):02d}"}
            self.add(f"guardian-{i}", "guardian", data | ({"userId": user} if user else {}))
        self.guardian_of, self.lessons = {}, []
        for i in range(students):
            guardian = i % guardians
            self.guardian_of[i] = guardian
            name = f"Sample Student {i + 1}" if self.invented else self.name(families[guardian])
            waiting = i % 10 == 9  # enrolled, has not begun: a teacher is found, no session was held
            self.add(f"student-{i}", "student",
                     {"name": name, "grade": self.rng.randint(5, 12), "guardianId": f"@guardian-{guardian}",
                      "notes": {"goal": self.rng.choice(GOALS), "health": self.rng.choice(HEALTH), "school": self.rng.choice(SCHOOLS)}},
                     "waiting" if waiting else None)
            self.link("guardianOf", f"guardian-{guardian}", f"student-{i}")
            for teacher in sorted({i % len(users), (i // 2) % len(users)} if i % 3 == 0 else {i % len(users)}):
                self.link("teaches", f"teacher-{teacher}", f"student-{i}")
                if not waiting:
                    self.lessons.append((teacher, i, self.rng.choice(TEACHERS[users[teacher]][1])))

    def sessions(self, count):
        """At most one session of a teacher at a time, on weekdays, in the order of the calendar."""
        days = [datetime.date(2026, 1, 12) + datetime.timedelta(days=d) for d in range(166)]
        slots = [(day, start, teacher) for day in days if day.weekday() < 5 for start in STARTS for teacher in range(len(self.teachers))]
        for i, (day, start, teacher) in enumerate(sorted(self.rng.sample(slots, count))):
            _, student, subject = self.rng.choice([lesson for lesson in self.lessons if lesson[0] == teacher])
            minutes = self.rng.choice([30, 45, 60, 60])
            held = day < TODAY
            status = self.rng.choices(["cancelled", "completed" if held else "scheduled"], [1, 11])[0]
            data = {"teacherId": self.teachers[teacher], "studentId": f"@student-{student}", "subject": subject,
                    "startTime": f"{day}T{start}:00Z", "duration": minutes, "status": status}
            if status == "completed":
                data |= {"paymentId": f"pay_{self.rng.getrandbits(48):012x}", "teacherReport": self.rng.choice(REPORTS)}
            self.add(f"session-{i}", "session", data)
            if status == "completed":
                self.payment(i, student, data, day)
            if self.invented and status == "completed" and i % 4 == 0:  # what production does not have yet
                self.add(f"homework-{i}", "homework", {"sessionId": f"@session-{i}", "teacherId": data["teacherId"], "task": f"Exercises {i}a to {i}f", "done": i % 8 == 0})

    def payment(self, session, student, data, day):
        state = self.rng.choices(["paid", "due", "refunded"], [85, 12, 3])[0]
        paid = {} if state == "due" else {"paidAt": str(day + datetime.timedelta(days=self.rng.randint(0, 9))), "card": self.rng.choice(TEST_CARDS)}
        self.add(f"payment-{session}", "payment",
                 {"sessionId": f"@session-{session}", "guardianId": f"@guardian-{self.guardian_of[student]}", "reference": data["paymentId"],
                  "amount": data["duration"] * 4 // 5, "currency": self.currency, "state": state} | paid)

    def packages(self, count):
        """Whole terms, paid in advance."""
        for i in range(count):
            guardian = self.rng.randrange(len(set(self.guardian_of.values())))
            self.add(f"package-{i}", "payment",
                     {"guardianId": f"@guardian-{guardian}", "reference": f"pay_{self.rng.getrandbits(48):012x}", "amount": 480 + 120 * (i % 4),
                      "currency": self.currency, "state": "paid", "paidAt": "2026-01-09", "card": self.rng.choice(TEST_CARDS)})

    def write(self, file):
        path = HERE / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line, ensure_ascii=False, separators=(", ", ": ")) + "\n" for line in self.lines), encoding="utf-8")


def make(file, seed, currency, domain, invented, teachers, guardians, guardian_users, students, sessions, packages):
    world = World(seed, currency, domain, invented)
    world.people(teachers, guardians, guardian_users, students)
    world.sessions(sessions)
    world.packages(packages)
    world.write(file)


BRIGHTPATH = ["user_maya", "user_tomas", "user_aisha", "user_jonas", "user_hana", "user_piotr"]
NORTHSTAR = ["user_freya", "user_ravi"]
make("brightpath/production.jsonl", 1, "EUR", "brightpath", False, BRIGHTPATH, 72, ["user_lucia", "user_samir"], 120, 1100, 24)
make("brightpath/development.jsonl", 2, "EUR", "test", True, BRIGHTPATH[:2], 6, ["user_lucia"], 12, 60, 2)
make("northstar/production.jsonl", 3, "USD", "northstar", False, NORTHSTAR, 36, ["user_nadia"], 60, 420, 12)
make("northstar/development.jsonl", 4, "USD", "test", True, NORTHSTAR[:1], 4, [], 8, 40, 1)
