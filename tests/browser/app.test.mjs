// static/app.js in a real browser, against a small server that plays the console.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { findChromium, launch, visit } from "./browser.mjs";

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const script = readFileSync(new URL("../../static/app.js", import.meta.url));
const icons = readFileSync(new URL("../../static/icons.svg", import.meta.url));
const NOW = Date.parse("2026-11-23T14:05:00+01:00");

const page = main => `<!doctype html><html lang="en"><head><title>Test – Postkey</title><script src="/app.js" defer></script></head>
<body><main id="main">${main}</main><time id="as-of" datetime="2026-11-23T14:05:00+01:00">23 Nov 2026, 14:05</time><div id="live" aria-live="polite"></div></body></html>`;

/** What the server says next: tests replace these. */
const pages = new Map();
let answer, asked, posts;
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const send = (status, type, body, more = {}) => response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": CSP, "Cache-Control": "no-store", ...more }).end(body);
  if (pathname === "/app.js") return send(200, "text/javascript", script);
  if (pathname === "/icons.svg") return send(200, "image/svg+xml", icons);
  if (request.method === "POST") { posts++; return setTimeout(() => send(200, "text/html", page("<h1>Done</h1>")), 300) }
  if (request.headers["x-postkey-fragment"]) { asked.push(request.headers); return answer(send, request.headers) }
  return pages.has(pathname) ? send(200, "text/html; charset=utf-8", page(pages.get(pathname))) : send(404, "text/plain", "");
});

