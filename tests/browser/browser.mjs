// A real browser, and what every page owes its readers. Each check throws with the page's name and what to look at.
import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** The distribution's Chromium, or the one POSTKEY_CHROMIUM names; undefined if there is none. */
export function findChromium() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = (process.env.PATH ?? "").split(delimiter).flatMap(dir => names.map(name => join(dir, name)));
  return [process.env.POSTKEY_CHROMIUM, ...found].filter(Boolean).find(path => {
    try { accessSync(path, constants.X_OK); return true } catch { return false }
  });
}

/** Headless, with an empty profile of its own that is gone after close(). */
export async function launch() {
  const executablePath = findChromium();
  assert.ok(executablePath, "no Chromium found: install Debian's `chromium`, or name one in POSTKEY_CHROMIUM");
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A new visitor: own cookies, own cache. Errors of the page (script, CSP) are kept in `visitor.complaints`. */
export async function visit(browser, { width = 1280, height = 900, dark = false, scripts = true, still = true, ...more } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    javaScriptEnabled: scripts,
    reducedMotion: still ? "reduce" : "no-preference",
    locale: "en-GB",
    ...more,
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", error => complaints.push(`script: ${error.message}`));
  page.on("console", line => {
    if (line.type() !== "error") return;
    // An answer like 404 or 422 is the server's word, and what the test asked for.
    if (/^Failed to load resource: the server responded/.test(line.text())) return;
    complaints.push(line.text());
  });
  return { context, page, complaints, close: () => context.close() };
}

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** AX1: no violation. Returns what axe could not decide (AX2), as "rule: target" lines. Needs scripts. */
export async function assertAccessible(page, name) {
  // No page has frames, and nobody reads what passed: so it takes a fifth of the time.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations", "incomplete"] });
  const { violations, incomplete } = await axe.withTags(TAGS).analyze();
  const lines = rules => rules.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}`));
  const report = violations.flatMap(rule => [
    `${rule.id} (${rule.impact}): ${rule.help}`,
    ...rule.nodes.slice(0, 5).map(node => `    ${node.target.join(" ")}\n        ${node.html.slice(0, 160)}\n        ${(node.failureSummary ?? "").split("\n").slice(1).join(" ").trim()}`),
  ]);
  assert.equal(violations.length, 0, `${name}: axe found\n${report.join("\n")}`);
  return lines(incomplete);
}

/** VW1: the page itself never scrolls sideways; only `.scroll` regions and code may. */
export async function assertNoSidewaysScroll(page, name) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const over = [...document.querySelectorAll("body *")]
      .filter(e => e.checkVisibility({ contentVisibilityAuto: true }) && !e.closest(".scroll, pre") && e.getBoundingClientRect().right > room + 1)
      .slice(0, 8)
      .map(e => `<${e.localName} class="${e.getAttribute("class") ?? ""}"> ends at ${Math.round(e.getBoundingClientRect().right)} of ${room}: ${e.textContent.trim().slice(0, 40)}`);
    return over.length ? over : [`${document.documentElement.scrollWidth} wide, in a room of ${room}`];
  });
  assert.deepEqual(wide, [], `${name}: scrolls sideways`);
}

/** VW2, VW3: the reader's own sizes. */
export const enlargeText = (page, percent = 200) =>
  page.evaluate(size => { document.documentElement.style.fontSize = size }, `${percent}%`);

export const spaceText = page =>
  page.evaluate(() => document.querySelectorAll("body *").forEach(e => {
    e.style.lineHeight = "1.5";
    e.style.letterSpacing = ".12em";
    e.style.wordSpacing = ".16em";
    if (e.localName === "p") e.style.marginBlockEnd = "2em";
  }));

/** As if the page had just been opened: the next Tab starts at the top, whatever has taken focus since. */
const toTop = page => page.evaluate(() => {
  getSelection()?.removeAllRanges();
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  scrollTo(0, 0);
});

/** KB4, KB5: Tab through the page. Every stop shows an outline of 2 px and 3:1 or more, and lies uncovered. */
export async function walk(page, name, { most = 200 } = {}) {
  await toTop(page);
  const stops = [], faults = [];
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      if (e.dataset.walked) return null;
      e.dataset.walked = "1";
      const parts = colour => {
        const canvas = new OffscreenCanvas(1, 1).getContext("2d");
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
      };
      const behind = at => {
        for (let p = at; p; p = p.parentElement) {
          const c = parts(getComputedStyle(p).backgroundColor);
          if (c[3] > 250) return c;
        }
        return [255, 255, 255, 255];
      };
      const light = c => {
        const [r, g, b] = c.map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const shown = [e, e.closest(".pick")].filter(Boolean).map(s => [s, getComputedStyle(s)])
        .find(([, style]) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
      const box = e.getBoundingClientRect();
      const x = Math.min(innerWidth - 1, Math.max(0, box.left + Math.min(box.width / 2, 40))), y = (Math.max(0, box.top) + Math.min(innerHeight, box.bottom)) / 2;
      const top = document.elementFromPoint(x, y);
      const ratio = shown && (() => {
        const [a, b] = [light(parts(shown[1].outlineColor)), light(behind(shown[0].parentElement))].sort((m, n) => m - n);
        return (b + 0.05) / (a + 0.05);
      })();
      return {
        tag: e.localName, id: e.id, words: (e.getAttribute("aria-label") ?? e.innerText ?? e.name ?? "").trim().slice(0, 60),
        outline: !!shown, ratio, uncovered: !!top && (e.contains(top) || top.contains(e)), inMain: !!e.closest("main"),
        tabindex: e.tabIndex,
      };
    });
    if (!stop) break;
    stops.push(stop);
    const label = `stop ${stops.length}, <${stop.tag}> "${stop.words}"`;
    if (!stop.outline) faults.push(`${label}: no visible focus`);
    else if (stop.ratio < 3) faults.push(`${label}: focus outline ${stop.ratio.toFixed(2)}:1`);
    if (!stop.uncovered) faults.push(`${label}: covered by something`);
    if (stop.tabindex > 0) faults.push(`${label}: tabindex ${stop.tabindex}`);
  }
  await page.evaluate(() => document.querySelectorAll("[data-walked]").forEach(e => delete e.dataset.walked));
  assert.deepEqual(faults, [], `${name}: keyboard`);
  return stops;
}

/** KB2: the skip link is first, and it leads to within three stops of the first control of `main`. */
export async function assertSkipLink(page, name) {
  await toTop(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("href")), "#main", `${name}: the first Tab stop is the skip link`);
  await page.keyboard.press("Enter");
  let stops = 0;
  do {
    await page.keyboard.press("Tab");
    stops++;
  } while (stops < 3 && !(await page.evaluate(() => !!document.activeElement?.closest("main"))));
  const controls = await page.locator("main :is(a[href], button:not([hidden]), input:not([type=hidden]), select, textarea, summary)").count();
  if (controls) assert.ok(await page.evaluate(() => !!document.activeElement?.closest("main")), `${name}: nothing of main within three stops`);
}

/** SR1, SR2, SR4, SR5, HS7, NS2: what the document says about itself. Works with scripts off, too. */
export async function assertSound(page, name) {
  const faults = await page.evaluate(() => {
    const all = s => [...document.querySelectorAll(s)], bad = [];
    const visible = e => e.checkVisibility?.({ visibilityProperty: true }) ?? true;
    if (!document.documentElement.lang) bad.push("no lang");
    if (!/ – Postkey$/.test(document.title)) bad.push(`title "${document.title}"`);
    if (all("h1").filter(visible).length !== 1) bad.push(`${all("h1").length} h1`);
    all("h1, h2, h3, h4").filter(visible).reduce((level, h) => {
      const own = +h.localName[1];
      if (own > level + 1) bad.push(`level skipped at "${h.textContent.trim()}"`);
      return own;
    }, 0);
    for (const s of ["main#main", "header", "footer"]) if (!document.querySelector(s)) bad.push(`no ${s}`);
    const ids = all("[id]").map(e => e.id);
    [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))].forEach(id => bad.push(`id "${id}" twice`));
    all("[aria-describedby], [aria-labelledby], [aria-controls]").forEach(e =>
      ["aria-describedby", "aria-labelledby", "aria-controls"].forEach(a =>
        (e.getAttribute(a) ?? "").split(/\s+/).filter(Boolean).forEach(id => document.getElementById(id) || bad.push(`${a} points to no "${id}"`))));
    all("[style], style, script:not([src])").filter(e => !e.closest("[data-test]")).forEach(e => bad.push(`inline ${e.localName}`));
    all("svg").forEach(e => {
      const spoken = e.getAttribute("role") === "img" && e.querySelector("title") && e.querySelector("desc");
      if (e.getAttribute("aria-hidden") !== "true" && !spoken) bad.push("an svg is neither hidden nor described");
    });
    all("time").forEach(t => /(Z|[+-]\d\d:\d\d)$/.test(t.getAttribute("datetime") ?? "") || bad.push(`time "${t.textContent.trim()}" without offset`));
    all("table").forEach(t => {
      if (!t.caption) bad.push("a table without caption");
      t.querySelectorAll("th:not([scope])").forEach(h => bad.push(`th "${h.textContent.trim()}" without scope`));
    });
    all("[aria-invalid=true]").forEach(e => {
      if (!e.getAttribute("aria-describedby")) bad.push(`#${e.id} is invalid and says nothing`);
      if (!document.title.startsWith("Error: ")) bad.push("an error, and the title does not say so");
    });
    all(".summary a").forEach(a => document.querySelector(a.getAttribute("href")) || bad.push(`the summary points to no ${a.getAttribute("href")}`));
    all("form[method=post] ").forEach(f => f.querySelector("[name=_csrf]") || bad.push(`form ${f.getAttribute("action") ?? ""} without _csrf`));
    return bad;
  });
  assert.deepEqual(faults, [], `${name}: document`);
}

