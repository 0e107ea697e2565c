// The log as it grows, its check, and the way of definitions to production and back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { signed_in } from "./support/signed_in.mjs";

let project, browser, session, stop;
before(async () => {
  ({ project, browser, session, stop } = await signed_in());
});
after(() => stop?.());

test("events appear while they are committed, in their environment only", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/audit");
  await visit.button("Live").click();
  await visit.page.locator('.live[data-on="true"]', { hasText: /^Live$/ }).waitFor();
  project.create("production", "payment", { amount: 1 });
  const id = project.create("development", "payment", { amount: 2 });
  const fresh = visit.page.locator(".event", { hasText: "payment.created" }).filter({ hasText: id.slice(-6) });
  await fresh.waitFor();
  assert.equal(await visit.page.locator(".event.fresh").count(), 1);
  await visit.close();
});

test("events are filtered by type and entity, and the chain verifies", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/audit");
  await visit.page.getByLabel("Type of the event").fill("teacher.created");
  await visit.button("Filter").click();
  await visit.page.waitForURL(/type=teacher\.created/);
  await visit.page.waitForFunction(() => document.querySelectorAll(".event").length === 2);
  await visit.page.getByLabel("Id of the entity").fill(project.rows.development.teachers[0]);
  await visit.button("Filter").click();
  await visit.page.waitForFunction(() => document.querySelectorAll(".event").length === 1);
  await visit.button("Verify").click();
  await visit.page.getByText(/^Verified: \d+ events/).waitFor();
  await visit.close();
});

test("development is deployed to production by name, and rolled back", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/releases");
  await visit.page.getByText("systemPrompt").waitFor();
  await visit.button(/^Deploy 1 change/).click();
  const dialog = visit.page.getByRole("dialog");
  const deploy = dialog.getByRole("button", { name: "Deploy 1 change" });
  await dialog.getByLabel("Note").fill("a better prompt");
  assert.ok(await deploy.isDisabled());
  await dialog.getByLabel(/^Type production|Type .* to confirm/).fill("production");
  await deploy.click();
  await visit.page.getByText("Production is as development is").waitFor();
  assert.equal(project.json(["releases"])[0].note, "a better prompt");
  assert.equal(project.json(["releases"])[0].createdBy, "mara");
  await visit.page.locator("summary", { hasText: "the beginning" }).click();
  await visit.button("Roll back to release 1…").click();
  await dialog.getByText("systemPrompt").waitFor();
  await dialog.getByLabel(/Type .* to confirm/).fill("production");
  await dialog.getByRole("button", { name: "Roll back" }).click();
  await visit.page.getByText("restores 1").waitFor();
  assert.equal(project.json(["releases"])[0].restores, 1);
  await visit.button(/^Deploy 1 change/).waitFor();
  await visit.close();
});

test("a deploy takes what was shown: a sync behind its plan is refused, and shown", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/releases");
  await visit.button(/^Deploy 1 change/).click();
  project.define("roles", "unseen", { name: "unseen", policies: [{ resource: "payment", actions: ["list"], effect: "allow" }] });
  project.run(["sync"]);
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByLabel(/Type .* to confirm/).fill("production");
  await dialog.getByRole("button", { name: "Deploy 1 change" }).click();
  await visit.page.getByRole("alert").filter({ hasText: "Nothing was deployed" }).waitFor();
  await visit.button(/^Deploy 2 changes/).waitFor();
  await visit.page.getByText("unseen", { exact: true }).waitFor();
  assert.ok(!project.json(["-e", "production", "roles", "list"]).some((role) => role.name === "unseen"));
  await visit.close();
});

test("an agent's configuration stands side by side", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/agents/tutor");
  await visit.page.locator("ins", { hasText: "large-2" }).waitFor();
  await visit.page.locator(".prompt .come", { hasText: "Never give the full solution" }).waitFor();
  await visit.go("/agents/tutor/tools");
  await visit.page.getByRole("cell", { name: "data.card" }).waitFor();
  await visit.close();
});

test("runs of triggers and doctor's findings are shown", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/automation");
  await visit.page.getByText("event.emit").first().waitFor();
  await visit.go("/automation/runs");
  await visit.page.getByText("pending", { exact: true }).nth(1).waitFor();
  await visit.button("Cancel…").first().click();
  await visit.page.getByRole("dialog").getByRole("button", { name: "Cancel the run" }).click();
  await visit.page.getByRole("cell", { name: "cancelled", exact: true }).waitFor();
  await visit.go("/health");
  await visit.page.getByRole("heading", { name: "Findings" }).waitFor();
  await visit.close();
});

test("a search for rare events goes on behind 20,000 others, and says how far it came", async () => {
  project.run(["data", "import", "payment", "--batch", "5000"], Array.from({ length: 20_100 }, (_, i) => JSON.stringify({ amount: i })).join("\n"));
  const visit = await Visit.open(browser, project, { session });
  let go_on;
  const may_go_on = new Promise((resolve) => (go_on = resolve));
  await visit.page.route(/\/v1\/events\?.*cursor=/, async (route) => {
    await may_go_on;
    await route.continue();
  });
  await visit.page.goto(visit.address("/audit?type=teacher.created"));
  await visit.page.getByText(/^Searched back to .*: 0 events found/).waitFor();
  go_on();
  await visit.page.waitForFunction(() => document.querySelectorAll(".event").length === 2);
  assert.equal(await visit.page.getByText(/^Searched back to/).count(), 0);
  await visit.close();
});
