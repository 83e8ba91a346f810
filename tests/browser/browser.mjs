// Chromium, and contexts in it: signed in or not, with script or without.
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const ACTION_TIMEOUT_MS = 5_000;
const NAVIGATION_TIMEOUT_MS = 15_000;

const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ARGUMENTS,
  ignoreDefaultArgs: ["--headless", "--headless=old"],
  headless: true,
};

export function launch() {
  return chromium.launch(LAUNCH);
}

// One that can be killed: {browser, kill}.
export async function launchMortal() {
  const process = await chromium.launchServer(LAUNCH);
  const browser = await chromium.connect(process.wsEndpoint());
  return { browser, kill: () => process.kill() };
}

// Signs in once with the one-time link; what it returns opens contexts that are signed in.
export async function signIn(browser, site) {
  const context = await open(browser, site);
  const page = await context.newPage();
  await page.goto(site.signInLink);
  // The link may lead to a page with one button, so that a mail scanner does not use it up.
  const button = page.getByRole("button", { name: /^sign in/i });
  if (new URL(page.url()).pathname.startsWith("/sign-in") && (await button.count()) > 0) {
    await settle(page, () => button.first().click());
  }
  const path = new URL(page.url()).pathname;
  if (path.startsWith("/sign-in")) throw new Error(`the one-time link did not sign in; it led to ${path}`);
  const session = await context.storageState();
  await context.close();
  return session;
}

// script: "on" | "off"; scheme: "light" | "dark"; width in CSS px.
export async function open(browser, site, { session, script = "on", scheme = "light", width = 1280 } = {}) {
  const context = await browser.newContext({
    baseURL: site.origin,
    storageState: session,
    javaScriptEnabled: script === "on",
    colorScheme: scheme,
    reducedMotion: "reduce",
    viewport: { width, height: width < 640 ? 720 : 900 },
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
  });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  context.setDefaultNavigationTimeout(NAVIGATION_TIMEOUT_MS);
  return context;
}

const NAVIGATION_STARTS_WITHIN_MS = 150;

// Does `act` and, where that leads to another page, waits until it is there.
export async function settle(page, act) {
  let leaves = false;
  const watch = (request) => {
    leaves ||= request.isNavigationRequest() && request.frame() === page.mainFrame();
  };
  page.on("request", watch);
  const arrived = new Promise((resolve) => page.once("domcontentloaded", resolve));
  await act();
  await new Promise((resolve) => setTimeout(resolve, NAVIGATION_STARTS_WITHIN_MS));
  page.off("request", watch);
  if (leaves) await arrived;
}
