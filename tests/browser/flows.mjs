// The three moments of the product, each driven by a counting hand or by the
// keyboard. What a flow looks for first is not part of what is counted.
import assert from "node:assert/strict";
import { linksOf } from "./crawl.mjs";

const MOST_PAGES_LOOKED_AT = 60;

// The addresses of the things a list names, in its order, over its first pages.
async function listed(page, list, pattern) {
  const found = new Set();
  let next = list;
  for (let sheet = 0; next && sheet < 4; sheet += 1) {
    await page.goto(next);
    const { links } = await linksOf(page);
    for (const link of links) if (pattern.test(link)) found.add(link);
    const more = page.getByRole("link", { name: /^(next|older|more)\b/i });
    next = (await more.count()) > 0 ? await more.first().getAttribute("href") : null;
  }
  assert.ok(found.size > 0, `${list} links to nothing like ${pattern}`);
  return [...found];
}

// Leaves the page open at the first thing of the list that `suits`.
async function openFirst(page, list, pattern, suits) {
  const paths = await listed(page, list, pattern);
  for (const path of paths.slice(0, MOST_PAGES_LOOKED_AT)) {
    await page.goto(path);
    if (await suits(page)) return path;
  }
  assert.fail(`none of the ${Math.min(paths.length, MOST_PAGES_LOOKED_AT)} pages of ${list} will do`);
}

const control = (page, name) => page.getByRole("button", { name }).or(page.getByRole("link", { name }));

export const writeButton = (page) => page.getByRole("button", { name: /^write postmortem/i }).first();
export const declareControl = (page) => control(page, /^declare incident/i).and(page.locator("main *")).first();
export const declareButton = (page) => page.getByRole("button", { name: /^declare\b(?! incident)/i }).first();
export const closeButton = (page) =>
  page.getByRole("button", { name: /^close with evidence/i }).filter({ visible: true }).first();

export const doneControl = (page) =>
  page
    .locator("main summary")
    .filter({ hasText: /^\s*done/i })
    .or(page.locator("main").getByRole("link", { name: /^done\b/i }))
    .or(page.locator("main").getByRole("button", { name: /^done\b/i }))
    .first();

const isThere = async (locator) => (await locator.count()) > 0;

export const INCIDENT = /^\/incidents\/INC-\d+$/;
export const DEPLOY = /^\/deploys\/DEP-\d+$/;
export const ACTION_ITEM = /^\/action-items\/ACT-\d+$/;

// An incident with a deploy linked and no postmortem yet. Resolves to
// {path, key, deploys}: what its postmortem must hold from the start.
export async function openIncidentWithoutPostmortem(page) {
  const deploysOf = async () => {
    const { links } = await linksOf(page);
    return links.filter((link) => DEPLOY.test(link)).map((link) => link.split("/").at(-1));
  };
  const path = await openFirst(
    page,
    "/incidents",
    INCIDENT,
    async () => (await isThere(writeButton(page))) && (await deploysOf()).length > 0,
  );
  return { path, key: path.split("/").at(-1), deploys: await deploysOf() };
}

// The editor is open, and everything the system knows already stands in it.
export async function assertEditorIsFilled(page, { key, deploys }) {
  const editor = page.locator("textarea[name=markdown]");
  await editor.waitFor({ state: "visible" });
  const markdown = await editor.inputValue();
  assert.match(markdown, /^#+ .*timeline/im, "the editor has no timeline heading");
  const [, timeline] = markdown.split(/^#+ .*timeline.*$/im);
  const entries = timeline.split(/^#+ /m)[0].match(/\b\d{1,2}:\d{2}\b/g) ?? [];
  assert.ok(entries.length > 0, `the timeline in the editor of ${key} has no event with a time`);
  assert.ok(
    deploys.some((deploy) => markdown.includes(deploy)),
    `the editor of ${key} names none of its deploys ${deploys.join(", ")}`,
  );
  assert.match(markdown, /\b(20\d\d-\d\d-\d\d|\d{1,2} [A-Z][a-z]+ 20\d\d)\b/, "the editor holds no date");
  for (const heading of [/impact/i, /went well/i, /went badly/i, /lucky/i, /action/i]) {
    assert.ok(
      markdown.split("\n").some((line) => line.startsWith("#") && heading.test(line)),
      `the editor has no heading like ${heading}`,
    );
  }
}

// All text of the main part, what stands in its fields included.
export async function textShown(page) {
  const typed = await page.locator("main textarea").evaluateAll((areas) => areas.map(({ value }) => value));
  return [await page.locator("main").innerText(), ...typed].join("\n");
}

export async function openDeploy(page) {
  return openFirst(page, "/deploys", DEPLOY, () => isThere(declareControl(page)));
}

// After declaring: on the incident's page, linked to the deploy, from both sides.
export async function assertDeclaredAndLinked(page, deployPath) {
  const incidentPath = new URL(page.url()).pathname;
  assert.match(incidentPath, INCIDENT, `declaring led to ${incidentPath}`);
  const { links } = await linksOf(page);
  assert.ok(links.includes(deployPath), `${incidentPath} does not link to ${deployPath}`);
  await page.goto(deployPath);
  const back = await linksOf(page);
  assert.ok(back.links.includes(incidentPath), `${deployPath} does not link to ${incidentPath}`);
  return incidentPath;
}

export async function openUnfinishedActionItem(page) {
  return openFirst(page, "/action-items", ACTION_ITEM, () => isThere(doneControl(page)));
}

export const evidenceField = (page) =>
  page.getByRole("textbox", { name: /^evidence/i }).filter({ visible: true }).first();

export async function assertDone(page, path, evidence) {
  await page.goto(path);
  const said = await page.locator("main").innerText();
  assert.ok(said.includes(evidence), `${path} does not show its evidence`);
  assert.match(said, /\bdone\b/i, `${path} is not done`);
  assert.equal(await closeButton(page).count(), 0, `${path} can be closed a second time`);
}
