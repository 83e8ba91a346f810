// What a kill -9 of the server, or of the browser and the server at once, can lose of a text that is being typed: at
// most five seconds of typing, and nothing that was shown as kept or saved.
import assert from "node:assert/strict";
import { launchMortal, open, settle, signIn } from "./browser.mjs";
import { start } from "./server.mjs";
import { test } from "./suite.mjs";

const MOST_LOST_MS = 5_000;
const SLOW = { timeout_ms: 240_000 };

const textOf = (page) => page.locator("textarea[name=markdown]");

async function openDraft(page) {
  await page.goto("/postmortems?status=draft");
  const draft = await page.locator("tbody [href$='/postmortem']").first().getAttribute("href");
  await page.goto(`${draft}/edit`);
  await textOf(page).focus();
  await page.keyboard.press("Control+End");
  return `${draft}/edit`;
}

// Types numbered words until `until`, and remembers when each was whole, and what was shown as kept by then.
async function typeWords(page, prefix, milliseconds) {
  const began = Date.now();
  const typed = [];
  while (Date.now() - began < milliseconds) {
    const word = `${prefix}${typed.length}x`;
    await page.keyboard.type(` ${word}`);
    typed.push({ word, at: Date.now() });
    await page.waitForTimeout(120);
  }
  return typed;
}

const missing = (text, typed) => typed.filter(({ word }) => !text.includes(` ${word}`));

// A site of its own, since it does not survive.
async function stageOf(body) {
  let site = await start("demo");
  const mortal = await launchMortal();
  try {
    const session = await signIn(mortal.browser, site);
    const page = await (await open(mortal.browser, site, { session })).newPage();
    await body({ site, session, page, mortal, restart: async () => (site = await site.again()) });
  } finally {
    await mortal.kill().catch(() => {});
    await site.stop().catch(() => {});
  }
}

test("a server killed while one types: the open browser brings every word to the next one", async (stage) => {
  await stageOf(async ({ site, session, page, restart }) => {
    const address = await openDraft(page);
    const before = await typeWords(page, "before", 6_300);
    await site.kill();
    const during = await typeWords(page, "during", 2_500);
    await page.locator("#kept", { hasText: "does not answer" }).waitFor({ timeout: 10_000 });
    const next = await restart();
    const after = await typeWords(page, "after", 500);
    await page.locator("#kept", { hasText: "Kept at" }).waitFor({ timeout: 15_000 });
    const other = await (await open(stage.browser, next, { session })).newPage();
    await other.goto(address);
    assert.deepEqual(missing(await textOf(other).inputValue(), [...before, ...during, ...after]), []);
    await other.context().close();
  });
}, SLOW);

test("server and browser killed at once: only the last five seconds may be lost", async (stage) => {
  await stageOf(async ({ site, session, page, mortal, restart }) => {
    const address = await openDraft(page);
    // The last text that the server said it has, which is what the page shows as kept.
    let shown = "";
    page.on("response", (answer) => {
      const request = answer.request();
      if (!answer.ok() || !request.url().endsWith("/drafts")) return;
      shown = new URLSearchParams(request.postData() ?? "").get("markdown") ?? shown;
    });
    const typed = await typeWords(page, "word", 12_400);
    const killedAt = Date.now();
    await Promise.all([site.kill(), mortal.kill()]);
    const next = await restart();
    const other = await (await open(stage.browser, next, { session })).newPage();
    await other.goto(address);
    const text = await textOf(other).inputValue();
    const old = typed.filter(({ at }) => killedAt - at > MOST_LOST_MS);
    assert.ok(old.length > 20, `${old.length} words`);
    assert.deepEqual(missing(text, old), [], "typed more than five seconds before the kill and lost");
    const said = typed.filter(({ word }) => shown.includes(` ${word}`));
    assert.ok(said.length > 0, "nothing was ever shown as kept");
    assert.deepEqual(missing(text, said), [], "shown as kept and lost");
    const lost = missing(text, typed);
    const oldest = lost.length > 0 ? killedAt - lost[0].at : 0;
    console.log(`        ${typed.length} words typed, ${lost.length} lost, the oldest ${(oldest / 1000).toFixed(1)} s old`);
    await other.context().close();
  });
}, SLOW);

test("a server killed right after a save: what was shown as saved is there", async (stage) => {
  await stageOf(async ({ site, session, page, restart }) => {
    const address = await openDraft(page);
    await page.keyboard.type(" saved-and-shown");
    await settle(page, () => page.keyboard.press("Control+Enter"));
    const told = await page.locator(".flash").innerText();
    await site.kill();
    const next = await restart();
    assert.match(told, /revision \d+/i);
    const other = await (await open(stage.browser, next, { session })).newPage();
    await other.goto(address.replace("/edit", ""));
    assert.match(await other.locator("article.doc").innerText(), /saved-and-shown/);
    await other.context().close();
  });
}, SLOW);
