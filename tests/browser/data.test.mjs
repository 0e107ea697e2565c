// Rows: filters, order, pages, editing with a conflict, deleting and restoring, files, and hostile text.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { hostile } from "./support/project.mjs";
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

test("pressing Create again after a lost answer makes no second row", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/payment");
  const count = () => project.json(["data", "list", "payment", "--where", '[{"field":"data.amount","operator":"eq","value":991}]']).rows.length;
  await visit.page.route("**/v1/entities/payment?*", async (route) => {
    await route.fetch();
    await route.fulfill({ status: 429, contentType: "application/problem+json", body: '{"code": "limit", "detail": "the answer was lost"}' });
  }, { times: 1 });
  await visit.button("New row").click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "The data of payment" }).fill('{"amount": 991}');
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("the answer was lost").waitFor();
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(count(), 1);
  await visit.close();
});

test("an answer that comes late leads no other page away", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/payment", "production");
  let answer;
  const may_answer = new Promise((resolve) => (answer = resolve));
  await visit.page.route("**/v1/entities/payment?*", async (route) => {
    await may_answer;
    await route.continue();
  }, { times: 1 });
  await visit.button("New row").click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "The data of payment" }).fill('{"amount": 992}');
  await dialog.getByRole("button", { name: "Create" }).click();
  await visit.follow_now("/data/session", "development");
  await visit.page.getByRole("heading", { name: "Session", level: 1 }).waitFor();
  answer();
  await visit.page.getByText("Created in Production").waitFor();
  assert.equal(new URL(visit.page.url()).pathname, "/data/session");
  await visit.close();
});

test("an edit says what a browser would change: null, and integers over 2^53", async () => {
  const id = project.json(["data", "create", "payment", '{"amount": 1, "card": "1", "numbers": [9007199254740993]}']).id;
  const visit = await Visit.open(browser, project, { session });
  await visit.go(`/data/payment/${id}`);
  await visit.page.keyboard.press("e");
  const dialog = visit.page.getByRole("dialog");
  const editor = dialog.getByRole("textbox", { name: "The data of payment" });
  await editor.waitFor();
  assert.equal(await visit.page.evaluate(() => document.activeElement.tagName), "TEXTAREA");
  await editor.fill('{"amount": 1, "card": "1", "numbers": [9007199254740993, 2]}');
  await dialog.getByText("numbers[0] cannot be saved here").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Save" }).isDisabled());
  await editor.fill('{"amount": null, "card": "2", "numbers": [9007199254740993]}');
  await dialog.getByText("is not null").or(dialog.getByText("and is null")).waitFor();
  await editor.fill('{"amount": 1, "card": "2", "numbers": null}');
  await dialog.getByText("Saving removes numbers").waitFor();
  await editor.fill('{"amount": 1, "card": "2", "numbers": [9007199254740993]}');
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.match(project.run(["--json", "data", "get", "payment", id]), /9007199254740993/);
  await visit.close();
});

test("an edit of a row that was deleted meanwhile says so", async () => {
  const id = project.create("development", "payment", { amount: 3 });
  const visit = await Visit.open(browser, project, { session });
  await visit.go(`/data/payment/${id}`);
  await visit.button("Edit").click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "The data of payment" }).fill('{"amount": 4}');
  project.run(["data", "delete", "payment", id]);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("This row was deleted while you edited it").waitFor();
  await visit.close();
});

test("an import that fails behind its first batch says what is written, and goes on from there", async () => {
  project.define("entity-types", "reading", { slug: "reading", name: "Reading", schema: { type: "object", properties: { n: { type: "integer" } } } });
  project.run(["sync"]);
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/reading");
  await visit.button("Import and export").click();
  await visit.page.getByRole("menuitem", { name: "Import NDJSON…" }).click();
  const dialog = visit.page.getByRole("dialog");
  const lines = Array.from({ length: 1002 }, (_, n) => `{"n": ${n === 1001 ? '"no"' : n}}`);
  const area = dialog.getByLabel("Or the lines themselves");
  await area.fill(lines.join("\n"));
  await dialog.getByRole("button", { name: /^Import 1002/ }).click();
  await dialog.getByText("Line 1002 was refused").waitFor();
  await dialog.getByText("1,000 rows are written; continue from line 1001").waitFor();
  await area.fill(lines.join("\n").replace('"no"', "1001"));
  await dialog.getByRole("button", { name: "Continue from line 1001" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(project.run(["data", "export", "reading"]).trim().split("\n").length, 1002);
  await visit.close();
});

test("rows are imported, with the line of a mistake, and exported", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/payment");
  await visit.button("Import and export").click();
  await visit.page.getByRole("menuitem", { name: "Import NDJSON…" }).click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByLabel("Or the lines themselves").fill('{"amount": 1}\n{"amount": "no"}');
  await dialog.getByRole("button", { name: /^Import 2/ }).click();
  await dialog.getByText("Line 2 was refused").waitFor();
  await dialog.getByLabel("Or the lines themselves").fill('{"amount": 71}\n{"amount": 72}');
  await dialog.getByRole("button", { name: /^Import 2/ }).click();
  await visit.page.getByRole("cell", { name: "72", exact: true }).waitFor();
  const answer = await visit.context.request.get(visit.address("/v1/entities/payment/export"));
  assert.equal(answer.status(), 200);
  assert.ok((await answer.text()).split("\n").filter(Boolean).length >= 4);
  await visit.close();
});

test("stored text is shown as text, wherever it stands", async () => {
  project.define("entity-types", "hostile", { slug: "hostile", name: hostile, searchFields: ["text"], schema: { type: "object", properties: { text: { type: "string", description: hostile }, list: { type: "array" } } } });
  project.define("agents", "hostile", { slug: "hostile", name: hostile, description: hostile, model: hostile, systemPrompt: hostile });
  project.define("roles", "hostile", { name: "hostile", policies: [{ resource: "hostile", actions: ["list", "read"], effect: "allow" }], scopeRules: [{ entityType: "hostile", field: "data.text", operator: "neq", value: hostile }], fieldMasks: [{ entityType: "hostile", fieldPath: "data.list", maskType: "redact", maskConfig: { replacement: hostile } }] });
  project.run(["sync"]);
  const id = project.create("development", "hostile", { text: hostile, list: [hostile], [hostile.slice(0, 40)]: hostile });
  project.create("development", "hostile", { text: "fine", list: [hostile] });
  project.run(["keys", "create", hostile.slice(0, 60), "--role", "hostile"]);
  const visit = await Visit.open(browser, project, { session });
  const search = new URLSearchParams({ where: JSON.stringify([{ field: "data.text", operator: "eq", value: hostile }]) });
  for (const path of ["/data", "/data/hostile", `/data/hostile?${search}`, `/data/hostile/${id}`, `/data/hostile/${id}/json`, `/data/hostile/${id}/history`, `/data/hostile/${id}/visibility`, "/data/hostile/-/schema", "/view-as?type=hostile&as=roles:hostile",
    "/access", "/access/roles/hostile", "/access/keys", "/audit", "/releases", "/agents", "/agents/hostile", `/data/${encodeURIComponent(hostile)}`, `/audit?type=${encodeURIComponent(hostile)}`]) {
    await visit.go(path);
    assert.equal(await visit.page.evaluate(() => window.hurt), undefined, path);
    assert.equal(await visit.page.locator("main img, main script").count(), 0, path);
  }
  await visit.go(`/data/hostile/${id}/history`);
  await visit.page.locator("summary").first().click();
  await visit.button(/^Copy as/).click();
  assert.equal(await visit.page.evaluate(() => window.hurt), undefined);
  await visit.close();
});
