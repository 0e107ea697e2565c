// The browser, and what a page must never do: write an error to the console or break its content security policy.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { chromium } from "playwright-core";

const candidates = [process.env.STRUERE_CHROMIUM, "/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser"].filter(Boolean);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const launch = () => {
  const executablePath = candidates.find(existsSync);
  assert.ok(executablePath, "no chromium; scripts/dependencies --dashboard installs it, or set STRUERE_CHROMIUM");
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
};

// Chromium notes each answer over 399 in the console. Those that a page asks for on purpose are not errors of the page.
const is_status_note = (words) => /^Failed to load resource: the server responded with a status of 4(01|03|04|09|12|22|29)/.test(words);

export class Visit {
  static async open(browser, project, { phone = false, dark = false, session } = {}) {
    const visit = new Visit();
    visit.project = project;
    visit.context = await browser.newContext({
      viewport: phone ? { width: 360, height: 740 } : { width: 1360, height: 860 },
      colorScheme: dark ? "dark" : "light",
      hasTouch: phone,
      reducedMotion: "reduce",
      storageState: session,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    visit.faults = [];
    await visit.context.addInitScript(() => {
      window.broken_policies = [];
      document.addEventListener("securitypolicyviolation", (event) => {
        const place = `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`;
        window.broken_policies.push(place);
        console.error(`policy: ${place}`);
      });
    });
    visit.page = await visit.context.newPage();
    visit.page.setDefaultTimeout(60_000);
    visit.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !is_status_note(message.text())) visit.faults.push(message.text());
    });
    visit.page.on("pageerror", (failure) => visit.faults.push(failure.stack ?? String(failure)));
    visit.unanswered = new Set();
    for (const end of ["requestfinished", "requestfailed"]) visit.page.on(end, (request) => visit.unanswered.delete(request));
    visit.page.on("request", (request) => {
      const url = request.url();
      visit.unanswered.add(request);
      if (!url.startsWith(project.url) && !url.startsWith("data:") && !url.startsWith("blob:")) visit.faults.push(`asked another server: ${url}`);
    });
    return visit;
  }

  async sign_in(user) {
    await this.page.goto(this.project.invitation(user));
    await this.page.getByRole("button", { name: /^Sign in/ }).click();
    await this.page.getByRole("heading", { name: "Data", level: 1 }).waitFor();
    return this;
  }

  address(path, environment = "development") {
    return `${this.project.url}${path}${path.includes("?") ? "&" : "?"}environment=${environment}`;
  }

  async go(path, environment) {
    await this.page.goto(this.address(path, environment));
    await this.settled();
    return this;
  }

  // To a page as a link goes there: in the document that is shown, which is not loaded again.
  async follow_now(path, environment) {
    await this.page.evaluate(async (address) => {
      history.pushState(null, "", address);
      dispatchEvent(new PopStateEvent("popstate"));
      scrollTo(0, 0);
      for (let frame = 0; frame < 2; ++frame) await new Promise(requestAnimationFrame);
    }, this.address(path, environment));
  }

  // The same, until the page has its answers.
  async follow(path, environment) {
    await this.follow_now(path, environment);
    // The page before may stay in sight until the answers are there.
    while (this.unanswered.size > 0) await setTimeout(20);
    await this.page.evaluate(() => new Promise(requestAnimationFrame));
    return this.settled();
  }

  // No page waits for the server any more.
  async settled() {
    await this.page.locator("main").first().waitFor();
    await this.page.waitForFunction(() => !document.querySelector('[aria-label="Loading"]'));
    return this;
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  async shot(folder, name) {
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name}.png`) });
  }

  // The rules of axe on the page as it is: all, of colours alone, or all others. It is put in beside the page's policy,
  // which refuses foreign scripts.
  async axe(rules = "all") {
    const options = { resultTypes: ["violations"] };
    if (rules === "colours") options.runOnly = { type: "rule", values: ["color-contrast"] };
    else if (rules === "without colours") options.rules = { "color-contrast": { enabled: false } };
    else assert.equal(rules, "all");
    const client = await this.context.newCDPSession(this.page);
    const { result: known } = await client.send("Runtime.evaluate", { expression: "typeof axe" });
    const { result, exceptionDetails } = await client.send("Runtime.evaluate", {
      expression: `${known.value === "undefined" ? axe : ""}; axe.run(document, ${JSON.stringify(options)}).then((found) => found.violations.map((one) => one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " // " + (node.any[0] ?? node.all[0] ?? node.none[0])?.message).join(" | ")))`,
      awaitPromise: true, returnByValue: true,
    });
    await client.detach();
    assert.ok(!exceptionDetails, exceptionDetails?.exception?.description);
    return result.value;
  }

  async close() {
    const faults = this.faults;
    await this.context.close();
    assert.deepEqual(faults, []);
  }
}
