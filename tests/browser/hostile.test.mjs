// Hostile strings through every field that any page has, by form, by address and by API; then every page is looked
// at in the browser: nothing runs, nothing is asked from elsewhere, nothing that could run stands in any document.
// `DEBRIEF_HOSTILE=all` takes every string of the samples.
import assert from "node:assert/strict";
import { crawl, shapeOf } from "./crawl.mjs";
import { filled, formsInPage, lookInPage, strings, watch } from "./hostile.mjs";
import { settle } from "./browser.mjs";
import { test } from "./suite.mjs";

const ALL = process.env.DEBRIEF_HOSTILE === "all";
const LINE_LIMIT = 200;
// What would end the session, or needs what a form cannot know.
const LEFT_OUT = /^\/(sign-out|sign-in|setup)|\/settings\/(password|sessions|profile)|\/role$|\/disabling$|\/sharing$/;
const AT_ONCE = 4;
const HOUR_MS = 3_600_000;
const LIMIT_MS = ALL ? 2 * HOUR_MS : 240_000;
// How long one form is pressed at most when all strings are tried.
const FORM_MS = ALL ? 15_000 : 4_000;

const state = { token: undefined, made: [] };

function sender(stage) {
  const cookie = stage.session.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  return (path, options = {}) =>
    fetch(stage.site.origin + path, {
      redirect: "manual",
      ...options,
      headers: { cookie, "sec-fetch-site": "same-origin", ...options.headers },
    });
}

// Works `items` off, a few at a time.
async function each(items, work, at_once = AT_ONCE) {
  const left = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: at_once }, worker));
}

// Documents that came back are parsed by the browser and looked at, a batch at a time.
class Eye {
  #batch = [];
  #page;
  faults = [];
  seen = 0;

  constructor(page) {
    this.#page = page;
  }

