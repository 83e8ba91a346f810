// Everything can be done with the keyboard alone, and one sees where one is.
import assert from "node:assert/strict";
import { settle } from "./browser.mjs";
import * as flows from "./flows.mjs";
import { test } from "./suite.mjs";

const MOST_TABS = 300;

// Presses Tab until `target` has the focus.
async function tabTo(page, target) {
  await target.waitFor();
  for (let presses = 0; presses < MOST_TABS; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${target} is not reached by ${MOST_TABS} presses of Tab`);
}

async function tabAndPress(page, target, key = "Enter") {
  await tabTo(page, target);
  await settle(page, () => page.keyboard.press(key));
}

test("the first Tab offers to skip to the content", async (stage) => {
  const page = await stage.page();
  await page.goto("/incidents");
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.textContent.trim());
  assert.match(first, /skip/i);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const inMain = await page.evaluate(() => document.activeElement.closest("main") !== null);
  assert.ok(inMain, "after the skip link the next Tab is not in the main part");
});

test("a postmortem is started and saved by keyboard", async (stage) => {
  const page = await stage.page();
  const incident = await flows.openIncidentWithoutPostmortem(page);
  await tabAndPress(page, flows.writeButton(page));
  await flows.assertEditorIsFilled(page, incident);
  const editor = page.locator("textarea[name=markdown]");
  await tabTo(page, editor);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n\nWritten by keyboard.\n");
  const editing = page.url();
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() !== "GET"),
    settle(page, () => page.keyboard.press("Control+Enter")),
  ]);
  assert.ok(answer.status() < 400, `saving at ${editing} answered ${answer.status()}`);
  await page.goto(incident.path);
  const read = page.getByRole("link", { name: /postmortem/i }).and(page.locator("main *")).first();
  await settle(page, () => read.click());
  assert.match(await flows.textShown(page), /Written by keyboard\./);
});

test("an action item is closed by keyboard", async (stage) => {
  const page = await stage.page();
  const item = await flows.openUnfinishedActionItem(page);
  await tabAndPress(page, flows.doneControl(page));
  await tabTo(page, flows.evidenceField(page));
  await page.keyboard.type("https://runbooks.example/by-keyboard");
  await tabAndPress(page, flows.closeButton(page));
  await flows.assertDone(page, item, "https://runbooks.example/by-keyboard");
});

test("g and a letter go places, / searches, ? lists the keys, c declares", async (stage) => {
  const page = await stage.page();
  for (const [letter, path] of [
    ["i", "/incidents"],
    ["d", "/deploys"],
    ["a", "/action-items"],
  ]) {
    await page.goto("/");
    await page.keyboard.press("g");
    await page.keyboard.press(letter);
    await page.waitForURL((url) => url.pathname === path);
  }
  await page.goto("/");
  await page.keyboard.press("/");
  const focused = await page.evaluate(() => document.activeElement.getAttribute("type"));
  assert.equal(focused, "search");
  await page.goto("/");
  await page.keyboard.press("?");
  await page.getByRole("dialog").or(page.getByRole("heading", { name: /keys|keyboard/i })).first().waitFor();
  await page.goto("/");
  await page.keyboard.press("c");
  await page.waitForURL((url) => url.pathname === "/incidents/new");
});

test("j, k and Enter walk a list", async (stage) => {
  const page = await stage.page();
  await page.goto("/incidents");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => flows.INCIDENT.test(url.pathname));
});

test("keys typed into a field are only text", async (stage) => {
  const page = await stage.page();
  await page.goto("/incidents/new");
  const title = page.locator("[name=title]").first();
  await title.focus();
  await page.keyboard.type("gi c?/jk");
  assert.match(await title.inputValue(), /gi c\?\/jk$/);
  assert.equal(new URL(page.url()).pathname, "/incidents/new");
});
