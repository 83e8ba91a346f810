// Runs the browser suite: node tests/browser/run.mjs [FILTER…]
// A filter is a part of a file's name. Ends with "N passed, N failed".
import { mkdirSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch, open, signIn } from "./browser.mjs";
import { start } from "./server.mjs";
import { tests } from "./suite.mjs";

const here = new URL("./", import.meta.url);
const pictures = fileURLToPath(new URL("../../target/browser/", here));
// What only reads comes first, so that it sees the demo as it is shipped.
const ORDER = ["budget", "axe", "links", "writing", "keyboard", "moments", "noscript", "retro", "states"];

const filters = process.argv.slice(2);
const files = readdirSync(here)
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
  .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));

function rank(name) {
  const place = ORDER.indexOf(name.replace(".test.mjs", ""));
  return place === -1 ? ORDER.length : place;
}

if (files.length === 0) {
  console.error(`no test file matches ${filters.join(" or ")}`);
  process.exit(1);
}

function withDeadline(promise, timeout_ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished within ${timeout_ms / 1000} s`)), timeout_ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

let passed = 0;
// Said once more at the end, where a long log is looked at first.
const failures = [];
let began = Date.now();
const site = await start("demo");
console.log(`demo ready on ${site.origin} in ${seconds(began)}`);
const browser = await launch();
console.log(`Chromium ${browser.version()}`);

try {
  const session = await signIn(browser, site);
  for (const file of files) {
    tests.length = 0;
    console.log(`\n${file}`);
    await import(new URL(file, here));
    for (const each of tests.slice()) {
      let fault = await attempt(file, each, session);
      if (fault !== null) {
        console.log("        once more:");
        // On a machine with much to do a page may be late; what fails twice is at fault.
        const second = await attempt(file, each, session);
        if (second === null) console.log(`  FLAKY ${each.name}`);
        fault = second && fault;
      }
      if (fault === null) passed += 1;
      else failures.push(fault);
    }
  }
} finally {
  await browser.close().catch(() => {});
  try {
    await site.stop();
  } catch (error) {
    failures.push(`  FAIL  the demo stops cleanly\n        ${error.message}`);
  }
}

// Runs one test; gives what went wrong, or null.
async function attempt(file, { name, body, timeout_ms }, session) {
  const opened = [];
  const stage = {
    browser,
    site,
    session,
    // Opens a signed-in page; see `open` for the options.
    async page(options = {}) {
      const context = await open(browser, site, { session, ...options });
      opened.push(context);
      return context.newPage();
    },
  };
  began = Date.now();
  let fault = null;
  try {
    await withDeadline(body(stage), timeout_ms);
    console.log(`  ok    ${name} (${seconds(began)})`);
  } catch (error) {
    const told = String(error.stack ?? error).replace(/^/gm, "        ");
    console.log(`  FAIL  ${name} (${seconds(began)})\n${told}`);
    fault = `  FAIL  ${file}: ${name}\n${told}`;
    await takePictures(opened, name);
  }
  await Promise.all(opened.map((context) => context.close().catch(() => {})));
  return fault;
}

async function takePictures(contexts, name) {
  mkdirSync(pictures, { recursive: true });
  const stem = name.replace(/[^a-z0-9]+/gi, "-").slice(0, 80);
  for (const page of contexts.flatMap((context) => context.pages())) {
    const path = `${pictures}${stem}.png`;
    const shot = page.screenshot({ path, timeout: 3_000 });
    await shot.then(() => console.log(`        at ${page.url()}; picture: ${path}`), () => {});
  }
}

if (failures.length > 0) console.log(`\n${failures.join("\n")}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
