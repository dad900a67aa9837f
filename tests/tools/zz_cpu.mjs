import puppeteer from "puppeteer-core";
const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"], headless: true });
const page = await browser.newPage();
await page.setViewport({ width: 1440, height: 900 });
const s = await page.createCDPSession();
await s.send("Profiler.enable"); await s.send("Profiler.setSamplingInterval", { interval: 200 });
await page.goto(`file://${process.argv[2]}`, { waitUntil: "load" });
await page.waitForFunction(() => document.documentElement.dataset.ready, { polling: 10 });
await new Promise((r) => setTimeout(r, 1500));
for (const text of ["orders-49", "module.m12", "zzz", "", "orders"]) {
  await s.send("Profiler.start");
  const m0 = Object.fromEntries((await s.send("Performance.enable"), (await s.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value])));
  await page.evaluate(async (text) => { const q = document.getElementById("q"); q.value = text; q.dispatchEvent(new Event("input")); await new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d))); }, text);
  const m1 = Object.fromEntries((await s.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
  const { profile } = await s.send("Profiler.stop");
  const self = {};
  profile.samples.forEach((id, k) => { const n = profile.nodes.find((x) => x.id === id).callFrame; const key = `${n.functionName || "?"}:${n.lineNumber}`; self[key] = (self[key] || 0) + profile.timeDeltas[k] / 1000; });
  console.log(JSON.stringify(text), ["TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration"].map((k) => `${k} ${((m1[k] - m0[k]) * 1000).toFixed(0)}`).join(" "), Object.entries(self).sort((a, b) => b[1] - a[1]).slice(0, 9).map(([k, v]) => `${k} ${v.toFixed(1)}`).join(", "));
}
await browser.close();
