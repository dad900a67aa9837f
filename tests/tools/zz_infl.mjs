import puppeteer from "puppeteer-core";
const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"], headless: true });
console.log(await browser.version());
const best = {};
for (let n = 0; n < 6; n++) {
  const page = await browser.newPage();
  await page.goto(`file:///tmp/rv/new.html`, { waitUntil: "load" });
  const r = await page.evaluate(async () => {
    const packed = JSON.parse(document.getElementById("findings").textContent);
    const said = { fb: Boolean(Uint8Array.fromBase64) };
    let t = performance.now();
    const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(packed) : Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
    said.b64 = performance.now() - t; t = performance.now();
    const a = async () => { const s = new DecompressionStream("deflate"); const w = s.writable.getWriter(); w.write(bytes); w.close(); return new Response(s.readable).text(); };
    const b = async () => { const s = new DecompressionStream("deflate"); const w = s.writable.getWriter(); w.write(bytes); w.close(); const r = s.readable.getReader(); const d = new TextDecoder(); let out = ""; let k = 0; for (;;) { const { done, value } = await r.read(); if (done) break; out += d.decode(value, { stream: true }); k++; } said.chunks = k; return out; };
    const c = async () => { const s = new DecompressionStream("deflate"); const w = s.writable.getWriter(); w.write(bytes); w.close(); const x = await new Response(s.readable).arrayBuffer(); said.bytes = x.byteLength; const y=performance.now(); const z= new TextDecoder().decode(x); said.dec=performance.now()-y; return z; };
    for (const [k, f] of [["a", a], ["b", b], ["c", c]]) { t = performance.now(); const x = await f(); said[k] = performance.now() - t; said[k + "len"] = x.length; t = performance.now(); JSON.parse(x); said[k + "parse"] = performance.now() - t; }
    return said;
  });
  for (const [k, v] of Object.entries(r)) best[k] = Math.min(best[k] ?? 1e12, v);
  await page.close();
}
console.log(best);
await browser.close();