const skip = findChromium() || process.env.CI === "true" ? false : "no Chromium on this machine";
let browser, origin;
before(async () => {
  if (skip) return;
  browser = await launch();
  await new Promise(done => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  await browser?.close();
  server.close();
});

const check = (name, main, act, options = {}) => test(name, { skip }, async () => {
  asked = [];
  posts = 0;
  pages.set("/", main);
  const visitor = await visit(browser, options);
  try {
    if (options.clock) await visitor.page.clock.install({ time: NOW });
    await visitor.page.goto(origin);
    await act(visitor.page, visitor);
    assert.deepEqual(visitor.complaints, []);
  } finally { await visitor.close() }
});

const ago = seconds => new Date(NOW - seconds * 1000).toISOString();
const words = [
  [0, "just now"], [44, "just now"], [45, "1 min ago"], [89, "1 min ago"], [90, "2 min ago"], [44 * 60 + 59, "45 min ago"],
  [45 * 60, "1 h ago"], [90 * 60, "2 h ago"], [22 * 3600 - 1, "22 h ago"], [22 * 3600, "yesterday"], [36 * 3600 - 1, "yesterday"],
  [36 * 3600, "2 days ago"], [26 * 86400 - 1, "26 days ago"], [-30, "in a moment"], [-60, "in 1 min"], [-3600, "in 1 h"],
  [-86400, "tomorrow"], [-3 * 86400, "in 3 days"],
];
check("relative times use the words of the server", `<h1>Times</h1>${words.map(([s]) => `<p><time datetime="${ago(s)}"><span data-rel>?</span></time></p>`).join("")}
  <p><time datetime="2026-03-02T09:14:00+01:00"><span data-rel>?</span></time></p>
  <p><time datetime="2026-03-02T09:14:00+01:00"><span data-rel>?</span> <span data-abs>2 Mar 2026, 09:14</span></time></p>`,
async page => {
  const said = await page.locator("[data-rel]").allTextContents();
  assert.deepEqual(said.slice(0, words.length), words.map(([, text]) => text));
  assert.equal(said[words.length], "2 Mar 2026");
  assert.equal(await page.locator("[data-rel]").last().isVisible(), false, "the date is not said twice");
}, { clock: true });

check("controls that need a script appear", `<h1>Controls</h1><button type="button" data-js hidden data-copy="x">Copy</button><code id="x">a</code>`,
  async page => assert.ok(await page.locator("[data-copy]").isVisible()));

check("copying says so, and takes the text", `<h1>Copy</h1><code id="x"> 9e1c </code><button type="button" data-js hidden data-copy="x">Copy<span> application ID</span></button>`,
  async (page, { context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("[data-copy]").click();
    await page.getByText("Copied application ID").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "9e1c");
    await page.waitForFunction(() => document.querySelector("#live").textContent === "Copied");
  });

check("a typed secret is shown on demand, and covered again when it is sent",
  `<h1>Secret</h1><form method="post"><input id="s" name="s" type="password"><button type="button" data-js hidden data-reveal="s" aria-pressed="false">Show what I typed</button><button id="go">Save</button></form>`,
  async page => {
    await page.fill("#s", "hush");
    await page.click("[data-reveal]");
    assert.equal(await page.getAttribute("#s", "type"), "text");
    assert.equal(await page.getAttribute("[data-reveal]", "aria-pressed"), "true");
    await page.evaluate(() => document.querySelector("form").addEventListener("submit", e => e.preventDefault(), { once: true, capture: true }));
    await page.click("#go");
    assert.equal(await page.getAttribute("#s", "type"), "text", "a submit that was stopped changes nothing");
    await page.evaluate(() => { window.kept = []; addEventListener("submit", () => window.kept.push(document.querySelector("#s").type)); addEventListener("submit", e => e.preventDefault()) });
    await page.click("#go");
    assert.deepEqual(await page.evaluate(() => window.kept), ["password"]);
  });

check("a form is sent once", `<h1>Once</h1><form method="post"><button data-busy="Asking Microsoft…">Save and check</button></form>`, async page => {
  await page.evaluate(() => [0, 60, 120].forEach(ms => setTimeout(() => document.querySelector("button").click(), ms)));
  await page.getByText("Done").waitFor();
  assert.equal(posts, 1);
});

check("selecting all counts", `<h1>Rows</h1><form method="post"><label data-js hidden><input type="checkbox" data-all></label>
  ${[1, 2, 3].map(i => `<input type="checkbox" name="id" value="${i}">`).join("")}<span data-js hidden><span data-count>0</span> selected</span></form>`, async page => {
  const boxes = page.locator("[name=id]"), all = page.locator("[data-all]");
  await boxes.first().check();
  assert.equal(await page.textContent("[data-count]"), "1");
  assert.equal(await all.evaluate(e => e.indeterminate), true);
  await all.check();
  assert.equal(await page.textContent("[data-count]"), "3");
  await all.uncheck();
  assert.equal(await page.locator("[name=id]:checked").count(), 0);
});

check("a confirmation opens as a dialog, and gives the focus back",
  `<h1>Confirm</h1><a id="ask" href="/delete" data-dialog="d">Delete…</a><dialog id="d"><form method="post" action="/delete"><button>Delete it</button><button type="button" data-close>Keep</button></form></dialog>`,
  async page => {
    await page.click("#ask");
    assert.ok(await page.locator("#d").isVisible());
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement.id), "ask");
    await page.click("#ask");
    await page.click("[data-close]");
    assert.equal(await page.evaluate(() => document.activeElement.id), "ask");
    assert.equal(new URL(page.url()).pathname, "/");
  });

check("Ctrl+K goes to the search, single letters do nothing", `<h1>Search</h1><input id="q" type="search"><a href="/n">n</a>`, async page => {
  const before = await page.content();
  for (const key of "abcdefghijklmnopqrstuvwxyz/?") await page.keyboard.press(key);
  assert.equal(await page.content(), before);
  assert.equal(await page.evaluate(() => document.activeElement.localName), "body");
  await page.keyboard.press("Control+k");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
});

check("the summary of errors takes the focus", `<div class="summary" role="alert" data-focus><h2>There is a problem</h2></div><h1>Form</h1>`,
  async page => assert.equal(await page.evaluate(() => document.activeElement.className), "summary"));

const region = `<h1>Live</h1><button data-pause="Go on" data-js hidden type="button">Pause</button>
  <div id="box" data-live="/" data-fragment="problems" data-every="30"><div data-sum="3 need attention"><details><summary>More</summary></details><a href="#x" id="x">One</a></div></div><p id="note" data-note hidden>old</p>`;
const settled = page => page.evaluate(() => fetch("/icons.svg").then(r => r.text()).then(() => {}));

