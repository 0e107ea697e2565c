// Rows: filters, order, pages, editing with a conflict, deleting and restoring, relations.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { signed_in } from "./support/signed_in.mjs";

let project, browser, session, stop;
before(async () => {
  ({ project, browser, session, stop } = await signed_in({ sessions: 60 }));
});
after(() => stop?.());

const rows_of = (visit) => visit.page.locator("tbody tr").count();
const cells_of = (visit, column) => visit.page.locator(`tbody tr td:nth-child(${column})`).allInnerTexts();
const column_of = async (visit, name) => (await visit.page.locator("thead th").allInnerTexts()).findIndex((text) => text.trim() === name) + 1;

test("a filter is typed by the schema, is in the address, and can be taken away", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/session");
  await visit.button("Filter").click();
  const form = visit.page.getByRole("form", { name: "Add a filter" });
  await form.getByLabel("Field").selectOption("data.state");
  await form.getByLabel("Value").selectOption("completed");
  await form.getByRole("button", { name: "Add" }).click();
  await visit.page.getByText("state is completed").waitFor();
  await visit.settled();
  const states = await cells_of(visit, await column_of(visit, "state"));
  assert.deepEqual([...new Set(states.map((text) => text.trim()))], ["completed"]);
  await visit.button("Filter").click();
  await form.getByLabel("Field").selectOption("data.minutes");
  await form.getByLabel("Comparison").selectOption("gte");
  await form.getByLabel("Value").fill("60");
  await form.getByRole("button", { name: "Add" }).click();
  await visit.page.getByText("minutes at least 60").waitFor();
  await visit.page.reload();
  await visit.settled();
  await visit.page.getByText("minutes at least 60").waitFor();
  const minutes = (await cells_of(visit, await column_of(visit, "minutes"))).map(Number);
  assert.ok(minutes.length > 0 && minutes.every((one) => one >= 60));
  await visit.button("Remove the filter: state is completed").click();
  await visit.page.getByText("state is completed").waitFor({ state: "detached" });
  await visit.close();
});

test("filters that cannot be read show no rows", async () => {
  const visit = await Visit.open(browser, project, { session });
  for (const where of ['[{"field":"data.state","oper', "[null]"]) {
    await visit.go(`/data/session?where=${encodeURIComponent(where)}`);
    await visit.page.getByRole("alert").filter({ hasText: "The filters in the address (where) cannot be read" }).waitFor();
    assert.equal(await rows_of(visit), 0);
  }
  await visit.button("Remove the filters").click();
  await visit.page.getByText("50 rows on this page").waitFor();
  await visit.close();
});

test("a cell's menu filters by its value, and a column's head orders", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/session");
  await visit.page.getByRole("cell", { name: "Statistics" }).first().click({ button: "right" });
  await visit.page.getByRole("menuitem", { name: "Filter by this" }).click();
  await visit.page.getByText("subject is Statistics").waitFor();
  await visit.go("/data/session");
  await visit.page.getByRole("button", { name: "price" }).click();
  await visit.page.waitForURL(/order=data\.price/);
  await visit.settled();
  await visit.page.locator('th[aria-sort="ascending"]').waitFor();
  const prices = (await cells_of(visit, await column_of(visit, "price"))).map(Number);
  assert.deepEqual(prices, [...prices].sort((a, b) => a - b));
  await visit.close();
});

test("search, cursor pages and back stay in the address", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/session");
  assert.equal(await rows_of(visit), 50);
  await visit.button("Next").click();
  await visit.page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 10);
  assert.match(visit.page.url(), /cursor=/);
  await visit.page.goBack();
  await visit.page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 50);
  await visit.page.getByRole("searchbox").fill("chemistry");
  await visit.page.keyboard.press("Enter");
  await visit.page.waitForURL(/search=chemistry/);
  await visit.page.waitForFunction(() => [...document.querySelectorAll("tbody tr")].every((row) => row.textContent.includes("chemistry")));
  await visit.button("Count").click();
  await visit.page.getByText(/^\d+ rows$/).waitFor();
  await visit.close();
});

test("a row is made and edited under its schema's words", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/session");
  await visit.button("New row").click();
  const dialog = visit.page.getByRole("dialog");
  const editor = dialog.getByRole("textbox", { name: "The data of session" });
  await editor.fill('{"subject": "Latin", "minutes": 5}');
  await dialog.getByText("must be at least 15").waitFor();
  await dialog.getByText("is required").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Create" }).isDisabled());
  await editor.fill('{"subject": "Latin",');
  await dialog.getByText(/^Line \d+:/).waitFor();
  await editor.fill(JSON.stringify({ subject: "Latin", minutes: 30, teacherId: project.rows.development.teachers[0] }));
  await dialog.getByRole("button", { name: "Create" }).click();
  await visit.page.getByRole("heading", { name: "Latin" }).waitFor();
  await visit.page.keyboard.press("e");
  await editor.fill(JSON.stringify({ subject: "Latin II", minutes: 30, teacherId: project.rows.development.teachers[0] }));
  await dialog.getByRole("button", { name: "Save" }).click();
  await visit.page.getByRole("heading", { name: "Latin II" }).waitFor();
  await visit.page.getByRole("link", { name: "History" }).click();
  await visit.page.getByText("session.updated").click();
  await visit.page.locator("del", { hasText: "Latin" }).waitFor();
  await visit.page.locator("ins", { hasText: "Latin II" }).waitFor();
  await visit.close();
});