  async look(name, source) {
    this.#batch.push([name, source]);
    if (this.#batch.length >= 40) await this.close();
  }

  async close() {
    const batch = this.#batch.splice(0);
    if (batch.length === 0) return;
    const found = await this.#page.evaluate(lookInPage, batch.map(([, source]) => source));
    this.seen += batch.length;
    found.forEach((faults, index) => {
      if (faults.length > 0) this.faults.push(`${batch[index][0]}: ${[...new Set(faults)].slice(0, 3).join(", ")}`);
    });
  }

  check() {
    assert.equal(this.faults.length, 0, `${this.faults.length} documents:\n${this.faults.slice(0, 20).join("\n")}`);
  }
}

async function tokenOf(stage) {
  if (state.token === undefined) {
    const page = await stage.page();
    await page.goto("/settings");
    const form = page.locator("form[action='/settings/tokens']");
    await form.locator("[name=token_name]").fill("hostile");
    await form.locator("select[name=scope]").selectOption("write");
    await settle(page, () => form.getByRole("button").last().click());
    state.token = (await page.locator(".note code").first().innerText()).trim();
  }
  return state.token;
}

test(
  "hostile records come in by the API",
  async (stage) => {
    const token = await tokenOf(stage);
    const send = sender(stage);
    const post = async (path, body) => {
      const answer = await send(path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      });
      assert.ok(answer.status < 500, `${path} gave ${answer.status} for ${JSON.stringify(body)}`);
      if (answer.status >= 300) return null;
      return answer.json();
    };
    let stored = 0;
    let hit = 0;
    await each(strings().entries(), async ([index, whole]) => {
      const line = whole.slice(0, LINE_LIMIT);
      const incident = await post("/api/v1/incidents", {
        title: line, summary: whole, severity: "SEV4", services: [line], tags: [line.slice(0, 40)],
      }) ?? await post("/api/v1/incidents", { title: line, summary: whole, severity: "SEV4", services: ["checkout"] });
      const deploy = await post("/api/v1/deploys", {
        service: "checkout", version: line, summary: whole, environment: "production", url: whole,
        deployed_by: line, authors: [line], pull_requests: [whole], tickets: [{ label: line, url: whole }],
      }) ?? await post("/api/v1/deploys", {
        service: "checkout", version: line, summary: whole, deployed_by: line, authors: [line], commit_sha: line.slice(0, 64),
      });
      const item = await post("/api/v1/action-items", { title: line, details: whole, evidence: [whole], status: "done" })
        ?? await post("/api/v1/action-items", { title: line, details: whole });
      const place = incident?.key ?? "INC-1";
      const event = await post(`/api/v1/incidents/${place}/timeline`, { text: whole, evidence: [{ url: whole, label: line }] })
        ?? await post(`/api/v1/incidents/${place}/timeline`, { text: whole });
      if (deploy) await post(`/api/v1/incidents/${place}/deploys`, { deploy: deploy.key, relation: "suspected", reason: whole });
      stored += [incident, deploy, item, event].filter(Boolean).length;
      hit += 4;
      if (index % 25 === 0) {
        if (incident) state.made.push(`/incidents/${incident.key}`);
        if (deploy) state.made.push(`/deploys/${deploy.key}`);
        if (item) state.made.push(`/action-items/${item.key}`);
      }
    });
    console.log(`        ${stored} of ${hit} records were stored`);
    assert.ok(stored > hit / 2, "most strings are just text and are stored");
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "hostile words go through every field of every form and filter",
  async (stage) => {
    const page = await stage.page();
    const eye = new Eye(await stage.page());
    const send = sender(stage);
    const forms = new Map();
    const from = ["/", "/settings", "/admin", "/incidents/INC-1/postmortem/edit", "/incidents/INC-1/postmortem/review"];
    await crawl(page, { most: 140, each: 1, from }, async () => {
      for (const form of await page.evaluate(formsInPage)) {
        const key = `${form.method} ${shapeOf(form.action)} ${form.fields.map(({ name }) => name).sort().join(",")}`;
        if (form.fields.some(({ text }) => text) && !LEFT_OUT.test(form.action) && !forms.has(key)) forms.set(key, form);
      }
    });
    const words = strings();
    let answers = 0;
    const stored = new Set();
    await each(forms.entries(), async ([key, form]) => {
      const ends = Date.now() + FORM_MS;
      const targets = [...new Set(form.fields.filter(({ text }) => text).map(({ name }) => name)), undefined];
      for (const [index, hostile] of words.entries()) {
        if (Date.now() > ends) break;
        // In the short form each field has its turn; in the long one each string visits each field.
        for (const target of ALL ? targets : [targets[index % targets.length]]) {
          const body = filled(form, target, hostile);
          const answer =
            form.method === "GET"
              ? await send(`${form.action}?${body}`)
              : await send(form.action, { method: "POST", body });
          assert.ok(answer.status < 500, `${key} gave ${answer.status} for ${target} = ${JSON.stringify(hostile)}`);
          answers += 1;
          if (answer.status === 303) stored.add(key);
          if ((answer.headers.get("content-type") ?? "").startsWith("text/html")) {
            await eye.look(`${key} with ${target} = ${hostile}`, await answer.text());
          } else {
            await answer.arrayBuffer();
          }
        }
      }
    });
    await eye.close();
    const posts = [...forms.keys()].filter((key) => key.startsWith("POST"));
    console.log(`        ${forms.size} forms, ${answers} answers, ${eye.seen} documents; ${stored.size} of ${posts.length} forms stored something`);
    assert.ok(forms.size >= 50, "the walk found the forms");
    assert.ok(stored.size >= posts.length / 3, "a good part of the forms takes text as text");
    eye.check();
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "every page is looked at in the browser, and nothing has run",
  async (stage) => {
    const page = await stage.page();
    const faults = watch(page, stage.site);
    const look = async (path) => {
      for (const fault of await page.evaluate(lookInPage, undefined)) faults.push(`${path}: ${fault}`);
      // What waits for the reader's hand or eye.
      await page.keyboard.press("Tab");
      await page.evaluate(() => {
        document.querySelectorAll("details").forEach((details) => (details.open = true));
        scrollTo(0, document.body.scrollHeight);
      });
    };
    let seen = 0;
    seen += await crawl(page, { most: ALL ? 900 : 160, each: ALL ? 12 : 2 }, look);
    for (const path of state.made.slice(0, ALL ? 900 : 9)) {
      await page.goto(path);
      await look(path);
      seen += 1;
    }
    console.log(`        ${seen} pages`);
    assert.equal(faults.length, 0, `${faults.length}:\n${faults.slice(0, 20).join("\n")}`);
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "lists are turned to their end, and the text of every record is looked at",
  async (stage) => {
    const eye = new Eye(await stage.page());
    const send = sender(stage);
    for (const list of ["/incidents", "/deploys", "/action-items?view=all", "/postmortems", "/signals", "/search?q=alert", "/changes", "/factors", "/services"]) {
      let path = list;
      for (let sheet = 0; path && sheet < (ALL ? 400 : 6); sheet += 1) {
        const source = await (await send(path)).text();
        await eye.look(path, source);
        const next = source.match(/href="([^"]*[?&;]after=[^"]*)"/)?.[1]?.replaceAll("&amp;", "&").replaceAll("&#38;", "&");
        if (ALL || sheet < 2) {
          const things = [...new Set([...source.matchAll(/href="(\/(?:incidents|deploys|action-items)\/[A-Z]+-\d+)"/g)].map(([, href]) => href))];
          await each(things.slice(0, ALL ? 60 : 8), async (href) => eye.look(href, await (await send(href)).text()));
        }
        path = next?.startsWith("/") ? next : next ? new URL(next, stage.site.origin + path).pathname + next.slice(next.indexOf("?")) : null;
      }
    }
    await eye.close();
    console.log(`        ${eye.seen} documents`);
    eye.check();
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "the preview of the writing page shows hostile Markdown and runs none of it",
  async (stage) => {
    const page = await stage.page();
    const faults = watch(page, stage.site);
    await page.goto("/postmortems?status=draft");
    const draft = await page.locator("tbody [href$='/postmortem']").first().getAttribute("href");
    await page.goto(`${draft}/edit`);
    const text = page.locator("textarea[name=markdown]");
    const words = strings();
    for (let at = 0; at < words.length; at += 150) {
      const sign = `Batch-${at}-ends`;
      await text.fill(`${words.slice(at, at + 150).join("\n\n")}\n\n</details></details>\n\n${"`".repeat(9)}\n\n${sign}\n`);
      await text.press("End");
      await page.locator(".editor-preview", { hasText: sign }).first().waitFor({ timeout: 15_000 }).catch(() => {
        // A text that nests too deeply is told so in the preview's place.
      });
      for (const fault of await page.evaluate(lookInPage, undefined)) faults.push(`batch ${at}: ${fault}`);
    }
    assert.equal(faults.length, 0, `${faults.length}:\n${faults.slice(0, 20).join("\n")}`);
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "the search of the palette and the pages of a retro put nothing into the page",
  async (stage) => {
    const page = await stage.page();
    const faults = watch(page, stage.site);
    await page.goto("/");
    for (const hostile of strings().slice(0, ALL ? 400 : 40)) {
      await page.goto(`/search?q=${encodeURIComponent(hostile)}`);
      for (const fault of await page.evaluate(lookInPage, undefined)) faults.push(`${hostile}: ${fault}`);
      // What an address's fragment could reach.
      await page.evaluate((words) => (location.hash = words), hostile);
    }
    assert.equal(faults.length, 0, `${faults.length}:\n${faults.slice(0, 20).join("\n")}`);
  },
  { timeout_ms: LIMIT_MS },
);
