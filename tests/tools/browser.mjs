// Opens a report in Chromium and says what happened, as JSON: what a test asks is in the one argument.
// {file, chromium, axe, width, height, scheme, scripts, media, top, keys, script, calibrate, screenshot, full, pdf}; with `each`, a list of further
// askings, the same is done in a page of its own for each of them, and a list comes back.
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const asked = JSON.parse(process.argv[2]);
const browser = await puppeteer.launch({
  executablePath: asked.chromium, args: ["--no-sandbox", "--disable-gpu"], headless: true, protocolTimeout: 240000,
});
const happen = async (ask) => {
  const page = await browser.newPage();
  const said = { console: [], requests: [], axe: null, result: null };
  page.on("console", (message) => said.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.console.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { said.console.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => said.requests.push(request.url()));
  await page.setViewport({ width: ask.width || 1440, height: ask.height || 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: ask.scheme || "light" }]);
  await page.setJavaScriptEnabled(ask.scripts !== false);
  const session = await page.createCDPSession();
  await session.send("Performance.enable", { timeDomain: "threadTicks" }); // CPU time: the machine may be busy
  const spent = async () => Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
  // When the first frame after the list was drawn began: what a person waits for.
  if (ask.scripts !== false) {
    await page.evaluateOnNewDocument(() => {
      const look = () => {
        if (document.documentElement?.dataset.ready) window.opened = Math.round(performance.now());
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  }
  await page.goto(`file://${ask.file}`, { waitUntil: "load", timeout: 120000 });
  if (ask.scripts !== false) await page.waitForFunction(() => window.opened, { polling: 20 });
  said.opened = await page.evaluate(() => window.opened ?? null);
  said.cpu = 1000 * (await spent()).TaskDuration;
  for (const key of ask.keys || []) {
    if (key.length > 1 && key.startsWith("=")) await page.keyboard.type(key.slice(1));
    else await page.keyboard.press(key);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }
  if (ask.script) {
    const before = (await spent()).TaskDuration;
    said.result = await page.evaluate(`(async () => { ${ask.script} })()`);
    said.scriptCpu = 1000 * ((await spent()).TaskDuration - before);
  }
  if (ask.calibrate) { // CPU ms of a fixed piece of work, and how often as long it took: how slow and how crowded this machine is
    const before = (await spent()).TaskDuration;
    const took = await page.evaluate(() => {
      const start = performance.now();
      const seen = new Map();
      for (let n = 0, x = 1; n < 2000000; n++) {
        x = (x * 1103515245 + 12345) % 2147483648;
        seen.set(x % 50000, (seen.get(x % 50000) || 0) + 1);
      }
      return performance.now() - start;
    });
    said.calibration = (1000 * ((await spent()).TaskDuration - before)) / 5;
    said.crowded = took / 5 / said.calibration;
  }
  if (ask.axe) {
    // Through the debugger, not as a script of the page: the page's own policy would rightly refuse it.
    await page.evaluate(readFileSync(ask.axe, "utf8"));
    said.axe = await page.evaluate(async () => (await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }))
      .violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120)).join(" | ")}`));
  }
  if (ask.media) { // as on paper: what is to be printed is made, then shown as print shows it
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.emulateMediaType(ask.media);
    if (ask.top) await page.evaluate((top) => document.querySelector(top).scrollIntoView(), ask.top);
  }
  if (ask.screenshot) await page.screenshot({ path: ask.screenshot, fullPage: Boolean(ask.full) });
  if (ask.pdf) await page.pdf({ path: ask.pdf, format: "A4", printBackground: true, preferCSSPageSize: true });
  await page.close();
  return said;
};

const happened = [];
for (const one of asked.each || [{}]) happened.push(await happen({ ...asked, ...one }));
console.log(JSON.stringify(asked.each ? happened : happened[0]));
await browser.close();
