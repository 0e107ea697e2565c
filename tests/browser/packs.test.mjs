// Packs: installed from a file, looked at, set back and removed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { signed_in } from "./support/signed_in.mjs";

let project, browser, session, stop;
before(async () => {
  ({ project, browser, session, stop } = await signed_in());
});
after(() => stop?.());

const pack = (version, properties) => ({
  id: "memos", version, name: "Memos",
  definitions: { "entity-type": [{ slug: "memo", name: "Memo", schema: { type: "object", properties } }] },
  migrations: version === "1.0.0" ? [] : [{ from: "1.0.0", to: version, steps: [{ modifySchema: "memo" }] }],
});
const as_file = (value) => ({ name: "memos.json", mimeType: "application/json", buffer: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)) });

test("a pack is installed from a file, upgraded, repaired and uninstalled", async () => {
  const visit = await Visit.open(browser, project, { session });
  const dialog = visit.page.getByRole("dialog");
  const choose = (value) => visit.page.getByLabel("A pack as a JSON file").setInputFiles(as_file(value));
  const press = (name) => dialog.getByRole("button", { name, exact: true }).click();
  await visit.go("/packs");
  await visit.page.getByText("There is no pack in development").waitFor();
  await choose("{");
  await visit.page.getByText(/memos\.json is not a pack as JSON/).waitFor();

  await choose(pack("1.0.0", { text: { type: "string" } }));
  await dialog.getByText("memo", { exact: true }).waitFor();
  await press("Install");
  await visit.page.getByText("1.0.0").first().waitFor();
  assert.equal(project.json(["packs", "list"])[0].version, "1.0.0");

  await choose(pack("1.1.0", { text: { type: "string" }, due: { type: "string" } }));
  await dialog.getByText("Upgrade memos in development?").waitFor();
  await press("Upgrade");
  await visit.page.getByText("1.0.0 → 1.1.0").waitFor();

  await visit.button("Repair…").click();
  await dialog.getByText("It is as installed.").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Repair", exact: true }).isDisabled());
  await press("Cancel");

  await visit.button("Uninstall…").click();
  await dialog.getByText("memo", { exact: true }).waitFor();
  await press("Uninstall");
  await visit.page.getByText("There is no pack in development").waitFor();
  assert.deepEqual(project.json(["packs", "list"]), []);
  await visit.close();
});

test("in production the name of the pack has to be typed", async () => {
  const visit = await Visit.open(browser, project, { session });
  const dialog = visit.page.getByRole("dialog");
  await visit.go("/packs", "production");
  await visit.page.getByLabel("A pack as a JSON file").setInputFiles(as_file(pack("1.0.0", {})));
  await dialog.getByText("memo", { exact: true }).waitFor();
  const install = dialog.getByRole("button", { name: "Install", exact: true });
  assert.ok(await install.isDisabled());
  await dialog.getByLabel(/Type .* to confirm/).fill("memos");
  await install.click();
  await visit.page.getByText("Repair…").waitFor();
  assert.deepEqual(project.json(["packs", "list"]), []);
  assert.equal(project.json(["-e", "production", "packs", "list"])[0].id, "memos");
  await visit.close();
});
