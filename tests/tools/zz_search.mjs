import puppeteer from "puppeteer-core";
const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"], headless: true });
for (const f of process.argv.slice(2)) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  const s = await page.createCDPSession();
  await s.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => Object.fromEntries((await s.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value * 1000]));
  await page.goto(`file://${f}`, { waitUntil: "load" });
  await page.waitForFunction(() => document.documentElement.dataset.ready, { polling: 10 });
  await new Promise((r) => setTimeout(r, 1500));
  const best = {}, wall = {}, first = {};
  for (let n = 0; n < 6; n++) for (const text of ["orders-49", "module.m12", "zzz", "", "orders", " "]) {
    const m0 = await spent();
    const w = await page.evaluate(async (text) => { const t = performance.now(); const q = document.getElementById("q"); q.value = text; q.dispatchEvent(new Event("input")); await new Promise((d) => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = d; c.port2.postMessage(0); })); return performance.now() - t; }, text);
    const m1 = await spent();
    const d = m1.TaskDuration - m0.TaskDuration;
    first[text] ??= Math.round(d);
    if (!(best[text] < d)) best[text] = Math.round(d);
    wall[text] = Math.round(Math.min(wall[text] ?? 1e9, w));
  }
  console.log(f, "first", JSON.stringify(first), "best cpu", JSON.stringify(best), "best wall", JSON.stringify(wall));
  await page.close();
}
await browser.close();
