// Sign-in, the environment in every address, and the keyboard.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { every, sampled } from "./support/sampled.mjs";
import { signed_in } from "./support/signed_in.mjs";

let project, browser, session, stop;
before(async () => {
  ({ project, browser, session, stop } = await signed_in());
});
after(() => stop?.());

export const pages = ["/data", "/data/session", "/data/session/-/schema", "/view-as", "/view-as?type=session&as=user:ana", "/access", "/access/roles", "/access/roles/teacher", "/access/keys", "/access/members",
  "/audit", "/releases", "/agents", "/agents/tutor", "/agents/tutor/threads", "/agents/tutor/executions", "/agents/tutor/tools", "/automation", "/automation/runs", "/packs", "/health"];
const sensible = [...pages, '/data/session?where=[{"field":"data.state","operator":"neq","value":"it\'s"}]&order=-data.minutes&status=active&search=physics', "/audit?type=session.created&actor=system&since=2026-01-01T00:00"];
const environment_of = (page) => new URL(page.url()).searchParams.get("environment");

test("a one-time link signs in, leaves no token in the address, and works once", async () => {
  const visit = await Visit.open(browser, project);
  const link = project.invitation();
  await visit.page.goto(link);
  await visit.page.waitForFunction(() => !location.href.includes("token"));
  await visit.button(/^Sign in/).click();
  await visit.page.getByRole("heading", { name: "Data", level: 1 }).waitFor();
  assert.equal(environment_of(visit.page), "development");
  await visit.page.goto(link);
  await visit.button(/^Sign in/).click();
  await visit.page.getByRole("alert").waitFor();
  await visit.close();
});

test("somebody who is signed out comes back to the page and environment that was asked for", async () => {
  const visit = await Visit.open(browser, project);
  await visit.page.goto(visit.address("/data/session", "production"));
  await visit.page.getByText("You are signed out").waitFor();
  assert.equal(environment_of(visit.page), "production");
  const next = new URL(visit.page.url()).searchParams.get("next");
  await visit.page.goto(`${project.invitation()}&environment=production&next=${encodeURIComponent(next)}`);
  await visit.button(/^Sign in/).click();
  await visit.page.getByRole("heading", { name: "Session", level: 1 }).waitFor();
  assert.equal(environment_of(visit.page), "production");
  await visit.close();
});

test("an address of another server is not followed after the sign-in", async () => {
  const visit = await Visit.open(browser, project);
  await visit.page.goto(`${project.invitation()}&next=${encodeURIComponent("//evil.example/x")}`);
  await visit.button(/^Sign in/).click();
  await visit.page.getByRole("heading", { name: "Data", level: 1 }).waitFor();
  assert.ok(visit.page.url().startsWith(project.url));
  await visit.close();
});

test("health waits while the database is checked for somebody else", async () => {
  const visit = await Visit.open(browser, project, { session });
  let refused = 0;
  await visit.page.route("**/v1/doctor?*", (route) => {
    if (refused === 2) return route.continue();
    ++refused;
    return route.fulfill({ status: 429, contentType: "application/problem+json", body: '{"code": "limit", "detail": "the database is being checked"}' });
  });
  await visit.go("/health");
  assert.equal(refused, 2);
  assert.equal(await visit.page.getByRole("alert").count(), 0);
  await visit.page.getByRole("heading", { name: "Findings" }).waitFor();
  await visit.close();
});

test("signing out ends the session on the server", async () => {
  const visit = await (await Visit.open(browser, project)).sign_in();
  const cookies = await visit.context.cookies();
  await visit.button("Sign out").click();
  await visit.page.getByText("You are signed out").waitFor();
  await visit.context.addCookies(cookies);
  const answer = await visit.context.request.get(`${project.url}/v1/me?environment=development`);
  assert.equal(answer.status(), 401);
  await visit.close();
});

test("the environment is kept by links, reload, back and a new tab, on every page", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data", "production");
  await visit.page.getByRole("link", { name: "Session" }).click();
  await visit.page.getByRole("heading", { name: "Session", level: 1 }).waitFor();
  assert.equal(environment_of(visit.page), "production");
  await visit.page.reload();
  await visit.settled();
  assert.equal(environment_of(visit.page), "production");
  await visit.page.goBack();
  await visit.page.getByRole("heading", { name: "Data", level: 1 }).waitFor();
  assert.equal(environment_of(visit.page), "production");
  for (const path of sampled(pages)) {
    await visit.go(path, "production");
    const links = await visit.page.locator("a[href^='/']:not(.switch a):not([download])").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    assert.ok(links.length > 0);
    for (const link of links) assert.match(link, /[?&]environment=production(&|$)/, `${path} links to ${link}`);
    assert.equal(await visit.page.evaluate(() => document.documentElement.dataset.environment), "production");
  }
  await visit.close();
});

test("an address without an environment is completed with development, and says so", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.page.goto(`${project.url}/data/session`);
  await visit.settled();
  assert.equal(environment_of(visit.page), "development");
  await visit.close();
});

