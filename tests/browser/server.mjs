// Starts the program under test on a free port and a fresh file, and stops it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BINARY =
  process.env.DEBRIEF_BINARY ?? fileURLToPath(new URL("../../target/debug/debrief", import.meta.url));
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;

// Below what a kernel hands out by itself: such a port may go to any connection of the browser
// between this look and the start of the program.
const LOWEST_PORT = 10_240;
const HIGHEST_PORT = 32_000;

export function freePort() {
  return new Promise((resolve) => {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));
    const probe = createServer();
    probe.on("error", () => resolve(freePort()));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(port)));
  });
}

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

// `subcommand` is "demo" or "serve". Resolves to {origin, signInLink, stop, log, kill, again};
// signInLink is null for "serve", which answers /healthz when it is ready.
export async function start(subcommand, before = {}) {
  const folder = before.folder ?? mkdtempSync(join(tmpdir(), "debrief-browser-"));
  const port = before.port ?? (await freePort());
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(
    BINARY,
    [subcommand, "--bind", `127.0.0.1:${port}`, "--database-url", join(folder, "browser.db")],
    { stdio: ["ignore", "pipe", "pipe"], env: cleanEnvironment() },
  );
  running.add(child);
  let log = "";
  let ended = null;
  let signInLink = null;
  const take = (piece) => {
    log += piece;
    signInLink ??= log.match(/https?:\/\/[^\s"<>]+\/sign-in\/[^\s"<>]+(?=\s)/)?.[0] ?? null;
  };
  child.stdout.setEncoding("utf8").on("data", take);
  child.stderr.setEncoding("utf8").on("data", take);
  child.on("error", (error) => (ended = `could not be started: ${error.message}`));
  const exit = new Promise((resolve) =>
    child.on("exit", (code, signal) => {
      running.delete(child);
      ended ??= `ended with ${signal ?? `exit code ${code}`}`;
      resolve({ code, signal });
    }),
  );

  const isReady = async () => {
    if (subcommand === "demo" && signInLink === null) return false;
    return fetch(`${origin}/healthz`).then((answer) => answer.ok, () => false);
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady())) {
    if (ended !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      const why = ended ?? `was not ready within ${START_TIMEOUT_MS / 1000} s`;
      throw new Error(`debrief ${subcommand} ${why}; it said:\n${log.slice(-4000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  return {
    origin,
    signInLink,
    log: () => log,
    // As if the power went: nothing is written or answered any more.
    async kill() {
      child.kill("SIGKILL");
      await exit;
    },
    // The same address and database, once more.
    again: () => start("serve", { folder, port }),
    async stop() {
      child.kill("SIGTERM");
      const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      const { code, signal } = await exit;
      clearTimeout(overdue);
      rmSync(folder, { recursive: true, force: true });
      if (code !== 0) throw new Error(`debrief ${subcommand} ended with ${signal ?? code} on SIGTERM`);
      if (/panicked at/.test(log)) throw new Error(`debrief ${subcommand} panicked:\n${log.slice(-4000)}`);
    },
  };
}

// A setting of the developer's own must not reach the program under test.
function cleanEnvironment() {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith("DEBRIEF_"));
  return Object.fromEntries(entries);
}
