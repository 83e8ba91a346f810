// Where the test files write down their tests; run.mjs works them off in order.
export const tests = [];

const TIMEOUT_MS = 60_000;

// `body` gets the stage (see run.mjs). `timeout_ms` only for the long crawls.
export function test(name, body, { timeout_ms = TIMEOUT_MS } = {}) {
  tests.push({ name, body, timeout_ms });
}
