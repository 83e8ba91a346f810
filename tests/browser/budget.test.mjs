// The budgets of the look: what a page may weigh and how often it may ask.
import assert from "node:assert/strict";
import { KB, weigh } from "./budget.mjs";
import { crawl } from "./crawl.mjs";
import { test } from "./suite.mjs";

const LISTS = ["/incidents", "/deploys", "/action-items"];
const LIMITS = { requests: 5, bytes: 40 * KB, css: 12 * KB, script: 10 * KB };
const LIST_HTML_BYTES = 15 * KB;

test("every kind of page keeps to the budget at first view", async (stage) => {
  const paths = [];
  const guide = await stage.page();
  await crawl(guide, { most: 20, each: 1 }, (path) => paths.push(path));
  const page = await stage.page();
  const faults = [];
  for (const path of paths) {
    const cost = await weigh(page, path);
    for (const [what, limit] of Object.entries(LIMITS)) {
      if (cost[what] > limit) faults.push(`${path}: ${what} ${cost[what]} > ${limit} (${cost.each.join(", ")})`);
    }
    if (cost.css === 0) faults.push(`${path}: no style sheet came`);
  }
  assert.equal(faults.length, 0, faults.join("\n"));
});

test("a list of 50 rows keeps to 15 KB of HTML", async (stage) => {
  const page = await stage.page();
  let most = 0;
  for (const path of LISTS) {
    const cost = await weigh(page, path);
    const rows = await page.locator("main tbody tr, main li").count();
    most = Math.max(most, rows);
    console.log(`        ${path}: ${rows} rows, ${cost.html} B of HTML, ${cost.css} B CSS, ${cost.script} B script, ${cost.requests} requests`);
    assert.ok(cost.html <= LIST_HTML_BYTES, `${path} sends ${cost.html} B of HTML for ${rows} rows`);
  }
  assert.ok(most >= 50, `the longest list has ${most} rows; a list of 50 is what is to be weighed`);
});
