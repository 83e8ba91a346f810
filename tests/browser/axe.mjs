// Runs axe with every rule, best practice too, and says what it found in words.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Through the debugging protocol, which the page's content security policy does not bind.
export async function injectAxe(page) {
  await page.evaluate(`${source};undefined`);
}

const TAGS = [
  "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice", "section508",
];

// One line per rule and element.
export async function violations(page) {
  const found = await page.evaluate(
    (tags) =>
      globalThis.axe
        .run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] })
        .then(({ violations }) =>
          violations.map(({ id, help, nodes }) => ({
            id,
            help,
            nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })),
          })),
        ),
    TAGS,
  );
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => {
      const why = failureSummary.split("\n").slice(1, 3).map((line) => line.trim()).join(" ");
      return `${id} (${help}) at ${target.flat().join(" ")}: ${why}`;
    }),
  );
}
