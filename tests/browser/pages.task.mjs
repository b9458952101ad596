// Every page in light and dark, wide and narrow: axe, no sideways scroll, sound document, nobody else asked
// (AX1, SR2, VW1 to VW5, NS2, PF4).
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  assertAccessible, assertNoDeadControls, assertNoSidewaysScroll, assertSound, assertTargets, collectRequests, enlargeText, launch, spaceText, visit,
} from "./browser.mjs";
import { rows, signedIn, skip, startDemo } from "./demo.mjs";

/** The pages that everybody who signed in can open, as [name, path]. */
async function pagesOf(page, demo) {
  const all = await rows(page, demo), sample = new Map();
  for (const row of all) {
    for (const key of [row.incoming, `${row.incoming}/${row.outgoing}`]) if (!sample.has(key)) sample.set(key, row);
  }
  const long = all.find(row => row.address.length > 200), first = all.find(row => row.address === "support@contoso.example");
  const mailbox = `/mailboxes/${first.id}`, pages = [
    ["overview", "/"], ["list", "/mailboxes"], ["list, filtered", "/mailboxes?status=expiring&q=contoso"], ["list, nothing found", "/mailboxes?q=zzz"],
    ["list, last page", "/mailboxes?sort=-address&n=200"], ["new mailbox", "/mailboxes/new"], ["copy", `/mailboxes/new?copy=${first.id}`],
    ["checks", `${mailbox}/checks`], ["settings", `${mailbox}/edit`], ["pause?", `${mailbox}/pause`], ["delete?", `${mailbox}/delete`],
    ["test message", `${mailbox}/test-message`], ["longest address", `/mailboxes/${long.id}`], ["delete longest?", `/mailboxes/${long.id}/delete`],
    ["right to left", `/mailboxes/${all.find(row => row.address.startsWith("riyadh")).id}`], ["not found", "/mailboxes/mb_000000000000000000000000"],
    ["token health", "/tokens"], ["problems", "/problems"], ["alerts", "/settings/alerts"],
    ["new webhook", "/settings/alerts/new?kind=webhook"], ["new address for alerts", "/settings/alerts/new?kind=mail"],
    ["history of 90 days", `${mailbox}?window=90d`], ["overview on a wall", "/?wall=1"],
    ["token health on a wall", "/tokens?wall=1&window=30d"], ["expiry", "/expiry?days=all"], ["expiry, month", "/expiry?view=month"],
  ];
  for (const local of ["olga", "careers", "press", "fairs"]) {
    const { id } = all.find(row => row.address === `${local}@contoso.example`);
    pages.push([`sign-in of ${local}`, `/mailboxes/${id}/sign-in`]);
  }
  for (const [status, row] of sample) if (!status.includes("/") || row.incoming === "connected") pages.push([`mailbox ${status}`, `/mailboxes/${row.id}`]);
  return [...pages, ...await pagesOfKeys(page, demo), ...await pagesOfApplications(page, demo)];
}

async function pagesOfKeys(page, demo) {
  await page.goto(`${demo.base}/keys`);
  const key = await page.locator("tbody th a").first().getAttribute("href");
  return [["API keys", "/keys"], ["new API key", "/keys/new"], ["API key", key], ["revoke?", `${key}/revoke`], ["the API", "/api"]];
}

async function pagesOfApplications(page, demo) {
  await page.goto(`${demo.base}/applications`);
  const links = await page.locator("tbody th a").evaluateAll(all => all.map(a => [a.textContent, a.getAttribute("href")]));
  const pages = [["applications", "/applications"], ["new application", "/applications/new"], ["articles", "/explain"], ["article", "/explain/AADSTS7000222"], ["article of nothing", "/explain/AADSTS1"]];
  for (const name of ["Contoso Mail", "Contoso Payroll", "Contoso Support Desk"]) {
    const href = links.find(([text]) => text === name)?.[1] ?? assert.fail(`${name} is not in the list`);
    pages.push([`${name}: scope check`, `${href}/scope-check`], [`${name}: what it must open`, `${href}/scope-check/edit`]);
  }
  for (const name of ["Contoso Mail", "Contoso Vault", "Contoso Archive", "Contoso Reader"]) {
    const href = links.find(([text]) => text === name)?.[1] ?? assert.fail(`${name} is not in the list`);
    pages.push([name, href]);
    if (name === "Contoso Archive" || name === "Contoso Reader") continue;
    pages.push([`${name}: instructions`, `${href}/sheet`], [`${name}: delete?`, `${href}/delete`]);
    await page.goto(demo.base + href);
    const own = await page.locator("main a[href*='/credentials/']").evaluateAll(all => all.map(a => a.getAttribute("href")));
    for (const path of new Set(own.filter(it => !it.endsWith(".cer")))) pages.push([`${name}: ${path.split("/").pop()}`, path]);
    if (name === "Contoso Mail") {
      const ask = `${href}/admin-link`;
      await page.goto(demo.base + ask);
      await page.click("main .btn.go");
      const link = new URL(await page.locator("#link").textContent()).pathname;
      pages.push(["administrator's link", ask], ["administrator's page", link], ["administrator's page of no link", "/a/nothing"]);
    }
    if (name === "Contoso Mail") pages.push(["new secret", `${href}/secrets/new`], ["new certificate", `${href}/certificates/new`], ["edit application", `${href}/edit`]);
  }
  return pages;
}

