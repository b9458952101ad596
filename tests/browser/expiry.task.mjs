// What ends: the list, the month, the export, and an address that a calendar reads without an account.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertGood, launch } from "./browser.mjs";
import { press, signedIn, skip, startDemo } from "./demo.mjs";

for (const scripts of [true, false]) {
  describe(`Expiry with scripts ${scripts ? "on" : "off"}`, { skip }, () => {
    test("from the list to the month and back, to where one mends it, and into a calendar", async () => {
      const looks = scripts ? { scripts } : { scripts, width: 320, height: 640, dark: true };
      const [browser, demo] = await Promise.all([launch(), startDemo({ mailboxes: 41 })]);
      try {
        const { page, complaints } = await signedIn(browser, demo, looks);
        const good = name => assertGood(page, name, { scripts });
        const menu = page.locator("details.menu");
        if (!(await page.getByRole("link", { name: "Expiry", exact: true }).isVisible())) await menu.locator("summary").click();
        await page.getByRole("link", { name: "Expiry", exact: true }).click();
        await good("expiry, list");
        await page.getByRole("link", { name: "All", exact: true }).click();
        await page.waitForURL(/days=all/);
        await good("expiry, all");
        const keys = await page.locator("tbody tr[id]").evaluateAll(rows => rows.map(row => row.id));
        assert.ok(keys.length > 3, `${keys}`);
        const groups = await page.locator("th[scope=rowgroup]").allInnerTexts();
        assert.ok(groups.includes("Overdue"), `${groups}`);

        await page.getByRole("link", { name: "Month", exact: true }).click();
        await page.waitForURL(/view=month/);
        await good("expiry, month");
        while (!(await page.locator(".month a").count()) && await page.locator("a[rel=next]").count()) await page.locator("a[rel=next]").click();
        await good("expiry, month with entries");
        const entry = page.locator(".month a").first();
        assert.match(await entry.textContent(), /, stops (none|\d+ mailbox)/);
        await entry.click();
        await page.waitForURL(/days=all#/);
        const key = new URL(page.url()).hash.slice(1);
        assert.ok(keys.includes(key), `${key} is in the list`);
        await good("expiry, entry found");
        assert.ok(await page.locator(`tr[id="${key}"]`).evaluate(row => { const box = row.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight }), "it is in view");

        const mail = page.locator("tbody tr[id]", { hasText: "Contoso Mail" });
        const day = await mail.locator("time").getAttribute("datetime");
        await page.goto(`${demo.base}/expiry?view=month&month=${day.slice(0, 7)}`);
        assert.match(await page.locator(".month a").last().innerText(), /^\s*\d+ more$/);
        await good("expiry, full month");
        await page.goBack();
        await mail.getByRole("link", { name: /^Add the new secret/ }).click();
        await page.waitForURL(/\/secrets\/new$/);
        const { value } = await demo.control(`/applications/${demo.application("Contoso Mail").client_id}/secrets`, "POST", {});
        await page.fill("#secret", value);
        await page.check("[name=expires][value=unknown]");
        await page.click("main form .btn.go");
        await page.waitForURL(/\/applications\/app_[^/]+\?done=/);
        await page.goto(`${demo.base}/expiry?days=all`);
        await good("expiry, one replaced");
        assert.match(await mail.first().innerText(), /Another takes over/);
        assert.match(await mail.last().innerText(), /End not known/);
        await mail.last().getByRole("link", { name: /^Enter the date/ }).click();
        await page.fill("#expires_on", "2028-05-01");
        await page.click("main form .btn.go");
        await page.goto(`${demo.base}/expiry?days=all`);
        assert.match(await mail.last().innerText(), /Mon 1 May 2028/);

        const list = await page.request.get(`${demo.base}/expiry.csv?days=all`);
        assert.equal((await list.text()).trim().split(/\r?\n/).length, keys.length + 2);

        await page.goto(`${demo.base}/expiry`);
        await press(page, "Make an address");
        await good("expiry, address made");
        const address = (await page.locator("#feed-address").innerText()).trim();
        const file = await fetch(address);
        assert.equal(file.status, 200);
        const text = (await file.text()).replaceAll("\r\n ", "");
        assert.match(text, /^BEGIN:VCALENDAR\r\n/);
        for (const { secret } of demo.applications) assert.ok(!secret || !text.includes(secret));
        await press(page, "Withdraw the address");
        assert.match(await page.locator(".flash").innerText(), /no longer works/);
        assert.equal((await fetch(address)).status, 404);
        assert.deepEqual(complaints, []);
      } finally {
        await browser.close();
        await demo.stop();
      }
    });
  });
}
