// Each page light, dark and on a phone: no finding of axe, and nothing wider than the screen. A picture of each is left in
// the folder STRUERE_SCREENSHOTS, if there is one; taking them is a third of the time.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { every } from "./support/sampled.mjs";
import { signed_in } from "./support/signed_in.mjs";

const folder = process.env.STRUERE_SCREENSHOTS;
let project, browser, session, stop;
before(async () => {
  ({ project, browser, session, stop } = await signed_in({ sessions: 24 }));
  const [ana] = project.rows.development.teachers;
  project.session = project.json(["data", "list", "session"]).rows[1].id;
  project.run(["relations", "link", ana, "teaches", project.session]);
  project.run(["data", "update", "session", project.session, '{"state": "completed", "notes": "The book, please."}']);
  project.run(["keys", "create", "booking site", "--role", "planner"]);
  const visit = await Visit.open(browser, project, { session });
  await visit.go("/data");
  project.thread = await visit.page.evaluate(talk);
  await visit.close();
});

// In the page, so that its session makes them: a conversation, and what the agent took for its answers.
async function talk() {
  const post = async (path, body) => {
    const answer = await fetch(`/v1/${path}?environment=development`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const thread = await post("threads", { agent: "tutor", title: "Fractions before Friday", externalId: "chat-7" });
  await post(`threads/${thread.id}/messages`, { role: "user", content: "Can we move Friday's lesson?" });
  await post(`threads/${thread.id}/messages`, { role: "assistant", content: "Thursday at four is free. Shall I book it?", toolCalls: [{ name: "send-mail", arguments: { to: "ana" } }] });
  for (let i = 0; i < 12; ++i)
    await post("executions", { agent: "tutor", threadId: thread.id, model: i % 3 === 0 ? "large-2" : "small-1", status: i % 5 === 4 ? "failed" : "completed", error: i % 5 === 4 ? "the model did not answer" : undefined, inputTokens: 300 + i * 40, outputTokens: 90 + i * 11, durationMs: 800 + i * 130 });
  return thread.id;
}
after(() => stop?.());

const pages = () => ({
  "sign-in": "/sign-in", data: "/data", rows: "/data/session", schema: "/data/session/-/schema", row: `/data/session/${project.session}`, json: `/data/session/${project.session}/json`,
  relations: `/data/teacher/${project.rows.development.teachers[0]}/relations`, history: `/data/session/${project.session}/history`, visibility: `/data/session/${project.session}/visibility`,
  missing: "/data/session/00000000-0000-7000-8000-000000000000", nowhere: "/nowhere", "view-as": "/view-as?type=session&as=user:ana", "view-as-only": "/view-as?type=session&as=user:ana&mode=exact", "view-as-denied": "/view-as?type=payment&as=user:ana",
  "view-as-nobody": "/view-as", access: "/access", roles: "/access/roles", role: "/access/roles/teacher", keys: "/access/keys", members: "/access/members", audit: "/audit", releases: "/releases",
  agents: "/agents", agent: "/agents/tutor", threads: "/agents/tutor/threads", thread: `/agents/tutor/threads/${project.thread}`, executions: "/agents/tutor/executions", tools: "/agents/tutor/tools", automation: "/automation", runs: "/automation/runs", packs: "/packs", health: "/health",
});

const overlays = {
  edit: [() => `/data/session/${project.session}`, "Edit"], "new-key": [() => "/access/keys", "New key"], "copy-as": [() => "/data/session", /^Copy as/],
  deploy: [() => "/releases", /^Deploy 1 change/], why: [() => "/view-as?type=session&as=user:ana", "Why?"],
};

// These show each kind of part that there is.
const samples = ["data", "row", "view-as", "agent", "releases"];
// The same page in other colours has only these to be looked at again, and on a phone, where few parts are others, all but
// these: four fifths of axe's time is for them.
const rules_for = (look, name) => (look === "dark" ? "colours" : look === "phone" && !samples.includes(name) ? "without colours" : "all");

// Two at once: each waits for its page half of the time.
describe("each page", { concurrency: 2 }, () => {
  for (const look of ["light", "dark", "phone"]) {
    for (const environment of look === "light" ? ["development", "production"] : ["development"]) {
      test(`${look}, ${environment}: axe finds nothing, and nothing is wider than the screen`, async () => {
        const visit = await Visit.open(browser, project, { session, dark: look === "dark", phone: look === "phone" });
        // Links are followed, as the other files load pages anew, which takes twice the time.
        await visit.go("/health", environment);
        const findings = [];
        const check = async (name) => {
          // Production is the same pages in its own colour, which these show.
          if (environment === "development" || samples.includes(name))
            findings.push(...(await visit.axe(rules_for(look, name))).map((one) => `${name}: ${one}`));
          const excess = await visit.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          if (excess > 0) findings.push(`${name} is ${excess} pixels wider than the screen`);
          if (folder) await visit.shot(folder, `${name}-${look}${environment === "production" ? "-production" : ""}`);
        };
        for (const [name, path] of Object.entries(pages())) {
          if (!(every || folder || samples.includes(name)) && (look !== "light" || environment === "production")) continue;
          await visit.follow(path, environment);
          await check(name);
        }
        if (environment === "development") {
          for (const [name, [path, button]] of Object.entries(overlays)) {
            await visit.follow(path());
            await visit.button(button).first().click();
            await visit.page.getByRole("dialog").first().waitFor();
            await visit.settled();
            await check(name);
          }
          await visit.go("/data");
          await visit.page.keyboard.press("Control+k");
          await visit.page.getByRole("combobox", { name: "Go to" }).waitFor();
          await check("palette");
        }
        assert.deepEqual(findings, []);
        await visit.close();
      });
    }
  }
});

test("the picture of docs/dashboard.md is taken", { skip: !folder }, async () => {
  const visit = await Visit.open(browser, project, { session });
  await visit.page.setViewportSize({ width: 1180, height: 620 });
  await visit.go("/view-as?type=session&as=user:ana");
  await visit.page.locator("td.hidden-cell").first().waitFor();
  await visit.shot(folder, "dashboard");
  await visit.close();
});
