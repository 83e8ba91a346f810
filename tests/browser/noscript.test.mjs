// No page needs script: the moments and the first run with script off.
import assert from "node:assert/strict";
import { open, settle } from "./browser.mjs";
import { threeMoments } from "./counted.mjs";
import { openIncidentWithoutPostmortem, textShown, writeButton } from "./flows.mjs";
import { start } from "./server.mjs";
import { test } from "./suite.mjs";

threeMoments("off");

test("a text is saved, and comes back, without script", async (stage) => {
  const page = await stage.page({ script: "off" });
  await openIncidentWithoutPostmortem(page);
  await settle(page, () => writeButton(page).click());
  const editor = page.locator("textarea[name=markdown]");
  const text = `${await editor.inputValue()}\n\nWritten without script.\n`;
  await editor.fill(text);
  await settle(page, () => page.getByRole("button", { name: /^save/i }).first().click());
  assert.match(await textShown(page), /Written without script\./);
});

test("a postmortem is pasted, looked at and brought in without script", async (stage) => {
  const page = await stage.page({ script: false });
  await page.goto("/postmortems");
  await page.getByRole("link", { name: "Bring in" }).click();
  const text = "---\ntitle: Certificates ran out\nseverity: SEV2\ndate: 2024-03-02\n---\n\n## Summary\n\nLogins failed.\n";
  await page.getByLabel("Paste one").fill(text);
  await settle(page, () => page.getByRole("button", { name: "See what comes of it" }).click());
  assert.equal(await page.locator("input[name=title-0-0]").inputValue(), "Certificates ran out");
  await settle(page, () => page.getByRole("button", { name: "Bring in the ticked ones" }).click());
  assert.equal(await page.locator("h1").innerText(), "Certificates ran out");
  const href = await page.getByRole("link", { name: "Markdown", exact: true }).getAttribute("href");
  assert.equal(await (await page.request.get(href)).text(), text);
});

test("search answers a plain form", async (stage) => {
  const page = await stage.page({ script: "off" });
  await page.goto("/");
  const box = page.getByRole("searchbox").first();
  if ((await box.count()) === 0) await page.goto("/search");
  await page.getByRole("searchbox").first().fill("timeout");
  await page.getByRole("searchbox").first().press("Enter");
  await page.waitForURL(/\/search\?.*q=timeout/);
});

test("the first run makes an admin and leads home", async ({ browser }) => {
  const site = await start("serve");
  const context = await open(browser, site, { script: "off" });
  try {
    const page = await context.newPage();
    await page.goto("/");
    await page.getByRole("textbox", { name: /name/i }).first().fill("Ada Admin");
    await page.getByRole("textbox", { name: /e-?mail/i }).fill("ada@example.test");
    for (const field of await page.locator("input[type=password]").all()) {
      await field.fill("a long and quiet sentence");
    }
    await settle(page, () => page.locator("main form").getByRole("button").first().click());
    if ((await page.locator("input[type=password]").count()) > 0) {
      await page.getByRole("textbox", { name: /e-?mail/i }).fill("ada@example.test");
      await page.locator("input[type=password]").fill("a long and quiet sentence");
      await settle(page, () => page.locator("main form").getByRole("button").first().click());
    }
    assert.equal(await page.locator("input[type=password]").count(), 0, `still signed out at ${page.url()}`);
    assert.ok((await page.getByRole("navigation").count()) > 0, "no navigation after the first run");
  } finally {
    await context.close();
    await site.stop();
  }
});
