// What a page costs on the wire, compressed, as the browser's network layer counts it.

export const KB = 1024;

// Loads `path` with an empty cache. Bytes include the headers of the answers.
export async function weigh(page, path) {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send("Network.enable");
  await protocol.send("Network.setCacheDisabled", { cacheDisabled: true });
  const requests = new Map();
  protocol.on("Network.responseReceived", ({ requestId, type, response }) => {
    requests.set(requestId, { type, url: response.url, encoding: response.headers["content-encoding"], bytes: 0 });
  });
  protocol.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const request = requests.get(requestId);
    if (request) request.bytes = encodedDataLength;
  });
  await page.goto(path, { waitUntil: "networkidle" });
  await protocol.detach();
  const all = [...requests.values()].filter(({ url }) => !url.startsWith("data:"));
  const sum = (type) =>
    all.filter((request) => type === undefined || request.type === type).reduce((n, { bytes }) => n + bytes, 0);
  return {
    requests: all.length,
    bytes: sum(),
    html: sum("Document"),
    css: sum("Stylesheet"),
    script: sum("Script"),
    each: all.map(({ url, bytes, type }) => `${type} ${new URL(url).pathname} ${bytes} B`),
  };
}
