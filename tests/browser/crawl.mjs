// Walks the site from its home along same-origin links, as a signed-in member would.

// The shape of an address: keys, numbers, hashes and names are taken out, so
// that /incidents/INC-1 and /incidents/INC-2 count as one kind of page.
export function shapeOf(path) {
  const [pathname, query = ""] = path.split("?");
  const parts = pathname.split("/").map((part, place) => {
    if (/^[A-Z]{2,5}-\d+(\.\w+)?$/.test(part)) return part.replace(/^[^.]+/, "KEY");
    if (/^\d+$/.test(part) || /^[0-9a-f-]{16,}$/i.test(part)) return "N";
    if (place === 2 && NAMED.test(pathname) && !FIXED.has(part)) return "NAME";
    return part;
  });
  const keys = [...new URLSearchParams(query).keys()].sort();
  return parts.join("/") + (keys.length > 0 ? `?${[...new Set(keys)].join("&")}` : "");
}

const NAMED = /^\/(services|teams|users|tags|factors|environments|people)\//;
const FIXED = new Set(["new", "edit", "import", "export"]);
// Not a page: files, other forms of a page, and what ends the session.
const NO_PAGE = /\.(md|html|json|csv|txt|atom|xml|ics|svg|png|css|js)$|^\/(assets|static|api|sign-out|metrics|healthz|readyz)(\/|$)/;

export function isPage(path) {
  return !NO_PAGE.test(path.split("?")[0]);
}

// Same-origin addresses of all links on the page and what its forms post to.
export function linksOf(page) {
  return page.evaluate(() => {
    const own = (address) => {
      try {
        const url = new URL(address, location.href);
        return url.origin === location.origin ? url.pathname + url.search : null;
      } catch {
        return null;
      }
    };
    const all = (selector) => [...document.querySelectorAll(selector)];
    const anchors = all("a[href]").filter((a) => !a.getAttribute("href").startsWith("#"));
    return {
      links: [...new Set(anchors.map((a) => own(a.href)).filter(Boolean))],
      forms: all("form").map((form) => ({
        // Not form.action: a field may be called "action".
        action: own(form.getAttribute("action") ?? location.href),
        method: (form.getAttribute("method") ?? "get").toLowerCase(),
      })),
      // Links to a place on the same page that is not there.
      lost: all('a[href^="#"]')
        .map((a) => a.getAttribute("href").slice(1))
        .filter((id) => id !== "" && id !== "top" && !document.getElementById(decodeURIComponent(id))),
    };
  });
}

// Visits at most `most` pages, at most `each` of one shape, rare shapes first.
// Calls `see(path, found, answer)` on each with the page open.
export async function crawl(page, { most, each, from = ["/"] }, see) {
  const seen = new Set(from);
  const visits = new Map();
  const queue = [...from];
  let visited = 0;
  while (queue.length > 0 && visited < most) {
    const times = queue.map((path) => visits.get(shapeOf(path)) ?? 0);
    const next = times.indexOf(Math.min(...times));
    const [path] = queue.splice(next, 1);
    const shape = shapeOf(path);
    if ((visits.get(shape) ?? 0) >= each) continue;
    visits.set(shape, (visits.get(shape) ?? 0) + 1);
    const answer = await page.goto(path, { waitUntil: "domcontentloaded" });
    visited += 1;
    if (!(answer.headers()["content-type"] ?? "").startsWith("text/html")) continue;
    const found = await linksOf(page);
    await see(path, found, answer);
    for (const link of found.links) {
      if (!seen.has(link) && isPage(link)) {
        seen.add(link);
        queue.push(link);
      }
    }
  }
  return visited;
}