check("a live region asks with its name and ETag, and keeps what the reader opened", region, async page => {
  answer = send => send(200, "text/html", `<div data-sum="2 need attention"><details><summary>More</summary></details>two</div>`, { ETag: '"2"' });
  await page.click("summary");
  await page.hover("h1");
  await page.evaluate(() => document.activeElement.blur());
  await page.clock.runFor(31e3);
  await page.getByText("two").waitFor();
  assert.equal(asked[0]["x-postkey-fragment"], "problems");
  assert.equal(asked[0]["if-none-match"], undefined);
  assert.ok(await page.locator("details").evaluate(d => d.open));
  await page.clock.runFor(200);
  assert.equal(await page.textContent("#live"), "2 need attention");
  answer = send => send(304, "text/html", undefined);
  await page.clock.runFor(31e3);
  await settled(page);
  assert.equal(asked[1]["if-none-match"], '"2"');
  assert.equal(await page.locator("#box").textContent(), "Moretwo");
}, { clock: true });

check("a live region keeps still under the reader's hand, and when paused", region, async page => {
  answer = send => send(200, "text/html", "changed");
  await page.focus("#x");
  await page.clock.runFor(65e3);
  await settled(page);
  assert.equal(asked.length, 0, "focus inside");
  await page.click("[data-pause]");
  assert.equal(await page.textContent("[data-pause]"), "Go on");
  await page.clock.runFor(65e3);
  await settled(page);
  assert.equal(asked.length, 0, "paused");
  await page.click("[data-pause]");
  await page.getByText("changed").waitFor();
  assert.equal(await page.textContent("[data-pause]"), "Pause");
}, { clock: true });

check("a live region keeps still under the pointer, and tells how new it is", region.replace("<h1>", `<time data-now datetime="2026-11-23T12:00:00+01:00">before</time><h1>`), async page => {
  const asOf = { "X-Postkey-As-Of": "2026-11-23T14:05:00+01:00 23 Nov 2026, 14:05" };
  answer = send => send(200, "text/html", `<div data-title="(2) Overview">changed</div>`, { ETag: '"2"', ...asOf });
  await page.hover("#x");
  await page.clock.runFor(65e3);
  await settled(page);
  assert.equal(asked.length, 0, "the pointer is on a link");
  await page.clock.runFor(235e3);
  await page.clock.runFor(31e3);
  await page.getByText("changed").waitFor();
  assert.equal(await page.title(), "(2) Overview");
  assert.equal(await page.textContent("[data-now]"), "23 Nov 2026, 14:05");
}, { clock: true });

test("a server that is away is said, and asked less often", { skip }, async () => {
  asked = [];
  pages.set("/", region);
  const { page, close } = await visit(browser);
  try {
    await page.clock.install({ time: NOW });
    await page.goto(origin);
    answer = send => send(503, "text/plain", "");
    for (const wait of [31, 61, 121]) { await page.clock.runFor(wait * 1000); await settled(page); await settled(page) }
    assert.equal(asked.length, 3);
    assert.ok(await page.locator("#note").isVisible());
    assert.ok(await page.locator("#box[data-stale]").count());
    answer = send => send(200, "text/html", "back");
    await page.clock.runFor(241e3);
    await page.getByText("back").waitFor();
    await page.locator("#note").waitFor({ state: "hidden" });
  } finally { await close() }
});

test("a session that ended leads to the log-in", { skip }, async () => {
  asked = [];
  pages.set("/", region);
  const { page, close } = await visit(browser);
  try {
    await page.clock.install({ time: NOW });
    await page.goto(origin);
    answer = send => send(401, "text/plain", "");
    pages.set("/", "<h1>Sign in to Postkey</h1>");
    await page.clock.runFor(31e3);
    await page.getByText("Sign in to Postkey").waitFor();
  } finally { await close() }
});

check("a region that is done is not asked again", region.replace('data-sum="3', 'data-every="0" data-sum="3'), async page => {
  answer = send => send(200, "text/html", "never");
  await page.clock.runFor(400e3);
  await settled(page);
  console.log(asked.length, await page.locator("#box").innerHTML(), await page.evaluate(() => Date.now()));
  await settled(page);
  assert.equal(asked.length, 0);
}, { clock: true });

check("the icons are drawn from their own file under the shipped policy",
  `<h1>Icon</h1><svg id="i" width="20" height="20" aria-hidden="true"><use href="/icons.svg#i-ok"/></svg>`, async page => {
    await page.waitForLoadState("networkidle");
    await page.waitForFunction(() => document.querySelector("#i use").getBBox().width > 15);
  });
