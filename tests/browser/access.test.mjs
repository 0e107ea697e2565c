// The matrix, roles, keys and members.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { signed_in } from "./support/signed_in.mjs";

let project, browser, session, stop;
before(async () => {
  ({ project, browser, session, stop } = await signed_in());
});
after(() => stop?.());

test("the matrix says what each role may do with each type, and why", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/access");
  await visit.page.getByRole("button", { name: /^teacher, session: create not allowed, read rows of its rules.*1 rule, 2 masks$/ }).click();
  const dialog = visit.page.getByRole("dialog", { name: "teacher and session" });
  await dialog.getByText("teacherId is actor.entityId").waitFor();
  await dialog.getByText("hides price").waitFor();
  await dialog.getByText("shows the last 4 characters of paymentId").waitFor();
  await visit.close();
});

test("a rule is tried on real rows before the role is saved", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/access/roles/planner");
  await visit.button("Edit").click();
  const dialog = visit.page.getByRole("dialog");
  const editor = dialog.getByRole("textbox", { name: "The definition of the role" });
  const role = JSON.parse(await editor.inputValue());
  role.scopeRules = [{ entityType: "session", field: "data.minutes", operator: "gte", value: 60 }];
  await editor.fill(JSON.stringify(role, null, 2));
  await dialog.getByRole("button", { name: "Try" }).click();
  await dialog.getByText("6 of 12 rows admitted").waitFor();
  assert.equal(project.json(["--as", "boris", "data", "list", "session"]).rows.length, 8);
  await dialog.getByRole("button", { name: "Review and save" }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await visit.page.getByText("minutes at least 60").waitFor();
  assert.equal(project.json(["--as", "boris", "data", "list", "session"]).rows.length, 6);
  await visit.close();
});

test("a key is shown once, works, and is revoked", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/access/keys", "production");
  await visit.button("New key").first().click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("booking site");
  await dialog.getByLabel("planner").check();
  await dialog.getByRole("button", { name: "Make a production key" }).click();
  const secret = (await visit.page.locator("[data-secret]").innerText()).trim();
  assert.match(secret, /^sk_prod_/);
  for (let i = 0; i < 2; ++i) {
    const asked = visit.page.waitForEvent("dialog").then((question) => question.dismiss());
    await visit.page.keyboard.press("Escape");
    await asked;
  }
  assert.ok(await visit.page.locator("[data-secret]").isVisible());
  const status = async () => (await fetch(`${project.url}/v1/me`, { headers: { Authorization: `Bearer ${secret}` } })).status;
  assert.equal(await status(), 200);
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  await visit.page.getByRole("cell", { name: "booking site", exact: true }).waitFor();
  assert.ok(!(await visit.page.content()).includes(secret));
  await visit.page.reload();
  await visit.settled();
  assert.ok(!(await visit.page.content()).includes(secret));
  await visit.button("Actions for booking site").click();
  await visit.page.getByRole("menuitem", { name: "Revoke…" }).click();
  assert.ok(await dialog.getByRole("button", { name: "Revoke" }).isDisabled());
  await dialog.getByRole("textbox").fill("booking site");
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await visit.page.getByText("revoked", { exact: true }).waitFor();
  assert.equal(await status(), 401);
  await visit.go("/access/keys", "development");
  assert.equal(await visit.page.getByRole("cell", { name: "booking site", exact: true }).count(), 0);
  await visit.close();
});

test("a key is rotated: a new secret, shown once", async () => {
  project.run(["keys", "create", "importer", "--role", "planner"]);
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/access/keys");
  await visit.button("Actions for importer").click();
  await visit.page.getByRole("menuitem", { name: "Rotate…" }).click();
  await visit.page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  const secret = (await visit.page.locator("[data-secret]").innerText()).trim();
  assert.equal((await fetch(`${project.url}/v1/me`, { headers: { Authorization: `Bearer ${secret}` } })).status, 200);
  await visit.close();
});

test("roles are assigned in one environment; membership holds in both", async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/access/members");
  await visit.button("Actions for nora").click();
  await visit.page.getByRole("menuitem", { name: "Roles here…" }).click();
  const dialog = visit.page.getByRole("dialog");
  await dialog.getByLabel("planner").check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const roles_in = (environment) => project.json(["-e", environment, "users", "list"]).find((user) => user.id === "nora").roles;
  assert.deepEqual(roles_in("development"), ["planner"]);
  assert.deepEqual(roles_in("production"), []);
  await visit.button("Add a member").click();
  await dialog.getByLabel("User id").fill("zoe");
  await dialog.getByRole("button", { name: "Save" }).click();
  await visit.page.getByRole("cell", { name: "zoe", exact: true }).waitFor();
  await visit.button("Add a member").click();
  await dialog.getByLabel("User id").fill("mara");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("mara is already an org admin").waitFor();
  assert.equal(project.json(["users", "list"]).find((user) => user.id === "mara").membership, "admin");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await visit.go("/access/members", "production");
  await visit.page.getByRole("cell", { name: "zoe", exact: true }).waitFor();
  await visit.close();
});
