// Bar 5: axe finds nothing on any page, in both schemes, narrow and wide.
import assert from "node:assert/strict";
import { injectAxe, violations } from "./axe.mjs";
import { crawl, linksOf, shapeOf } from "./crawl.mjs";
import { open, settle } from "./browser.mjs";
import { test } from "./suite.mjs";

const MOST_PAGES = 40;
const EACH_SHAPE = 2;
const WIDTHS = [320, 1280];
const SCHEMES = ["light", "dark"];
const AT_ONCE = 2;
// Pages no link leads to: what is not there, and what is not found.
const UNLINKED = ["/no-such-page", "/incidents/INC-999999", "/search?q=xyzzynothing"];

async function faultsOf(page, path) {
  const faults = [];
  await page.goto(path);
  await injectAxe(page);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    // Scrolling sideways is allowed within a table's own frame, not of the page.
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) faults.push(`${path} [${width}]: the page is ${wide} px wider than the window`);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      for (const line of await violations(page)) faults.push(`${path} [${width} ${colorScheme}]: ${line}`);
    }
  }
  return faults;
}

// Works off `paths` on a few pages at once.
async function faultsOfAll(stage, paths, options) {
  const left = [...paths];
  const faults = [];
  const work = async () => {
    const page = await stage.page(options);
    while (left.length > 0) faults.push(...(await faultsOf(page, left.shift())));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return faults;
}

function report(faults) {
  const shown = faults.slice(0, 40).join("\n");
  assert.equal(faults.length, 0, `${faults.length} violations:\n${shown}`);
}

test(
  `no violation on any page, ${SCHEMES.join(" and ")}, ${WIDTHS.join(" and ")} px`,
  async (stage) => {
    const paths = [...UNLINKED];
    const page = await stage.page();
    await crawl(page, { most: MOST_PAGES - paths.length, each: EACH_SHAPE }, (path) => paths.push(path));
    console.log(`        ${paths.length} pages of ${new Set(paths.map(shapeOf)).size} shapes`);
    report(await faultsOfAll(stage, paths));
  },
  { timeout_ms: 180_000 },
);

test("no violation on the pages of the signed out", async (stage) => {
  const context = await open(stage.browser, stage.site);
  const page = await context.newPage();
  await page.goto("/");
  const here = new URL(page.url());
  const { links } = await linksOf(page);
  const paths = [here.pathname + here.search, ...links.filter((link) => !link.startsWith("/assets"))];
  await context.close();
  report(await faultsOfAll(stage, paths.slice(0, 5), { session: undefined }));
});

test("no violation on a form that was refused", async (stage) => {
  const page = await stage.page();
  await page.goto("/incidents/new");
  await page.evaluate(() => document.querySelectorAll("form").forEach((form) => (form.noValidate = true)));
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    settle(page, () =>
      page.getByRole("button", { name: /^declare\b/i }).and(page.locator("main *")).last().click(),
    ),
  ]);
  assert.equal(answer.status(), 422, "an empty declaration is refused");
  await injectAxe(page);
  report(await violations(page));
});
