// Every kind of page in every state: empty, filled, refused, forbidden, not there, in conflict, live; and as people
// with other needs meet it: zoomed, in forced colours, still, on paper, without script, by keyboard.
// `DEBRIEF_STATES=all` takes each page at each width in both schemes.
import assert from "node:assert/strict";
import { injectAxe, violations } from "./axe.mjs";
import { open, settle, signIn } from "./browser.mjs";
import { crawl, shapeOf } from "./crawl.mjs";
import { formsInPage } from "./hostile.mjs";
import { start } from "./server.mjs";
import { test } from "./suite.mjs";

const ALL = process.env.DEBRIEF_STATES === "all";
const LOOKS = [320, 768, 1280].flatMap((width) => ["light", "dark"].map((scheme) => ({ width, scheme })));
const MOST_PAGES = 220;
const LIMIT_MS = ALL ? 3_600_000 : 400_000;
const AT_ONCE = 2;
// Pages that a walk from home does not come by.
const FROM = ["/", "/settings", "/admin", "/search?q=timeout", "/incidents/INC-53/postmortem/edit", "/incidents/INC-53/postmortem/review"];

let turn = 0;

// Each page in all looks, or in the next two of them.
function looks() {
  if (ALL) return LOOKS;
  turn += 1;
  return [LOOKS[(turn * 2) % LOOKS.length], LOOKS[(turn * 2 + 1) % LOOKS.length === 0 ? 3 : (turn * 2 + 3) % LOOKS.length]];
}

// What axe and the window's width have against the open page.
async function faultsOf(page, name, wanted = looks()) {
  const faults = [];
  await injectAxe(page);
  for (const { width, scheme } of wanted) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) faults.push(`${name} [${width}]: the page is ${wide} px wider than the window`);
    for (const line of await violations(page)) faults.push(`${name} [${width} ${scheme}]: ${line}`);
  }
  return faults;
}

function report(faults) {
  assert.equal(faults.length, 0, `${faults.length} faults:\n${faults.slice(0, 30).join("\n")}`);
}

// One address of each kind of page, found once.
let shapes;
async function pathsOf(stage) {
  if (shapes === undefined) {
    shapes = [];
    const page = await stage.page();
    await crawl(page, { most: MOST_PAGES, each: 1, from: FROM }, (path) => shapes.push(path));
  }
  return shapes;
}