describe("Every page", { skip }, () => {
  let browser, demo, session, pages;
  before(async () => {
    [browser, demo] = await Promise.all([launch(), startDemo({ mailboxes: 200 })]);
    const visitor = await signedIn(browser, demo);
    pages = await pagesOf(visitor.page, demo);
    session = await visitor.context.storageState();
    await visitor.close();
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  /** Opens each page in turn and reports every fault, not only the first. */
  const each = (name, options, check, rest = {}) => test(name, async () => {
    const visitor = await signedIn(browser, demo, { as: session, ...options }), faults = [];
    const watch = collectRequests(visitor.page);
    try {
      for (const [title, path] of rest.pages?.() ?? pages) {
        await visitor.page.goto(demo.base + path);
        try { await check(visitor.page, title) } catch (fault) { faults.push(fault.message) }
      }
      watch.assertOwn(demo.base, name);
      assert.deepEqual(visitor.complaints, [], "the page complains");
    } finally { await visitor.close() }
    assert.equal(faults.length, 0, faults.join("\n\n"));
  });

  for (const [width, height] of [[1280, 900], [320, 640]]) {
    for (const dark of [false, true]) {
      each(`${width} wide, ${dark ? "dark" : "light"}: axe finds nothing, nothing scrolls sideways`, { width, height, dark }, async (page, title) => {
        await assertAccessible(page, title);
        await assertNoSidewaysScroll(page, title);
      });
    }
  }
  each("the document is sound, and targets are large enough", {}, async (page, title) => {
    await assertSound(page, title);
    await assertTargets(page, title);
  });
  each("on a phone targets are large enough", { width: 320, height: 640 }, assertTargets);
  each("with scripts off nothing is dead and the document is sound", { scripts: false }, async (page, title) => {
    await assertNoDeadControls(page, title);
    await assertSound(page, title);
  });
  each("text of 200 % does not scroll sideways", { width: 640, height: 800 }, async (page, title) => {
    await enlargeText(page);
    await assertNoSidewaysScroll(page, title);
  });
  each("the reader's own text spacing does not scroll sideways", { width: 320, height: 640 }, async (page, title) => {
    await spaceText(page);
    await assertNoSidewaysScroll(page, title);
  });

  test("a viewer sees the pages without what only others may do", async () => {
    const visitor = await signedIn(browser, demo, { user: "vera@contoso.example" });
    try {
      for (const [title, path] of pages.filter(([title]) => /^(overview|list|mailbox|applications|Contoso Mail)$/.test(title) || title.startsWith("mailbox "))) {
        await visitor.page.goto(demo.base + path);
        await assertSound(visitor.page, title);
        assert.deepEqual(await visitor.page.locator("main form[method=post]").count(), 0, `${title}: a viewer changes nothing`);
      }
      const answer = await visitor.page.goto(`${demo.base}/mailboxes/new`);
      assert.equal(answer.status(), 403);
      await assertAccessible(visitor.page, "forbidden");
    } finally { await visitor.close() }
  });

  test("the login page, too", async () => {
    for (const [width, dark] of [[1280, false], [1280, true], [320, false], [320, true]]) {
      const visitor = await visit(browser, { width, dark });
      try {
        await visitor.page.goto(`${demo.base}/login`);
        await assertAccessible(visitor.page, "login");
        await assertNoSidewaysScroll(visitor.page, "login");
        await assertSound(visitor.page, "login");
        await assertTargets(visitor.page, "login");
        assert.deepEqual(visitor.complaints, []);
      } finally { await visitor.close() }
    }
  });
});
