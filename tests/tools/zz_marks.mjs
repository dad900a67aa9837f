import puppeteer from "puppeteer-core";
const [,, N, f] = process.argv;
const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"], headless: true });
const best = {};
for (let n = 0; n < N; n++) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  await page.goto(`file://${f}`, { waitUntil: "load" });
  await page.waitForFunction(() => document.documentElement.dataset.ready, { polling: 10 });
  const marks = await page.evaluate(() => performance.getEntriesByType("mark").map((m) => [m.name, m.startTime]));
  let last = 0;
  for (const [name, at] of marks) { best[name] = Math.min(best[name] ?? 1e9, at - last); last = at; }
  await page.close();
}
let sum = 0;
for (const [k, v] of Object.entries(best)) { sum += v; console.log(k.padEnd(14), v.toFixed(1)); }
console.log("sum of minima", sum.toFixed(0));
await browser.close();
