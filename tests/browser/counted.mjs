// The three moments with a hand that counts, for script on and for script off.
import assert from "node:assert/strict";
import { settle } from "./browser.mjs";
import { Hand } from "./count.mjs";
import * as flows from "./flows.mjs";
import { test } from "./suite.mjs";

export function threeMoments(script) {
  const suffix = `(script ${script})`;

  test(`a postmortem is open for writing after 1 click and 0 fields ${suffix}`, async (stage) => {
    const page = await stage.page({ script });
    const incident = await flows.openIncidentWithoutPostmortem(page);
    const hand = new Hand(page);
    await hand.click(flows.writeButton(page));
    await flows.assertEditorIsFilled(page, incident);
    hand.atMost({ clicks: 1, fields: 0 });
  });

  test(`a deploy becomes a linked, declared incident after 2 clicks and 1 field ${suffix}`, async (stage) => {
    const page = await stage.page({ script });
    const deploy = await flows.openDeploy(page);
    const hand = new Hand(page);
    await hand.click(flows.declareControl(page));
    await flows.declareButton(page).waitFor();
    await hand.choose(page.locator("main, dialog[open]").last(), /severity/i, /SEV3/);
    await hand.click(flows.declareButton(page));
    await flows.assertDeclaredAndLinked(page, deploy);
    hand.atMost({ clicks: 2, fields: 1 });
  });

  test(`an action item is closed with evidence after 2 clicks and 1 field ${suffix}`, async (stage) => {
    const page = await stage.page({ script });
    const item = await flows.openUnfinishedActionItem(page);
    const evidence = `https://runbooks.example/alert-${script}`;
    const hand = new Hand(page);
    await hand.click(flows.doneControl(page));
    await hand.type(flows.evidenceField(page), evidence);
    await hand.click(flows.closeButton(page));
    await flows.assertDone(page, item, evidence);
    hand.atMost({ clicks: 2, fields: 1 });
  });

  test(`closing without evidence says what to do and closes nothing ${suffix}`, async (stage) => {
    const page = await stage.page({ script });
    const item = await flows.openUnfinishedActionItem(page);
    await settle(page, () => flows.doneControl(page).click());
    // The browser's own check would stop the form; the server's answer is wanted.
    await page.evaluate(() => document.querySelectorAll("form").forEach((form) => (form.noValidate = true)));
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === "POST"),
      settle(page, () => flows.closeButton(page).click()),
    ]);
    assert.equal(answer.status(), 422);
    await page.goto(item);
    assert.ok((await flows.doneControl(page).count()) > 0, `${item} was closed without evidence`);
  });
}
