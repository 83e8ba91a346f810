// Strings that try to run in the reader's browser, the hand that puts them everywhere, and the eye that looks for
// what came of them.
import { readFileSync } from "node:fs";

// What each of these is after: markup, attributes, addresses, what parsers repair, what scripts put together.
const OWN = [
  "<script>alert(1)</script>",
  "<ScRiPt/x>alert(1)</sCrIpT >",
  "<img src=x onerror=alert(1)>",
  "\"><img src=x onerror=alert(1)>",
  "' autofocus onfocus=alert(1) x='",
  "\" autofocus onfocus=alert(1) x=\"",
  "<svg/onload=alert(1)>",
  "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
  "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
  "<details open ontoggle=alert(1)><summary>x</summary></details>",
  "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
  "<object data=javascript:alert(1)>",
  "<form action=javascript:alert(1)><button>x</button></form>",
  "<input type=image src=x onerror=alert(1)>",
  "<base href=https://foreign.example/>",
  "<meta http-equiv=refresh content='0;url=https://foreign.example/'>",
  "<link rel=stylesheet href=https://foreign.example/x.css>",
  "<style>@import 'https://foreign.example/x.css';</style>",
  "<a href=\"javascript:alert(1)\">x</a>",
  "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt&colon;alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](vbscript:msgbox(1))",
  "![x](https://foreign.example/x.png)",
  "![x](x\"onerror=alert(1))",
  "<javascript:alert(1)>",
  "[x]: javascript:alert(1)\n\n[x]",
  "https://foreign.example/\"onmouseover=alert(1)//",
  "javascript:alert(1)//https://a.example",
  "</textarea><script>alert(1)</script>",
  "</title><script>alert(1)</script>",
  "</script><script>alert(1)</script>",
  "--><script>alert(1)</script>",
  "]]><script>alert(1)</script>",
  "{{constructor.constructor('alert(1)')()}}",
  "${alert(1)}",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "\u0000<script>alert(1)</script>",
  "\u202e<script>alert(1)</script>",
  "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
  "<template><script>alert(1)</script></template>",
  "<x id=forms name=body onclick=alert(1)>x</x>",
  "<img name=getElementById><form id=cookie><input name=body>",
];

// The strings of this run: the own ones and a part of the samples, or all of them.
export function strings() {
  const folder = process.env.DEBRIEF_SAMPLES;
  if (!folder) {
    console.log("        DEBRIEF_SAMPLES is unset: own strings only");
    return OWN;
  }
  const list = readFileSync(`${folder}/hostile/xss-payload-list.txt`, "utf8").split("\n").filter((line) => line.trim());
  const naughty = JSON.parse(readFileSync(`${folder}/hostile/blns.json`, "utf8")).filter((line) => line.trim());
  const all = [...new Set([...OWN, ...naughty, ...list])];
  if (process.env.DEBRIEF_HOSTILE === "all") return all;
  const step = Math.ceil(all.length / 60);
  return [...OWN, ...all.slice(OWN.length).filter((_, index) => index % step === 0)];
}

// Parses and looks, in the browser: gives what in a document could run, load from elsewhere or lead astray.
// Runs in the page; knows nothing of this module.
export function lookInPage(sources) {
  const OWN_SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);
  const LEADING = new Set(["href", "src", "action", "formaction", "data", "poster", "xlink:href", "cite", "ping", "background"]);
  const FOREIGN = new Set(["iframe", "object", "embed", "base", "frame", "frameset", "applet", "portal", "audio", "video", "style"]);
  const faultsOf = (page) => {
    const faults = [];
    for (const element of page.querySelectorAll("*")) {
      const name = element.localName;
      if (FOREIGN.has(name)) faults.push(`<${name}>`);
      if (name === "script" && !(element.getAttribute("src") ?? "").startsWith("/assets/")) faults.push("inline script");
      if (name === "link" && !(element.getAttribute("href") ?? "").startsWith("/")) faults.push("foreign link");
      if (name === "meta" && element.hasAttribute("http-equiv")) faults.push("meta http-equiv");
      for (const { name: attribute, value } of element.attributes) {
        const lower = attribute.toLowerCase();
        if (lower.startsWith("on") || lower === "style" || lower === "srcdoc" || lower === "srcset") {
          faults.push(`${name}[${attribute}=${value.slice(0, 60)}]`);
        }
        if (LEADING.has(lower)) {
          let url;
          try {
            url = new URL(value, "http://debrief.test/");
          } catch {
            continue; // No address: it leads nowhere.
          }
          const own = url.origin === "http://debrief.test" || url.origin === location.origin;
          const mayLeave = lower === "href" || lower === "cite";
          if (!OWN_SCHEMES.has(url.protocol) || (!own && !mayLeave)) {
            faults.push(`${name}[${attribute}=${value.slice(0, 80)}]`);
          }
        }
      }
    }
    return faults;
  };
  if (sources === undefined) return faultsOf(document);
  const parser = new DOMParser();
  return sources.map((source) => faultsOf(parser.parseFromString(source, "text/html")));
}

