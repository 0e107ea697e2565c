#!/usr/bin/env python3
"""Makes the data of two tutoring companies, the same in every run. The files it wrote are in this folder; nothing needs it."""
import json
import random
from pathlib import Path

HERE = Path(__file__).parent
FIRST = ["Maya", "Tomás", "Aisha", "Jonas", "Mei", "Oluwaseun", "Freya", "Ravi", "Lucía", "Kofi", "Hana", "Noor", "Piotr", "Leilani",
         "Sven", "Zainab", "Emre", "Chloé", "Diego", "Ingrid", "Kwame", "Yuki", "Amira", "Mateo", "Sofia", "Tariq", "Elif", "Anders"]
LAST = ["Okafor", "Lindqvist", "Marín", "Haddad", "Nakamura", "Kowalska", "Osei", "Rossi", "Yılmaz", "Dubois", "Patel", "Nguyen",
        "Kaya", "Andersen", "Moreau", "Fernández", "Mensah", "Sato", "Novak", "Bianchi", "Rahman", "Petrov"]
SUBJECTS = ["mathematics", "physics", "chemistry", "english", "history", "biology"]
REPORTS = ["Good progress with fractions.", "Homework was missing twice.", "Excellent: ready for the exam.", "Needs practice with essays.",
           "Lost focus after half an hour; shorter sessions?", "We revised the whole term."]
TEST_CARDS = ["4111111111111111", "4242424242424242", "5555555555554444", "378282246310005"]


def name(rng):
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def entities(seed, teachers, students, sessions, words):
    """One scope. Later lines refer to earlier ones by `@ref`, which the loader replaces by the id that the row got."""
    rng = random.Random(seed)
    rows = []

    def add(ref, kind, data, **more):
        rows.append({"ref": ref, "type": kind, "data": data, **more})

    guardians = max(1, students // 2)
    for i in range(guardians):
        person = name(rng)
        add(f"guardian-{i}", "guardian", {"name": person, "email": f"guardian{i}@{words}.example", "phone": f"+1 555 01{i % 100:02d} {rng.randint(1000, 9999)}"})
    for i, user in enumerate(teachers):
        add(f"teacher-{i}", "teacher", {"name": user.split("_")[1].title() + " " + rng.choice(LAST), "userId": user, "subjects": rng.sample(SUBJECTS, 2)})
    for i in range(students):
        add(f"student-{i}", "student", {"name": name(rng), "grade": rng.randint(5, 12), "guardianId": f"@guardian-{i % guardians}",
                                        "notes": {"health": rng.choice(["none", "asthma", "nut allergy"]), "school": f"School {rng.randint(1, 9)}"}})
    for i in range(sessions):
        status = rng.choices(["scheduled", "completed", "cancelled"], [2, 7, 1])[0]
        data = {"teacherId": teachers[i % len(teachers)], "studentId": f"@student-{rng.randrange(students)}", "subject": rng.choice(SUBJECTS),
                "startTime": f"2026-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T{rng.randint(8, 18):02d}:30:00Z",
                "duration": rng.choice([30, 45, 60, 90]), "status": status}
        if status == "completed":
            data["paymentId"] = f"pay_{rng.getrandbits(48):012x}"
            data["teacherReport"] = rng.choice(REPORTS)
        add(f"session-{i}", "session", data)
        if status == "completed" and i % 3 == 0:
            add(f"payment-{i}", "payment", {"sessionId": f"@session-{i}", "reference": data["paymentId"], "amount": data["duration"] * 1.1,
                                            "currency": "EUR", "card": rng.choice(TEST_CARDS)})
    return rows


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


# Development holds less, and other people: nobody tries things out on the customers.
write(HERE / "brightpath/production.jsonl", entities(1, ["user_maya", "user_tomas", "user_aisha", "user_jonas"], 120, 1100, "brightpath"))
write(HERE / "brightpath/development.jsonl", entities(2, ["user_maya", "user_tomas"], 12, 60, "test"))
write(HERE / "northstar/production.jsonl", entities(3, ["user_freya", "user_ravi"], 60, 420, "northstar"))
write(HERE / "northstar/development.jsonl", entities(4, ["user_freya"], 8, 40, "test"))