async function onEach(stage, paths, options, work) {
  const left = [...paths];
  const faults = [];
  const worker = async () => {
    const page = await stage.page(options);
    while (left.length > 0) {
      const path = left.shift();
      const answer = await page.goto(path);
      if ((answer?.headers()["content-type"] ?? "").startsWith("text/html")) faults.push(...(await work(page, path)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return faults;
}

test(
  "filled: no violation on any kind of page",
  async (stage) => {
    const paths = await pathsOf(stage);
    console.log(`        ${paths.length} pages of ${new Set(paths.map(shapeOf)).size} kinds`);
    report(await onEach(stage, paths, {}, faultsOf));
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "refused: no violation on any form that comes back",
  async (stage) => {
    const page = await stage.page();
    const forms = new Map();
    for (const path of await pathsOf(stage)) {
      const answer = await page.goto(path);
      if (!(answer?.headers()["content-type"] ?? "").startsWith("text/html")) continue;
      for (const form of await page.evaluate(formsInPage)) {
        const takesWords = form.fields.some(({ text, type }) => text && type !== "search");
        if (form.method === "POST" && takesWords && !/\/(sign-out|password)$/.test(form.action)) {
          forms.set(shapeOf(form.action), { path, action: form.action });
        }
      }
    }
    const faults = [];
    let refused = 0;
    for (const [shape, { path, action }] of forms) {
      await page.goto(path);
      // Nothing where words are wanted, and nonsense where the browser would not let it through.
      const answering = page.waitForResponse((response) => response.request().isNavigationRequest() && response.request().method() === "POST");
      const arriving = page.waitForEvent("load").catch(() => null);
      const pressed = await page.evaluate((action) => {
        const form = [...document.querySelectorAll("form")].find((form) => new URL(form.getAttribute("action") ?? location.href, location.href).pathname === action);
        if (!form) return false;
        for (const field of form.elements) {
          if (["text", "url", "email", "date", "datetime-local", "number", "textarea"].includes(field.type)) {
            if (field.localName === "input") field.type = "text";
            field.value = field.required ? "" : "\u00a7 no such thing \u00a7";
          }
        }
        form.noValidate = true;
        // After this has been answered: the page goes while the form is sent.
        setTimeout(() => HTMLFormElement.prototype.submit.call(form), 0);
        return true;
      }, action);
      if (!pressed) {
        answering.catch(() => {});
        continue;
      }
      const answer = await answering.catch(() => null);
      // What the form led to is there, not only under way.
      if (answer) await arriving;
      if (answer?.status() === 422) {
        refused += 1;
        faults.push(...(await faultsOf(page, `refused ${shape}`, ALL ? LOOKS : [LOOKS[refused % LOOKS.length]])));
        const told = await page.locator(".field-error, .flash, [role=alert], .note").count();
        if (told === 0) faults.push(`refused ${shape}: says nothing about what to do`);
      }
    }
    console.log(`        ${refused} of ${forms.size} forms came back`);
    assert.ok(refused >= 15, "most forms need something");
    report(faults);
  },
  { timeout_ms: LIMIT_MS },
);

test("not there, not allowed, not that way", async (stage) => {
  const page = await stage.page();
  const faults = [];
  for (const path of ["/no-such-page", "/incidents/INC-999999", "/incidents/INC-1/postmortem/revisions/999", "/p/none", "/deploys/x?after=%%%"]) {
    const answer = await page.goto(path);
    assert.ok(answer.status() >= 400 && answer.status() < 500, `${path} gave ${answer.status()}`);
    assert.equal(await page.locator("h1").count(), 1);
    faults.push(...(await faultsOf(page, path, LOOKS)));
  }
  // Somebody who may only read.
  const admin = await stage.page();
  await admin.goto("/admin/people");
  const form = admin.locator("form[action='/admin/people']");
  await form.locator("[name=name]").fill("Vera Viewer");
  await form.locator("[name=email]").fill("vera@example.org");
  await form.locator("[name=role]").selectOption("viewer");
  await settle(admin, () => form.getByRole("button").last().click());
  const link = (await admin.locator(".note code").first().innerText()).trim();
  const session = await signIn(stage.browser, { ...stage.site, signInLink: link });
  const context = await open(stage.browser, stage.site, { session });
  try {
    const viewer = await context.newPage();
    for (const path of ["/incidents/new", "/admin", "/admin/audit"]) {
      assert.equal((await viewer.goto(path)).status(), 403);
      faults.push(...(await faultsOf(viewer, `${path} for a viewer`, LOOKS)));
    }
    for (const path of ["/", "/incidents", "/incidents/INC-53", "/incidents/INC-53/postmortem", "/action-items", "/settings"]) {
      await viewer.goto(path);
      faults.push(...(await faultsOf(viewer, `${path} for a viewer`)));
    }
  } finally {
    await context.close();
  }
  report(faults);
});

test("in conflict: both texts, and no violation", async (stage) => {
  const page = await stage.page();
  const other = await stage.page();
  await page.goto("/postmortems?status=draft");
  const draft = await page.locator("tbody [href$='/postmortem']").first().getAttribute("href");
  for (const [who, words] of [[page, "The first one was faster."], [other, "The second one was late."]]) {
    await who.goto(`${draft}/edit`);
    const text = who.locator("textarea[name=markdown]");
    const before = await text.inputValue();
    await text.fill(`${words}\n\n${before}`);
  }
  await settle(page, () => page.getByRole("button", { name: /^save/i }).first().click());
  const [answer] = await Promise.all([
    other.waitForResponse((response) => response.request().isNavigationRequest() && response.request().method() === "POST"),
    settle(other, () => other.getByRole("button", { name: /^save/i }).first().click()),
  ]);
  assert.equal(answer.status(), 409);
  report(await faultsOf(other, "the page of a conflict", LOOKS));
});

test("live: a retro that runs", async (stage) => {
  const page = await stage.page();
  await page.goto("/retros");
  const form = page.locator("form[action='/retros']");
  await form.locator("select[name=team]").selectOption({ index: 1 });
  await settle(page, () => form.getByRole("button").last().click());
  const begin = page.getByRole("button", { name: /^(start|begin)/i }).first();
  if ((await begin.count()) > 0) await settle(page, () => begin.click());
  const faults = await faultsOf(page, "a retro that runs", LOOKS);
  const cards = `${new URL(page.url()).pathname.replace(/\/$/, "")}/cards`;
  await page.goto(cards);
  faults.push(...(await faultsOf(page, "its cards", LOOKS)));
  report(faults);
});

test(
  "empty: no violation on a Debrief of the first day",
  async ({ browser }) => {
    const site = await start("serve");
    const context = await open(browser, site);
    try {
      const page = await context.newPage();
      const faults = [];
      await page.goto("/");
      faults.push(...(await faultsOf(page, "set up", LOOKS)));
      await page.locator("[name=name]").fill("Ada Admin");
      await page.locator("[name=email]").fill("ada@example.test");
      await page.locator("[name=password]").fill("a long and quiet sentence");
      await settle(page, () => page.locator("main form").getByRole("button").first().click());
      const paths = [];
      await crawl(page, { most: MOST_PAGES, each: 1, from: ["/", "/settings", "/admin"] }, (path) => paths.push(path));
      assert.ok(paths.length >= 30, `${paths.length} pages`);
      console.log(`        ${paths.length} pages`);
      for (const path of paths) {
        await page.goto(path);
        faults.push(...(await faultsOf(page, `empty ${path}`)));
      }
      report(faults);
    } finally {
      await context.close();
      await site.stop();
    }
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "zoomed to 200 and 400 %, nothing is cut off or needs to be scrolled sideways",
  async (stage) => {
    report(
      await onEach(stage, await pathsOf(stage), {}, async (page, path) => {
        const faults = [];
        // A window of 1280 px shows 640 at 200 % and 320 at 400 %.
        for (const width of [640, 320]) {
          await page.setViewportSize({ width, height: 450 });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) faults.push(`${path} [${width}]: ${wide} px too wide`);
          const cut = await page.evaluate(() =>
            [...document.querySelectorAll("main button, main a.btn, main label, h1, h2")]
              .filter((element) => element.checkVisibility() && getComputedStyle(element).overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1)
              .filter((element) => !element.closest(".sr-only"))
              .map((element) => element.textContent.trim().slice(0, 40)),
          );
          if (cut.length > 0) faults.push(`${path} [${width}]: cut off: ${cut.join(" | ")}`);
        }
        return faults;
      }),
    );
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "in forced colours every control has an edge and the focus is seen",
  async (stage) => {
    report(
      await onEach(stage, await pathsOf(stage), {}, async (page, path) => {
        await page.emulateMedia({ forcedColors: "active" });
        const bare = await page.evaluate(() =>
          [...document.querySelectorAll("main input:not([type=hidden]):not([type=checkbox]):not([type=radio]), main select, main textarea, main button.btn, main a.btn")]
            .filter((element) => element.checkVisibility())
            .filter((element) => {
              const style = getComputedStyle(element);
              return ["Top", "Right", "Bottom", "Left"].every((side) => style[`border${side}Style`] === "none" || style[`border${side}Width`] === "0px");
            })
            .map((element) => element.outerHTML.slice(0, 80)),
        );
        const faults = bare.length > 0 ? [`${path}: no edge: ${bare.slice(0, 3).join(" | ")}`] : [];
        for (let stop = 0; stop < 6; stop += 1) {
          await page.keyboard.press("Tab");
          const unseen = await page.evaluate(() => {
            const element = document.activeElement;
            if (!element || element === document.body) return null;
            const style = getComputedStyle(element);
            return style.outlineStyle === "none" || style.outlineWidth === "0px" ? element.outerHTML.slice(0, 80) : null;
          });
          if (unseen) faults.push(`${path}: focus is not seen at ${unseen}`);
        }
        return faults;
      }),
    );
  },
  { timeout_ms: LIMIT_MS },
);

test(
  "by keyboard every control is reached, its focus is seen and is not covered",
  async (stage) => {
    report(
      await onEach(stage, await pathsOf(stage), { width: 1280 }, async (page, path) => {
        const faults = [];
        const wanted = await page.evaluate(() => {
          const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
          return all.filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled && element.tabIndex >= 0 && element.type !== "hidden").length;
        });
        const seen = new Set();
        let ends = 0;
        // In a text Tab indents, and Escape leaves it, as is said beside it.
        if (await page.evaluate(() => document.activeElement?.localName === "textarea")) await page.keyboard.press("Escape");
        const most = Math.min(wanted + 5, ALL ? 400 : 60);
        for (let stop = 0; stop < most; stop += 1) {
          await page.keyboard.press("Tab");
          const at = await page.evaluate(() => {
            const element = document.activeElement;
            if (!element || element === document.body) return null;
            const style = getComputedStyle(element);
            const box = element.getBoundingClientRect();
            const shown = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
            const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
            const [x, y] = [Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1), Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 1)];
            const top = document.elementFromPoint(x, y);
            const covered = inside && box.width > 2 && top && !element.contains(top) && !top.contains(element) && !top.closest("label");
            globalThis.stops ??= new Map();
            if (!stops.has(element)) stops.set(element, stops.size);
            return { place: stops.get(element), what: element.outerHTML.slice(0, 90), shown, inside, covered: Boolean(covered), text: element.localName === "textarea" };
          });
          // A page that begins in the middle is gone round once.
          if (at === null && ++ends === 2) break;
          if (at === null) continue;
          if (at.text) await page.keyboard.press("Escape");
          if (seen.has(at.place)) continue;
          seen.add(at.place);
          if (!at.shown) faults.push(`${path}: focus is not seen at ${at.what}`);
          if (!at.inside) faults.push(`${path}: focus is outside of the window at ${at.what}`);
          if (at.covered) faults.push(`${path}: focus is covered at ${at.what}`);
        }
        if (seen.size < Math.min(wanted, most) * 0.5) faults.push(`${path}: ${seen.size} of ${wanted} controls are reached`);
        return faults;
      }),
    );
  },
  { timeout_ms: LIMIT_MS },
);

test("under reduced motion nothing moves, and else hardly", async (stage) => {
  const longest = (page) =>
    page.evaluate(() => {
      const ms = (text) => Math.max(...text.split(",").map((part) => Number.parseFloat(part) * (part.trim().endsWith("ms") ? 1 : 1000)));
      const all = [...document.querySelectorAll("*")].map((element) => getComputedStyle(element));
      return Math.max(...all.map((style) => Math.max(ms(style.transitionDuration), style.animationName === "none" ? 0 : ms(style.animationDuration))));
    });
  const page = await stage.page();
  for (const path of (await pathsOf(stage)).slice(0, 30)) {
    await page.goto(path);
    await page.emulateMedia({ reducedMotion: "reduce" });
    const still = await longest(page);
    assert.ok(still <= 1, `${path} moves for ${still} ms under reduced motion`);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    const moving = await longest(page);
    assert.ok(moving <= 120, `${path} moves for ${moving} ms`);
  }
});

test("on paper there is the text in dark on light, without the way around", async (stage) => {
  const page = await stage.page({ scheme: "dark" });
  for (const path of ["/incidents/INC-53", "/incidents/INC-53/postmortem", "/deploys/DEP-3033", "/action-items", "/incidents"]) {
    await page.goto(path);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const found = await page.evaluate(() => {
      // Whatever notation the browser gives colours in, a canvas knows how light they are.
      const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const light = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = "white";
        context.fillRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
        return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
      };
      const main = document.querySelector("main");
      return {
        main: main.checkVisibility() && main.innerText.trim().length > 40,
        around: [...document.querySelectorAll("nav.side, .side, .skip")].filter((element) => element.checkVisibility()).length,
        ground: light(getComputedStyle(document.body).backgroundColor),
        ink: light(getComputedStyle(document.querySelector("main p, main td, main h1")).color),
        buttons: [...main.querySelectorAll("button, .btn")].filter((element) => element.checkVisibility()).map((element) => element.textContent.trim()),
      };
    });
    assert.ok(found.main, `${path}: no text on paper`);
    assert.equal(found.around, 0, `${path}: the navigation is printed`);
    assert.ok(found.ground > 0.9, `${path}: the ground is printed (${found.ground})`);
    assert.ok(found.ink < 0.45, `${path}: the ink is pale (${found.ink})`);
    assert.deepEqual(found.buttons, [], `${path}: buttons on paper`);
  }
});

test("without script no control is there that only a script could serve", async (stage) => {
  const faults = [];
  const page = await stage.page({ script: "off" });
  for (const path of await pathsOf(stage)) {
    const answer = await page.goto(path);
    if (!(answer?.headers()["content-type"] ?? "").startsWith("text/html")) continue;
    const idle = await page.locator("button[type=button]:visible, a:not([href]):visible[role=button]").allInnerTexts();
    if (idle.length > 0) faults.push(`${path}: ${idle.join(" | ")}`);
    if ((await page.locator("h1").count()) !== 1) faults.push(`${path}: not one h1`);
  }
  report(faults);
});
