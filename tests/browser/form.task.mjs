// What bad input gets: every mistake at once, on the same page, nothing lost but the secret, nobody at Microsoft asked.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertNoSidewaysScroll, assertSound, launch } from "./browser.mjs";
import { directions, save, signedIn, skip, startDemo, typeMailbox } from "./demo.mjs";

for (const scripts of [true, false]) {
  describe(`The form of a new mailbox with scripts ${scripts ? "on" : "off"}`, { skip }, () => {
    let browser, demo, visitor, page, mail;
    before(async () => {
      [browser, demo] = await Promise.all([launch(), startDemo()]);
      visitor = await signedIn(browser, demo, { scripts });
      page = visitor.page;
      mail = demo.application("Contoso Mail");
    });
    after(async () => {
      await browser?.close();
      await demo?.stop();
      assert.deepEqual(visitor?.complaints, []);
    });
    const refused = async act => {
      const before = await demo.tokens();
      const [answer] = await Promise.all([page.waitForResponse(it => it.request().method() === "POST"), act()]);
      await page.waitForLoadState();
      assert.equal(answer.status(), 422);
      assert.equal(await demo.tokens(), before, "Microsoft is not asked");
      assert.match(await page.title(), /^Error: /);
      return page.locator(".summary").innerText();
    };
    const submit = () => page.click("main form .btn.go");

    test("an empty form names every mistake at once, in the order of the fields", async () => {
      await page.goto(`${demo.base}/mailboxes/new`);
      const words = await refused(submit);
      for (const field of [/mailbox's e-mail address/, /Application \(client\) ID/, /tenant/i, /secret/i]) assert.match(words, field);
      const links = await page.locator(".summary a").evaluateAll(all => all.map(a => a.getAttribute("href")));
      const places = await page.evaluate(hrefs => hrefs.map(href => document.querySelector(href).getBoundingClientRect().top), links);
      assert.deepEqual(places, [...places].sort((a, b) => a - b));
      await assertSound(page, "the refused form");
      if (scripts) {
        assert.equal(await page.evaluate(() => document.activeElement?.className), "summary", "focus is on the summary");
        await assertAccessible(page, "the refused form");
      }
      await assertNoSidewaysScroll(page, "the refused form");
    });

    test("what was typed stays, and the secret does not", async () => {
      const secret = mail.secret;
      await typeMailbox(page, demo, "not an address", { ...mail, tenant_id: "common", name: "A name of mine" });
      await refused(submit);
      assert.equal(await page.inputValue("#address"), "not an address");
      assert.equal(await page.inputValue("#name"), "A name of mine");
      assert.equal(await page.inputValue("#client_id"), mail.client_id);
      assert.equal(await page.inputValue("#tenant"), "common");
      assert.equal(await page.inputValue("#secret"), "");
      assert.match(await page.locator("main").innerText(), /Paste the secret again/);
      assert.ok(!(await page.content()).includes(secret));
      assert.ok(await page.locator("input[name=application][value=new]").isChecked());
    });

    test("the Secret ID in place of the Value is refused before Microsoft is asked", async () => {
      await typeMailbox(page, demo, "support@contoso.example", { ...mail, secret: mail.secret_id });
      assert.match(await refused(submit), /Value.*Secret ID|Secret ID.*Value/s);
      assert.equal(await demo.tokens(), 0);
    });

    test("a client ID that is the tenant's is pointed out", async () => {
      await typeMailbox(page, demo, "support@contoso.example", { ...mail, client_id: mail.tenant_id });
      assert.match(await refused(submit), /same ID/);
    });

    test("what surrounds a pasted value is taken away", async () => {
      await typeMailbox(page, demo, "  <Support@contoso.example>\u200b ", {
        ...mail, client_id: ` {${mail.client_id.toUpperCase()}}\u200b`, tenant_id: `"${mail.tenant_id}"\t`, secret: ` ${mail.secret}\u200b `,
      });
      await save(page);
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    });

    test("an address that is already a mailbox is refused in whatever case", async () => {
      await page.goto(`${demo.base}/mailboxes/new`);
      await page.fill("#address", "SUPPORT@contoso.example");
      assert.match(await refused(submit), /already a mailbox here/);
    });

    test("names that look like markup are shown as they are", async () => {
      const hostile = "<script>alert(1)</script> & \"quotes\" {{7*7}}";
      let asked = false;
      page.on("dialog", dialog => { asked = true; dialog.dismiss() });
      await demo.provide("hostile@contoso.example");
      await page.goto(`${demo.base}/mailboxes/new`);
      await page.fill("#address", "hostile@contoso.example");
      await page.click("details > summary:has-text('More options')");
      await page.fill("#display_name", hostile);
      await save(page);
      assert.ok((await page.locator("main").innerText()).includes(hostile));
      await page.goto(`${demo.base}/mailboxes?q=${encodeURIComponent("<script>")}`);
      assert.ok((await page.locator("table").innerText()).includes(hostile));
      assert.equal(asked, false);
    });
  });
}

describe("Microsoft in trouble while a mailbox is saved", { skip }, () => {
  let browser, demo, visitor, page;
  before(async () => {
    [browser, demo] = await Promise.all([launch(), startDemo({ mailboxes: 1 })]);
    visitor = await signedIn(browser, demo);
    page = visitor.page;
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
    assert.deepEqual(visitor?.complaints, []);
  });
  const TROUBLE = [
    ["too many requests", { throttle: { seconds: 60 } }, "Throttled"],
    ["a gateway's page with status 503", { status: { status: 503, page: "html", retry_after: "absent" } }, "Microsoft not reachable"],
    ["a page of HTML instead of JSON", "html_with200", "Microsoft not reachable"],
    ["an answer that is cut off", "close_mid_body", "Microsoft not reachable"],
    ["a redirect to elsewhere", { redirect: { to: "https://elsewhere.example/" } }, "Microsoft not reachable"],
  ];
  TROUBLE.forEach(([what, failure, label], number) => test(`${what}: the mailbox is saved, and its page says ${label}`, async () => {
    const address = `trouble${number}@contoso.example`;
    await demo.provide(address);
    await demo.control("/faults", "POST", { place: "graph", mailbox: address, failure });
    await page.goto(`${demo.base}/mailboxes/new`);
    await page.fill("#address", address);
    await page.selectOption("#application", { label: "Contoso Mail" });
    await save(page);
    assert.deepEqual(await directions(page), [label, label]);
    await demo.control("/faults", "DELETE");
    await page.getByRole("button", { name: "Check now" }).click();
    await page.waitForLoadState();
    assert.deepEqual(await directions(page), ["Connected", "Ready"]);
  }));
});
