// Rows: edits whose answers are lost, late or refused, files, and hostile text.
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