test("a form edits the same object as the JSON", async () => {
  const id = project.create("development", "session", { subject: "Lute", minutes: 30, teacherId: project.rows.development.teachers[0] });
  const visit = await Visit.open(browser, project, { session });
  await visit.go(`/data/session/${id}`);
  await visit.button("Edit").click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Form", exact: true }).click();
  await dialog.getByLabel("minutes").fill("5");
  await dialog.getByText("must be at least 15").waitFor();
  await dialog.getByLabel("minutes").fill("75");
  await dialog.getByLabel("state").selectOption("scheduled");
  await dialog.getByRole("button", { name: "JSON", exact: true }).click();
  assert.deepEqual(JSON.parse(await dialog.getByRole("textbox", { name: "The data of session" }).inputValue()), { subject: "Lute", minutes: 75, state: "scheduled", teacherId: project.rows.development.teachers[0] });
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(project.json(["data", "get", "session", id]).data.minutes, 75);
  await visit.close();
});

test("an edit that meets another one writes nothing until somebody has chosen", async () => {
  const id = project.create("development", "session", { subject: "Greek", minutes: 30, teacherId: project.rows.development.teachers[0] });
  const visit = await Visit.open(browser, project, { session });
  await visit.go(`/data/session/${id}`);
  await visit.button("Edit").click();
  const dialog = visit.page.getByRole("dialog");
  const editor = dialog.getByRole("textbox", { name: "The data of session" });
  await editor.fill(JSON.stringify({ subject: "Greek", minutes: 90, teacherId: project.rows.development.teachers[0] }));
  project.run(["data", "update", "session", id, JSON.stringify({ subject: "Ancient Greek" })]);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Somebody else changed this row").waitFor();
  assert.equal(project.json(["data", "get", "session", id]).data.minutes, 30);
  await dialog.locator("ins", { hasText: "Ancient Greek" }).waitFor();
  await dialog.getByRole("button", { name: "Put my changes on top of theirs" }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const { data } = project.json(["data", "get", "session", id]);
  assert.equal(data.subject, "Ancient Greek");
  assert.equal(data.minutes, 90);
  await visit.close();
});

test("deleting in production needs the name to be typed, and can be taken back", async () => {
  const id = project.create("production", "session", { subject: "Dance", teacherId: project.rows.production.teachers[0] });
  const visit = await Visit.open(browser, project, { session });
  await visit.go(`/data/session/${id}`, "production");
  await visit.button("More").click();
  await visit.page.getByRole("menuitem", { name: "Delete…" }).click();
  const dialog = visit.page.getByRole("dialog");
  const remove = dialog.getByRole("button", { name: "Delete" });
  assert.ok(await remove.isDisabled());
  await dialog.getByRole("textbox").fill("sessions");
  assert.ok(await remove.isDisabled());
  await dialog.getByRole("textbox").fill("session");
  await remove.click();
  await visit.page.getByRole("heading", { name: "Session", level: 1 }).waitFor();
  assert.equal(new URL(visit.page.url()).searchParams.get("environment"), "production");
  await visit.go(`/data/session/${id}`, "production");
  await visit.button("Restore it").click();
  await visit.page.getByRole("heading", { name: "Dance" }).waitFor();
  await visit.close();
});

test("relations and references are links, in both directions", async () => {
  const [ana] = project.rows.development.teachers;
  const id = project.create("development", "session", { subject: "Harp", teacherId: ana });
  project.run(["relations", "link", ana, "teaches", id]);
  const visit = await Visit.open(browser, project, { session });
  await visit.go(`/data/teacher/${ana}/relations`);
  await visit.page.getByText("teaches →").waitFor();
  await visit.page.getByText("session.teacherId").waitFor();
  await visit.go(`/data/session/${id}/relations`);
  await visit.page.getByText("← teaches").waitFor();
  project.run(["relations", "link", id, "old", ana]);
  await visit.page.route("**/v1/events?*type=entity.linked*", (route) => route.fulfill({ json: { items: [] } }));  // as behind 200 others
  await visit.go(`/data/session/${id}/relations`);
  await visit.page.getByText("This row has none of the relations that were used lately").waitFor();
  await visit.page.getByLabel("Name of a relation").fill("old");
  await visit.button("Look for it").click();
  await visit.page.getByText("old →").waitFor();
  await visit.page.locator("section", { hasText: "Refers to" }).getByRole("link").first().click();
  await visit.page.getByRole("heading", { name: "Ana Whitfield" }).waitFor();
  await visit.close();
});
