// View as: what the page shows of another actor is what that actor's own requests are answered.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { signed_in } from "./support/signed_in.mjs";

let project, browser, session, stop;
before(async () => {
  ({ project, browser, session, stop } = await signed_in());
});
after(() => stop?.());

test("a teacher's rows are visible with masked cells, all others refused, and each has its reason", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/view-as?type=session");
  await visit.page.getByRole("link", { name: /^ana/ }).click();
  await visit.page.getByText("6 visible").waitFor();
  await visit.page.getByText("6 refused").waitFor();
  await visit.page.getByText("12 cells masked").waitFor();
  const theirs = project.json(["--as", "ana", "data", "list", "session"]).rows;
  assert.equal(theirs.length, 6);
  assert.equal(await visit.page.locator("tr.refused").count(), 6);
  const masked = await visit.page.locator("td.redacted-cell").allInnerTexts();
  for (const row of theirs) assert.ok(masked.some((text) => text.includes(row.data.paymentId)), row.data.paymentId);
  assert.equal(await visit.page.locator("td.hidden-cell").count(), 6);
  await visit.page.locator("tr.refused .verdict button").first().click();
  const drawer = visit.page.getByRole("dialog", { name: "Why?" });
  await drawer.getByText("The row is refused.").waitFor();
  await drawer.getByText("teacherId is actor.entityId").waitFor();
  await drawer.getByRole("button", { name: "Close" }).click();
  await visit.page.locator("td.hidden-cell button").first().click();
  await drawer.locator(".callout", { hasText: "data.price is hidden" }).waitFor();
  await visit.close();
});

test("only theirs shows exactly the rows and fields of their own list", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/view-as?type=session&as=user:ana&mode=exact");
  const theirs = project.json(["--as", "ana", "data", "list", "session"]).rows;
  assert.equal(await visit.page.locator("tbody tr").count(), theirs.length);
  assert.ok(!(await visit.page.locator("main").innerText()).includes("pay_4"), "no payment is shown in full");
  await visit.close();
});

test("a filter on a masked field finds nothing in their view, as in their own requests", async () => {
  const visit = await Visit.open(browser, project, { session });
  const where = encodeURIComponent(JSON.stringify([{ field: "data.price", operator: "gt", value: 0 }]));
  await visit.go(`/view-as?type=session&as=user:ana&mode=exact&where=${where}`);
  await visit.page.getByText("They see no row here").waitFor();
  await visit.close();
});

test("somebody without a role is refused as a whole, with explain's words", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/view-as?type=session&as=user:nora");
  await visit.page.getByText("They may not list this type at all.").waitFor();
  await visit.page.locator(".callout").getByRole("button", { name: "Why?" }).click();
  await visit.page.getByText("Denied by policy.").waitFor();
  await visit.close();
});

test("a role, a key and an agent can be looked through as well", async () => {
  const created = project.json(["keys", "create", "booking site", "--role", "planner"]);
  const visit = await Visit.open(browser, project, { session });
  for (const [actor, words] of [["roles:planner", "role planner"], [`key:${created.id}`, "api key booking site"], ["agent:tutor", "agent tutor"]]) {
    await visit.go(`/view-as?type=session&as=${encodeURIComponent(actor)}`);
    await visit.page.locator(".see-bar .who", { hasText: words }).waitFor();
    await visit.page.locator("tbody tr").first().waitFor();
  }
  await visit.close();
});

test("nothing can be written through another actor's eyes", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/view-as?type=session&as=user:boris");
  const status = await visit.page.evaluate(async () => (await fetch("/v1/entities/session?environment=development", {
    method: "POST", headers: { "Content-Type": "application/json", "Struere-View-As": "user:boris" }, body: JSON.stringify({ data: { subject: "x" } }),
  })).status);
  assert.ok(status >= 400 && status < 500, String(status));
  await visit.close();
});

test("who can see a field is answered for every actor", async () => {
  const id = project.json(["--as", "ana", "data", "list", "session"]).rows[0].id;
  const visit = await Visit.open(browser, project, { session });
  await visit.go(`/data/session/${id}/visibility?field=data.price`);
  const line = (name) => visit.page.locator("tbody tr", { hasText: name }).first();
  await line("nora").getByText("refused").waitFor();
  await line("ana").getByText("hidden").waitFor();
  await line("mara").getByText("visible").waitFor();
  await visit.close();
});

test("copy as writes the same question for curl, C++ and the command", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/view-as?type=session&as=user:ana");
  await visit.button(/^Copy as/).click();
  const dialog = visit.page.getByRole("dialog", { name: "Copy as" });
  const curl = await dialog.getByLabel("curl", { exact: true }).innerText();
  assert.match(curl, /Struere-View-As: user:ana/);
  const key = project.json(["keys", "create", "curl", "--role", "planner"]).secret;
  await dialog.getByRole("button", { name: "Close" }).click();
  await visit.go("/data/session");
  await visit.button(/^Copy as/).click();
  const command = await dialog.getByLabel("curl", { exact: true }).innerText();
  const { execFileSync } = await import("node:child_process");
  const answer = JSON.parse(execFileSync("sh", ["-c", `${command} --silent`], { env: { ...process.env, STRUERE_KEY: key }, encoding: "utf8" }));
  assert.ok(answer.items.length > 0);
  const cli = await dialog.getByLabel("CLI", { exact: true }).innerText();
  assert.match(cli, /^struere data list session -e development$/);
  await visit.close();
});