/** NS2: with scripts off nothing that needs one can be seen. */
export async function assertNoDeadControls(page, name) {
  const dead = await page.locator("[data-js]").evaluateAll(list => list.filter(e => !e.hidden).map(e => e.outerHTML.slice(0, 80)));
  assert.deepEqual(dead, [], `${name}: visible without scripts`);
}

/** A page of which the address is not known beforehand: looked at wide and light, narrow and dark, and left as it was.
 *  POSTKEY_PICTURES names a folder in which it is kept, for people to look at, and then in every combination. */
export async function assertGood(page, name, { scripts = true } = {}) {
  const room = page.viewportSize();
  for (const [width, height] of [[1280, 900], [320, 640]]) {
    await page.setViewportSize({ width, height });
    await assertNoSidewaysScroll(page, `${name}, ${width} wide`);
    await assertTargets(page, `${name}, ${width} wide`);
    const folder = process.env.POSTKEY_PICTURES, usual = width > 320 ? "light" : "dark";
    for (const colorScheme of folder ? ["light", "dark"] : [usual]) {
      await page.emulateMedia({ colorScheme });
      if (scripts) await assertAccessible(page, `${name}, ${width} wide, ${colorScheme}`);
      const file = `${name.replaceAll(/[^a-z0-9]+/gi, "-")}_${width}_${colorScheme}.png`;
      if (folder && scripts) await page.screenshot({ path: join(folder, file), fullPage: true, caret: "initial" });
    }
  }
  await page.setViewportSize(room);
  await page.emulateMedia({ colorScheme: null });
  await assertSound(page, name);
  if (!scripts) await assertNoDeadControls(page, name);
}

