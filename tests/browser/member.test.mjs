// What a member who is no admin finds, and what stays on the screens of somebody who has signed out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { signed_in } from "./support/signed_in.mjs";

let project, browser, stop;
before(async () => {
  ({ project, browser, stop } = await signed_in());
});
after(() => stop?.());

test("a member opens a type by its name, because only an admin may list the types", async () => {
  const visit = await (await Visit.open(browser, project)).sign_in("boris");
  await visit.page.getByLabel("Name of the type").fill("session");
  await visit.button("Open its rows").click();
  await visit.page.getByText("Algebra II").first().waitFor();
  assert.equal(new URL(visit.page.url()).pathname, "/data/session");
  // Nothing is said of a schema that was not read.
  await visit.page.getByRole("searchbox").fill("chemistry");
  await visit.page.keyboard.press("Enter");
  await visit.page.waitForURL(/search=chemistry/);
  await visit.go("/data/session/-/schema");
  await visit.page.getByRole("heading", { name: "You may not read the schema of this type." }).waitFor();
  const links = await visit.page.getByRole("navigation", { name: "Main" }).getByRole("link").allInnerTexts();
  assert.deepEqual(links.map((words) => words.trim()), ["Data", "Access", "Audit", "Agents"]);
  await visit.go("/data/session/00000000-0000-7000-8000-000000000000");
  await visit.page.getByText("an org admin can restore it").waitFor();
  assert.equal(await visit.button("Restore it").count(), 0);
  await visit.close();
});

test("a log without visible events is not said to be empty", async () => {
  const visit = await (await Visit.open(browser, project)).sign_in("nora");
  await visit.go("/audit", "production");
  await visit.page.getByText("Production has no events that you may see").waitFor();
  await visit.close();
});

test("an address that leads nowhere has no other page's title", async () => {
  const visit = await (await Visit.open(browser, project)).sign_in("boris");
  await visit.go("/zzz");
  assert.match(await visit.page.title(), /^No such page/);
  await visit.close();
});

test("a session that could not be ended is not said to have, in no tab", async () => {
  const visit = await (await Visit.open(browser, project)).sign_in("boris");
  const other = await visit.context.newPage();
  await other.goto(visit.address("/data/session"));
  await other.getByText("Algebra II").first().waitFor();
  await visit.page.route("**/v1/operator/session", (route) => route.fulfill({ status: 429, contentType: "application/problem+json", body: '{"code": "limit", "detail": "too many requests"}' }), { times: 1 });
  await visit.button("Sign out").click();
  const dialog = visit.page.getByRole("dialog", { name: "Signing out failed; you are still signed in" });
  await dialog.getByText("too many requests").waitFor();
  assert.equal(new URL(other.url()).pathname, "/data/session");
  await dialog.getByRole("button", { name: "Try again" }).click();
  await visit.page.getByText("You are signed out").waitFor();
  await visit.close();
});

test("signing out takes the rows from the screens of other tabs", async () => {
  const visit = await (await Visit.open(browser, project)).sign_in("boris");
  const other = await visit.context.newPage();
  await other.goto(visit.address("/data/session"));
  await other.getByText("Algebra II").first().waitFor();
  await visit.button("Sign out").click();
  await other.getByText("You are signed out").waitFor();
  assert.equal(await other.getByText("Algebra II").count(), 0);
  assert.equal(new URL(other.url()).searchParams.get("next"), "/data/session?environment=development");
  await visit.close();
});
