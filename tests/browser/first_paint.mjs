// How soon a page is there, on the machine of the test. Printed, never judged: another machine is quicker or slower.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit } from "./support/browser.mjs";
import { signed_in } from "./support/signed_in.mjs";

let project, browser, session, stop;
before(async () => {
  ({ project, browser, session, stop } = await signed_in());
});
after(() => stop?.());

// Runs in the page. What is in the document may not be painted yet, so that it waits to be told.
const first_contentful_paint = () => new Promise((resolve) => {
  new PerformanceObserver((paints) => {
    const first = paints.getEntriesByName("first-contentful-paint")[0];
    if (first) resolve(first.startTime);
  }).observe({ type: "paint", buffered: true });
});
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

test("the first paint of pages is measured", async (context) => {
  const visit = await Visit.open(browser, project, { session });
  for (const path of ["/data", "/data/session", "/view-as?type=session&as=user:ana", "/audit"]) {
    const paints = [];
    const settled = [];
    for (let round = 0; round < 7; ++round) {
      await visit.go(path);
      settled.push(await visit.page.evaluate(() => performance.now()));
      paints.push(await visit.page.evaluate(first_contentful_paint));
    }
    context.diagnostic(`${path}: first contentful paint ${median(paints).toFixed(0)} ms, rows shown ${median(settled).toFixed(0)} ms (medians of 7)`);
  }
  await visit.close();
});
