// The list of mailboxes with 200 of them: search, filters, order, pages, CSV, many at once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { collectRequests, launch } from "./browser.mjs";
import { rows, signedIn, skip, startDemo } from "./demo.mjs";

for (const scripts of [true, false]) {
  describe(`The list with scripts ${scripts ? "on" : "off"}`, { skip }, () => {
    let browser, demo, visitor, page;
    before(async () => {
      [browser, demo] = await Promise.all([launch(), startDemo({ mailboxes: 200 })]);
      visitor = await signedIn(browser, demo, { scripts });
      page = visitor.page;
    });
    after(async () => {
      await browser?.close();
      await demo?.stop();
      assert.deepEqual(visitor?.complaints, []);
    });
    const list = (query = "") => page.goto(`${demo.base}/mailboxes${query}`);
    const addresses = () => page.locator("tbody th[scope=row] a").allInnerTexts();
    const apply = () => page.click("form.filters button");

    test("what needs a person comes first", async () => {
      await list();
      const first = await page.locator("tbody tr td[data-l=Incoming]").allInnerTexts();
      assert.equal(first.length, 50);
      const good = first.findIndex(words => /Connected/.test(words)), bad = first.findLastIndex(words => /expired|refused|found|Blocked/i.test(words));
      assert.ok(bad >= 0 && (good < 0 || bad < good), first.join("|"));
    });

    test("search finds a mailbox by a part of its address, its name, or its application", async () => {
      for (const [words, address] of [["night-sh", "night-shift@contoso.example"], ["Εξυπηρέτηση", "athens@contoso.example"], ["Support Desk", "front-desk@contoso.example"]]) {
        await list();
        await page.fill("#q", words);
        await page.press("#q", "Enter");
        await page.waitForURL(/q=/);
        assert.deepEqual(await addresses(), [address], words);
      }
      await list("?q=100%25_");
      assert.match(await page.locator("main").innerText(), /No mailbox matches/);
      await page.getByRole("link", { name: "Clear all" }).first().click();
      assert.equal((await addresses()).length, 50);
    });

    test("filters narrow the list, are named, and can be taken away one by one", async () => {
      await list();
      await page.selectOption("#status", "expiring");
      await page.selectOption("#app", { label: "Contoso Payroll" });
      await apply();
      const shown = await page.locator("tbody td[data-l=Incoming]").allInnerTexts();
      assert.ok(shown.length > 0 && shown.every(words => /Expiring/.test(words)));
      const chips = page.getByRole("navigation", { name: "Filters in force" }).locator("a");
      assert.deepEqual(await chips.allInnerTexts().then(all => all.map(text => text.split("(")[0].trim())), ["Status: Expiring", "Application: Contoso Payroll", "Clear all"]);
      await chips.first().click();
      assert.ok(!page.url().includes("status=expiring") && page.url().includes("app="));
    });

    test("every status of the filter finds what it says", async () => {
      const all = await rows(page, demo);
      await list();
      for (const value of (await page.locator("#status option").evaluateAll(options => options.map(it => it.value))).filter(it => it && it !== "action")) {
        const expected = all.filter(row => row.incoming === value || row.outgoing === value).map(row => row.address).sort();
        const found = (await rows(page, demo, `?status=${value}`)).map(row => row.address).sort();
        assert.deepEqual(found, expected, value);
      }
    });

    test("next and previous lead through all of them, in either order", async () => {
      for (const sort of ["address", "-address"]) {
        await list(`?sort=${sort}`);
        const seen = await addresses(), first = [...seen];
        while (await page.locator("a[rel=next]").count()) {
          await page.click("a[rel=next]");
          seen.push(...await addresses());
        }
        assert.equal(seen.length, 200);
        assert.equal(new Set(seen).size, 200);
        const keys = seen.map(it => it.toLowerCase()), sorted = [...keys].sort();
        assert.deepEqual(keys, sort === "address" ? sorted : sorted.reverse());
        while (await page.locator("a[rel=prev]").count()) await page.click("a[rel=prev]");
        assert.deepEqual(await addresses(), first);
      }
    });

    test("the heading sorts, and says so", async () => {
      await list();
      await page.locator("thead th a", { hasText: "Mailbox" }).click();
      assert.equal(await page.locator("thead th[aria-sort]").getAttribute("aria-sort"), "ascending");
      await page.locator("thead th a", { hasText: "Mailbox" }).click();
      assert.equal(await page.locator("thead th[aria-sort]").getAttribute("aria-sort"), "descending");
    });

    test("Export CSV gives all rows of the filter, and no secret", async () => {
      await list("?status=secret_expired");
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
      assert.equal(download.suggestedFilename(), "mailboxes.csv");
      const chunks = [];
      for await (const chunk of await download.createReadStream()) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      assert.ok(text.split("\n").filter(Boolean).slice(1).every(line => line.includes("secret_expired")));
      assert.equal((await rows(page, demo)).length, 200);
      for (const { secret } of demo.applications) assert.ok(!secret || !text.includes(secret));
    });

    test("some are paused together, after a question that names them", async () => {
      await list("?q=billing@");
      await page.locator("tbody input[name=id]").first().check();
      await list("?status=connected&sort=address");
      const chosen = (await addresses()).slice(0, 2);
      for (const box of [0, 1]) await page.locator("tbody input[name=id]").nth(box).check();
      if (scripts) assert.equal(await page.locator("[data-count]").innerText(), "2");
      await page.getByRole("button", { name: "Pause", exact: true }).click();
      assert.match(await page.locator("h1").innerText(), /Pause 2 mailboxes\?/);
      const named = await page.locator("main").innerText();
      assert.ok(chosen.every(address => named.includes(address)));
      await page.getByRole("button", { name: "Pause 2 mailboxes" }).click();
      assert.match(await page.locator(".flash").innerText(), /chosen mailboxes are paused/);
      const paused = await rows(page, demo, "?status=paused");
      assert.ok(chosen.every(address => paused.some(row => row.address === address)));
    });

    test("all that match are resumed together", async () => {
      await list("?status=paused");
      await page.check("input[name=all]");
      await page.getByRole("button", { name: "Resume", exact: true }).click();
      await page.locator("main form .btn.go, main form .btn.bad").click();
      assert.equal((await rows(page, demo, "?status=paused")).length, 0);
    });

    test("nothing chosen changes nothing, and says so", async () => {
      await list();
      await page.getByRole("button", { name: "Pause", exact: true }).click();
      assert.match(await page.locator(".flash").innerText(), /Nothing was chosen/);
    });
  });
}

describe("What the list weighs", { skip }, () => {
  test("50 rows: at most 64 KB of HTML, 1,500 elements, 5 requests, none of them to others", async () => {
    const [browser, demo] = await Promise.all([launch(), startDemo({ mailboxes: 200 })]);
    try {
      const visitor = await signedIn(browser, demo), { page } = visitor;
      const fresh = await signedIn(browser, demo, { as: await page.context().storageState() });
      const watch = collectRequests(fresh.page);
      const answer = await fresh.page.goto(`${demo.base}/mailboxes`, { waitUntil: "networkidle" });
      const html = await answer.body();
      const elements = await fresh.page.evaluate(() => document.querySelectorAll("*").length);
      console.log(`# list of 50: ${html.length} bytes of HTML, ${elements} elements, ${watch.requests.length} requests, ${await watch.bytes()} bytes in all`);
      assert.ok(html.length <= 64 * 1024, `${html.length} bytes`);
      assert.ok(elements <= 1500, `${elements} elements`);
      watch.assertAtMost(5, "the list");
      watch.assertOwn(demo.base, "the list");
    } finally {
      await browser.close();
      await demo.stop();
    }
  });
});