// Watches a page for what must not happen on it. `faults` fills up.
export function watch(page, site) {
  const faults = [];
  page.on("dialog", async (dialog) => {
    // A page with unsaved words asks before it is left; that is its own.
    if (dialog.type() === "beforeunload") return dialog.accept().catch(() => {});
    faults.push(`a dialog said ${dialog.message()} at ${page.url()}`);
    await dialog.dismiss().catch(() => {});
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(site.origin) && !url.startsWith("data:") && !url.startsWith("blob:")) {
      faults.push(`${page.url()} asked for ${url}`);
    }
  });
  page.on("popup", (popup) => faults.push(`${page.url()} opened ${popup.url()}`));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) faults.push(`${page.url()}: ${message.text().slice(0, 200)}`);
  });
  page.on("pageerror", (error) => faults.push(`${page.url()} threw ${String(error).slice(0, 200)}`));
  return faults;
}

// The forms of the open page that take words: where they go and what is in them.
export function formsInPage() {
  const TEXT = new Set(["text", "search", "url", "email", "tel", "password", "textarea", ""]);
  return [...document.querySelectorAll("form")].map((form) => {
    const fields = [...form.elements]
      .filter((field) => field.name && field.type !== "submit" && field.type !== "button" && field.type !== "file")
      .map((field) => ({
        name: field.name,
        type: field.type,
        value: field.localName === "select" ? (field.value || [...field.options].map(({ value }) => value).find(Boolean) || "") : field.value,
        checked: field.checked === true,
        required: field.required,
        text: TEXT.has(field.type),
      }));
    return {
      action: new URL(form.getAttribute("action") ?? location.href, location.href).pathname,
      method: (form.getAttribute("method") ?? "get").toUpperCase(),
      fields,
      submit: [...form.elements].filter((field) => field.type === "submit" && field.name).map(({ name, value }) => ({ name, value }))[0],
    };
  });
}

const PLAIN = {
  email: (n) => `h${n}@example.org`,
  url: () => "https://example.org/x",
  date: () => "2026-12-24",
  "datetime-local": () => "2026-12-24T10:00",
  number: () => "1",
  password: () => "a long and quiet sentence",
};

let count = 0;

// A filled form: `hostile` in the field `target`, or in all that take words; the rest as it is, or plain.
export function filled(form, target, hostile) {
  count += 1;
  const body = new URLSearchParams();
  const seen = new Set();
  for (const field of form.fields) {
    if (field.type === "checkbox" || field.type === "radio") {
      const others = form.fields.filter(({ name }) => name === field.name);
      const first = !others.some(({ checked }) => checked) && !seen.has(field.name);
      if (field.checked || first) body.append(field.name, field.value);
      seen.add(field.name);
      continue;
    }
    if (field.text && (target === undefined || target === field.name)) {
      body.append(field.name, hostile);
    } else if (field.value !== "" || !field.required) {
      body.append(field.name, field.value);
    } else {
      body.append(field.name, (PLAIN[field.type] ?? (() => `Plain words ${count}`))(count));
    }
  }
  if (form.submit) body.append(form.submit.name, form.submit.value);
  return body;
}
