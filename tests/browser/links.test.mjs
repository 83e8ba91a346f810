// No link leads nowhere, and no form posts to an address that does not exist.
import assert from "node:assert/strict";
import { crawl, isPage, shapeOf } from "./crawl.mjs";
import { test } from "./suite.mjs";

const MOST_PAGES = 60;
const EACH_SHAPE = 3;
// Every address that is linked is asked for, up to this many of one shape.
const MOST_ASKED_OF_SHAPE = 12;

test(
  "no link is broken and every form has where to go",
  async (stage) => {
    const page = await stage.page();
    const faults = [];
    const toAsk = new Map();
    const forms = new Map();
    const visited = await crawl(page, { most: MOST_PAGES, each: EACH_SHAPE }, (path, found, answer) => {
      if (answer.status() >= 400) faults.push(`${path} answers ${answer.status()}`);
      for (const id of found.lost) faults.push(`${path} links to #${id}, which it does not have`);
      for (const link of found.links) if (!toAsk.has(link)) toAsk.set(link, path);
      for (const { action, method } of found.forms) {
        const to = `${method} ${shapeOf(action ?? "")}`;
        if (action === null) faults.push(`${path} has a form that leaves the site`);
        else if (!forms.has(to)) forms.set(to, { action, method, on: path });
      }
    });

    const asked = new Map();
    let answers = 0;
    for (const [link, on] of toAsk) {
      const shape = shapeOf(link);
      if ((asked.get(shape) ?? 0) >= MOST_ASKED_OF_SHAPE || /^\/sign-out/.test(link)) continue;
      asked.set(shape, (asked.get(shape) ?? 0) + 1);
      const answer = await page.request.get(link, { maxRedirects: isPage(link) ? 5 : 0, failOnStatusCode: false });
      answers += 1;
      if (answer.status() >= 400) faults.push(`${link}, linked on ${on}, answers ${answer.status()}`);
      await answer.dispose();
    }

    for (const { action, method, on } of forms.values()) {
      if (method === "dialog") continue;
      // A GET form is asked; a POST from a foreign site is refused before it does
      // anything, and refused differently where there is no such address.
      const foreign = { "Sec-Fetch-Site": "cross-site", Origin: "https://elsewhere.example" };
      const answer =
        method === "get"
          ? await page.request.get(action, { failOnStatusCode: false })
          : await page.request.post(action, { headers: foreign, failOnStatusCode: false, maxRedirects: 0 });
      answers += 1;
      const status = answer.status();
      if (status === 404 || status === 405 || status >= 500) {
        faults.push(`the form on ${on} goes to ${method} ${action}, which answers ${status}`);
      }
      if (method === "post" && status < 400) faults.push(`post ${action} from a foreign site answers ${status}`);
      await answer.dispose();
    }
    console.log(`        ${visited} pages, ${forms.size} kinds of form, ${answers} addresses asked`);
    assert.equal(faults.length, 0, `${faults.length} faults:\n${faults.slice(0, 40).join("\n")}`);
  },
  { timeout_ms: 120_000 },
);

test("no page says anything on the console", async (stage) => {
  const page = await stage.page();
  const said = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => said.push(`${page.url()}: ${error.message}`));
  await crawl(page, { most: 25, each: 1 }, () => {});
  assert.equal(said.length, 0, said.join("\n"));
});