/** What is for people without an account has buttons that no thumb misses; those that copy are for a desk. */
export async function assertLargeButtons(page, name) {
  const small = await page.locator("main :is(button:not([data-copy]), a.btn)").evaluateAll(all => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 39.5).map(e => e.innerText));
  assert.deepEqual(small, [], `${name}: buttons below 40 px`);
}

/** VW4: targets of 24 by 24 or more; links inside a sentence are excepted. */
export async function assertTargets(page, name, least = 24) {
  const small = await page.evaluate(least => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
    .filter(e => e.checkVisibility() && !e.matches(".vh, .skip") && !(e.localName === "a" && e.closest("p, dd, td, th, li, caption")))
    .map(e => [e, (e.closest("label") ?? e).getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && (box.width < least - 0.5 || box.height < least - 0.5))
    .map(([e, box]) => `<${e.localName}> "${(e.innerText || e.name || "").trim().slice(0, 40)}" ${Math.round(box.width)} by ${Math.round(box.height)}`), least);
  assert.deepEqual(small, [], `${name}: targets below ${least} px`);
}

/** PF4, PF5: who is asked for what, and how much comes. Start before the first goto(). */
export function collectRequests(page) {
  const requests = [], sizes = [];
  page.on("request", request => requests.push({ url: request.url(), type: request.resourceType() }));
  page.on("requestfinished", request => sizes.push(request.sizes().then(s => s.responseBodySize + s.responseHeadersSize, () => 0)));
  return {
    requests,
    clear() { requests.length = 0; sizes.length = 0 },
    async bytes() { return (await Promise.all(sizes)).reduce((sum, n) => sum + n, 0) },
    /** No other origin, but those a test names (the simulator's, at a sign-in). */
    assertOwn(origin, name, others = []) {
      const foreign = requests.map(r => r.url).filter(url => /^https?:/.test(url) && ![origin, ...others].includes(new URL(url).origin));
      assert.deepEqual(foreign, [], `${name}: asks third parties`);
    },
    /** The icon of the tab is left out: the browser asks for it once, outside of the page. */
    assertAtMost(most, name) {
      const own = requests.filter(r => !/favicon/.test(r.url)).map(r => r.url);
      assert.ok(own.length <= most, `${name}: ${own.length} requests, at most ${most}\n${own.join("\n")}`);
    },
  };
}
