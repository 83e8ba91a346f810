// Writing a postmortem: from the demo's live incident to a published text by keyboard alone, counted; the same with
// script off; what a killed server or browser can lose.
import assert from "node:assert/strict";
import { settle } from "./browser.mjs";
import { test } from "./suite.mjs";

const MOST_INTERACTIONS = 12;

// An incident that still hurts and has no postmortem yet.
async function openLive(page) {
  await page.goto("/incidents?status=live");
  const hrefs = await page.locator("tbody [href^='/incidents/INC-']").evaluateAll((links) => [...new Set(links.map((a) => a.getAttribute("href")))]);
  for (const href of hrefs) {
    await page.goto(href);
    if ((await page.getByRole("button", { name: /^write postmortem/i }).count()) > 0) return href;
  }
  assert.fail("the demo has no live incident without a postmortem");
}

test("publishable from the live incident in under 12 interactions, by keyboard alone", async (stage) => {
  const page = await stage.page();
  const incident = await openLive(page);
  let count = 0;
  // A key, or a run of text typed into one place, is an interaction.
  const press = async (key) => { count += 1; await page.keyboard.press(key); };
  const type = async (text) => { count += 1; await page.keyboard.type(text); };

  await settle(page, () => press("w"));
  await page.locator("textarea[name=markdown]").waitFor();
  const missing = () => page.locator("#beside .gaps").innerText();
  const added = (words) => page.locator("#added", { hasText: words }).waitFor();
  await press("Alt+a");
  await type("impact: 1200 requests failed (measured)");
  await press("Enter");
  await added("Impact noted");
  await type("factor: Retries without a limit");
  await press("Enter");
  await added("factor named");
  await type("action: Limit the retries 2026-12-24 P1");
  await press("Enter");
  await added("ACT-");
  assert.doesNotMatch(await missing(), /No impact figure|No contributing factor|No action item/);
  await settle(page, () => press("Control+Shift+Enter"));
  await page.locator("article.doc").waitFor();
  console.log(`        ${incident}: published after ${count} interactions`);
  assert.ok(count < MOST_INTERACTIONS, `${count} interactions`);
  assert.match(await page.locator(".flash").innerText(), /Revision \d+ is published/);
  assert.equal(await page.locator("article.doc :text('<!--')").count(), 0);
});

test("the whole flow with script off", async (stage) => {
  const page = await stage.page({ script: false });
  await openLive(page).catch(() => page.goto("/incidents"));
  const write = page.getByRole("button", { name: /^write postmortem/i });
  if ((await write.count()) === 0) {
    const links = await page.locator("tbody [href^='/incidents/INC-']").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
    for (const link of links) {
      await page.goto(link);
      if ((await write.count()) > 0) break;
    }
  }
  await settle(page, () => write.click());
  const text = page.locator("textarea[name=markdown]");
  await text.fill("## Summary\n\nIt broke and is mended.\n\n[[impact]]\n");
  await page.locator("#f-line").fill("impact: 30 users hit");
  await settle(page, () => page.getByRole("button", { name: "Add", exact: true }).click());
  assert.match(await text.inputValue(), /It broke and is mended/);
  assert.match(await page.locator(".flash").innerText(), /Impact noted/);
  await settle(page, () => page.getByRole("button", { name: "Preview", exact: true }).click());
  assert.match(await page.locator("#f-markdown-preview").innerText(), /Users hit/);
  await settle(page, () => page.getByRole("button", { name: /^save and publish/i }).click());
  assert.match(await page.locator("article.doc").innerText(), /Users hit\s+30/);
});

test("typing without a pause is on the server within five seconds", async (stage) => {
  const page = await stage.page();
  await page.goto("/postmortems?status=draft");
  const draft = await page.locator("tbody [href$='/postmortem']").first().getAttribute("href");
  await page.goto(`${draft}/edit`);
  const text = page.locator("textarea[name=markdown]");
  await text.focus();
  await page.keyboard.press("Control+End");
  const began = Date.now();
  let word = 0;
  const typed = [];
  while (Date.now() - began < 11_000) {
    typed.push([Date.now() - began, `word${word}`]);
    await page.keyboard.type(` word${word++}`);
    await page.waitForTimeout(150);
  }
  // As if the browser had been killed now: only what the server has counts.
  const ended = Date.now() - began;
  const other = await stage.page();
  await other.goto(`${draft}/edit`);
  const kept = await other.locator("textarea[name=markdown]").inputValue();
  const lost = typed.filter(([at, each]) => !new RegExp(`\\b${each}\\b`).test(kept) && ended - at > 5000);
  assert.deepEqual(lost, [], "typed more than five seconds ago and not kept");
  assert.match(await other.locator("main").innerText(), /did not save/);
});

test("hints follow what is typed, and are kept away without losing a word", async (stage) => {
  const page = await stage.page();
  await page.goto("/postmortems?status=draft");
  const draft = await page.locator("tbody [href$='/postmortem']").last().getAttribute("href");
  await page.goto(`${draft}/edit`);
  const text = page.locator("textarea[name=markdown]");
  await text.focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n\nWe should have tested the sweeper.\n\n[[actions]]\n");
  const hint = page.locator("#wording q", { hasText: "should have tested" });
  await hint.waitFor();
  await page.locator(".editor-preview .blame", { hasText: "should have tested" }).waitFor();
  await page.locator(".editor-preview table").last().waitFor();
  await settle(page, () => page.locator("#wording li", { hasText: "should have tested" }).getByRole("button").click());
  assert.match(await text.inputValue(), /We should have tested the sweeper\./);
  assert.equal(await hint.count(), 0);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("More.");
  await page.locator(".editor-preview", { hasText: "More." }).waitFor();
  assert.equal(await page.locator(".editor-preview .blame", { hasText: "should have tested" }).count(), 0);
  assert.equal(await page.locator("#outline h2").count(), 1);
});