test("an address of an environment that does not exist shows neither of the two", async () => {
  const visit = await Visit.open(browser, project, { session });
  const asked = [];
  visit.page.on("request", (request) => request.url().includes("/v1/") && asked.push(request.url()));
  await visit.page.goto(visit.address("/data/session", "prod"));
  await visit.page.getByRole("heading", { name: "There is no environment prod" }).waitFor();
  assert.deepEqual(asked, []);
  await visit.button("Production").click();
  await visit.page.getByRole("heading", { name: "Session", level: 1 }).waitFor();
  assert.equal(environment_of(visit.page), "production");
  await visit.close();
});

test("switching keeps every page, and asks the server for the other environment only", async () => {
  const visit = await Visit.open(browser, project, { session });
  for (const path of sampled(pages)) {
    await visit.go(path, "development");
    const asked = [];
    const note = (request) => request.url().includes("/v1/") && asked.push(request.url());
    await visit.page.getByRole("navigation", { name: "Environment" }).getByRole("link", { name: "Production" }).click();
    visit.page.on("request", note);
    await visit.page.waitForFunction(() => document.documentElement.dataset.environment === "production");
    await visit.settled();
    visit.page.off("request", note);
    const url = new URL(visit.page.url());
    assert.equal(url.pathname, new URL(visit.address(path)).pathname);
    assert.equal(url.searchParams.get("environment"), "production");
    assert.equal(await visit.page.locator('.switch a[aria-current="true"]').first().innerText(), "Production");
    // Two pages compare the environments, and name both.
    if (!/agents\/tutor$|packs/.test(path)) for (const address of asked) assert.match(address, /environment=production/, path);
  }
  await visit.close();
});

test("a thing that the other environment does not have is said so, with a way back", async () => {
  const visit = await Visit.open(browser, project, { session });
  const id = project.rows.development.teachers[0];
  await visit.go(`/data/teacher/${id}`);
  await visit.page.getByRole("heading", { name: "Ana Whitfield" }).waitFor();
  await visit.page.getByRole("link", { name: "Production" }).first().click();
  await visit.page.getByText("Production has no teacher").waitFor();
  await visit.button("Look in Development").click();
  await visit.page.getByRole("heading", { name: "Ana Whitfield" }).waitFor();
  project.define("entity-types", "draft", { slug: "draft" });
  project.run(["sync"]);
  await visit.go("/data/draft", "production");
  await visit.page.getByText("Production has no entity type").waitFor();
  await visit.close();
});

test("what both environments share is marked where it can be changed", async () => {
  const visit = await Visit.open(browser, project, { session });
  for (const path of ["/agents", "/agents/tutor", "/agents/tutor/tools", "/access/members"]) {
    await visit.go(path);
    await visit.page.getByText("Shared by both environments").first().waitFor();
  }
  await visit.close();
});

test("Enter belongs to what has the focus", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/session");
  await visit.button("Filter").focus();
  await visit.page.keyboard.press("Enter");
  await visit.page.getByRole("form", { name: "Add a filter" }).waitFor();
  await visit.close();
});

test("the keyboard reaches pages, rows and the palette", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data/session");
  await visit.page.keyboard.press("j");
  await visit.page.keyboard.press("j");
  await visit.page.keyboard.press("k");
  await visit.page.locator('tr[data-current="true"]').waitFor();
  assert.equal(await visit.page.locator('tr[data-current="true"]').count(), 1);
  await visit.page.keyboard.press("m");
  await visit.page.getByRole("menuitem", { name: "Copy the id" }).waitFor();
  await visit.page.keyboard.press("Escape");
  await visit.page.keyboard.press("Enter");
  await visit.page.getByRole("navigation", { name: "Parts of the row" }).waitFor();
  await visit.page.keyboard.press("g");
  await visit.page.keyboard.press("a");
  await visit.page.getByRole("heading", { name: "Audit" }).waitFor();
  await visit.page.keyboard.press("Control+k");
  await visit.page.getByRole("combobox", { name: "Go to" }).fill("rows of teacher");
  await visit.page.keyboard.press("Enter");
  await visit.page.getByRole("heading", { name: "Teacher", level: 1 }).waitFor();
  await visit.page.keyboard.press("/");
  assert.equal(await visit.page.evaluate(() => document.activeElement.getAttribute("type")), "search");
  await visit.page.keyboard.press("Escape");
  await visit.page.locator("h1").click();
  await visit.page.keyboard.press("?");
  await visit.page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await visit.close();
});

test("what Copy as says for the command can be typed, on every page", async () => {
  const visit = await Visit.open(browser, project, { session });
  let typed = 0;
  for (const page of sampled(sensible)) {
    await visit.go(page);
    const button = visit.button(/^Copy as/).first();
    if ((await button.count()) === 0) continue;
    await button.click();
    const command = visit.page.getByLabel("CLI", { exact: true });
    if (await command.count()) {
      const words = await command.innerText();
      const answer = project.typed(words);
      ++typed;
      // A command that changes something asks first, and there is nobody to ask.
      assert.ok(answer.status === 0 || answer.text.includes("--yes"), `${page}: ${words}\n${answer.text}`);
    }
    await visit.page.keyboard.press("Escape");
  }
  assert.ok(typed >= (every ? 18 : 6), `only ${typed} pages have a command`);
  await visit.close();
});
