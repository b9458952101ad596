// A slow Microsoft: nobody waits longer than a few seconds for a page, and the page reaches the result by itself.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, launch } from "./browser.mjs";
import { chooseStored, directions, signedIn, skip, startDemo } from "./demo.mjs";

const SLOW = 6000;

describe("A Microsoft that takes six seconds", { skip }, () => {
  let browser, demo;
  before(async () => { [browser, demo] = await Promise.all([launch(), startDemo({ mailboxes: 1 })]) });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  for (const scripts of [true, false]) {
    test(`the page says that Microsoft is asked, and then the result, with scripts ${scripts ? "on" : "off"}`, async () => {
      const address = `slow-${scripts ? "with" : "without"}-scripts@contoso.example`;
      await demo.provide(address);
      await demo.control("/faults", "POST", { place: { call: "inbox" }, mailbox: address, times: 1, failure: { delay: { ms: SLOW } } });
      const visitor = await signedIn(browser, demo, { scripts }), { page } = visitor;
      try {
        await page.goto(`${demo.base}/mailboxes/new`);
        await page.fill("#address", address);
        await chooseStored(page, "Contoso Mail");
        const started = Date.now();
        await page.click("main form .btn.go");
        await page.waitForURL(/\/mailboxes\/mb_/);
        assert.ok(Date.now() - started < 5500, "nobody waits for the answer itself");
        assert.equal(await page.locator("main h2").first().innerText(), "Asking Microsoft…");
        assert.deepEqual(await directions(page), ["Checking", "Checking"]);
        if (scripts) await assertAccessible(page, "the page that waits");
        // Other pages answer meanwhile.
        const other = Date.now();
        await (await page.context().newPage()).goto(`${demo.base}/mailboxes`);
        assert.ok(Date.now() - other < 2000, "the list does not wait for Microsoft");
        await page.locator("dl.kv dd", { hasText: /^Connected$/ }).first().waitFor({ timeout: 15_000 });
        assert.deepEqual(await directions(page), ["Connected", "Ready"]);
        assert.equal(await page.getByRole("heading", { name: "Asking Microsoft…" }).count(), 0);
        assert.deepEqual(visitor.complaints, []);
      } finally { await visitor.close() }
    });
  }
});
