// Takes the pictures of docs/screenshots from the demo: each main page, light and dark.
// Usage: bin/screenshots
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch, open, signIn } from "./browser.mjs";
import { start } from "./server.mjs";

const folder = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const PAGES = {
  home: "/",
  incident: "/incidents?status=live",
  postmortem: "/incidents/INC-53/postmortem",
  writing: "/incidents/INC-53/postmortem/edit",
  deploy: "/deploys/DEP-3033",
  "action-items": "/action-items",
  changes: "/changes",
  retros: "/retros",
  suspects: "/insights/suspects",
};

mkdirSync(folder, { recursive: true });
const site = await start("demo");
const browser = await launch();
try {
  const session = await signIn(browser, site);
  for (const scheme of ["light", "dark"]) {
    const context = await open(browser, site, { session, scheme });
    const page = await context.newPage();
    for (const [name, path] of Object.entries(PAGES)) {
      const answer = await page.goto(path);
      if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}`);
      if (name === "incident") await page.locator("main tbody a, main .lines a").first().click();
      await page.waitForLoadState("load");
      await page.screenshot({ path: `${folder}${name}-${scheme}.png` });
      console.log(`${name}-${scheme}.png`);
    }
    await context.close();
  }
} finally {
  await browser.close();
  await site.stop();
}
