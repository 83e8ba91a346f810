// The licence of every npm package of the browser suite, from package-lock.json.
// None of them is shipped with Debrief: they are fetched to test it.
import { readFileSync } from "node:fs";

const ALLOWED = new Set(["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD"]);
// For tests only: MPL-2.0 asks nothing of files that are not its own.
const ALLOWED_FOR = { "node_modules/axe-core": "MPL-2.0" };

const lock = JSON.parse(readFileSync(new URL("package-lock.json", import.meta.url)));
const faults = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === "") continue;
  if (!ALLOWED.has(entry.license) && ALLOWED_FOR[path] !== entry.license) {
    faults.push(`${path} ${entry.version}: ${entry.license ?? "names no licence"} is not allowed`);
  }
  if (entry.resolved) faults.push(`${path}: package-lock.json names a host; remove "resolved"`);
}
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`${Object.keys(lock.packages).length - 1} npm packages, every licence is allowed`);
