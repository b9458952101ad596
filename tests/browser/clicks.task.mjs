// How much work a task is: clicks and fields, counted as ux.md 1.1 counts them and never more than it allows (TT).
// A click is one activation (link, button, radio); a field is one value typed or chosen.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch } from "./browser.mjs";
import { directions, find, signedIn, skip, startDemo, typeMailbox, save } from "./demo.mjs";

describe("Clicks and fields", { skip }, () => {
  let browser, demo, visitor, page, clicks, fields;
  before(async () => {
    [browser, demo] = await Promise.all([launch(), startDemo()]);
    visitor = await signedIn(browser, demo);
    page = visitor.page;
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
    assert.deepEqual(visitor?.complaints, []);
  });

  /** Starts a task on this page. */
  const on = async path => {
    await page.goto(demo.base + path);
    clicks = fields = 0;
  };
  const click = async (role, name) => {
    clicks++;
    await page.getByRole(role, { name, exact: true }).first().click();
    await page.waitForLoadState();
  };
  const field = async (id, value) => {
    fields++;
    await page.fill(id, value);
  };
  const atMost = (mostClicks, mostFields) => {
    assert.ok(clicks <= mostClicks, `${clicks} clicks, at most ${mostClicks}`);
    assert.ok(fields <= mostFields, `${fields} fields, at most ${mostFields}`);
  };

  test("A2, the first mailbox with a new application: 3 clicks and 5 fields", async () => {
    const mail = demo.application("Contoso Mail");
    await on("/");
    await click("link", "New mailbox");
    await field("#address", "support@contoso.example");
    await field("#client_id", mail.client_id);
    await field("#tenant", mail.tenant_id);
    await field("#secret", mail.secret);
    fields++;
    await page.check("[name=expires][value='12']");
    await click("button", "Save and check");
    assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    atMost(3, 5);
  });

  test("A1, another one with the only application: 2 clicks and 1 field", async () => {
    await on("/");
    await click("link", "New mailbox");
    await field("#address", "sales@contoso.example");
    await click("button", "Save and check");
    assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    atMost(2, 1);
  });

  test("A8, a copy: 2 clicks and 1 field", async () => {
    await on(`/mailboxes/${await find(page, demo, "support@contoso.example")}`);
    await click("link", "Copy");
    await field("#address", "billing@contoso.example");
    await click("button", "Save and check");
    assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    atMost(2, 1);
  });

  test("T4, what an application can open that it must not: 2 clicks and 1 field", async () => {
    await page.goto(`${demo.base}/applications`);
    await on(await page.locator("tbody th a").first().getAttribute("href"));
    await click("link", "Scope check");
    await field("#closed", "ceo@contoso.example");
    await click("button", "Save and check");
    assert.match(await page.locator("#trouble-title").innerText(), /can open every mailbox[^]*also ceo@contoso\.example/);
    atMost(2, 1);
  });

  test("A9, pause, resume, and default outbound: 2 clicks each", async () => {
    const path = `/mailboxes/${await find(page, demo, "support@contoso.example")}`;
    await on(path);
    await click("link", "Pause");
    await click("button", "Pause the mailbox");
    assert.deepEqual(await directions(page), ["Paused", "Paused"]);
    atMost(2, 0);
    await on(path);
    await click("button", "Resume");
    assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    atMost(2, 0);
    await on(path);
    await click("button", "Make it the default outbound mailbox");
    assert.match(await page.locator(".flash").innerText(), /default outbound/);
    atMost(2, 0);
  });

  test("A4, is anything broken: no click; the overview names the cause, who can mend it, and since when", async () => {
    await on("/");
    const problem = page.locator("section.problem", { hasText: "Contoso Archive" });
    assert.equal(await problem.count(), 0);
    await demo.provide("archive@contoso.example");
    await typeMailbox(page, demo, "archive@contoso.example", demo.application("Contoso Archive"));
    await page.fill("#name", "Contoso Archive");
    await save(page);
    await on("/");
    assert.equal(await problem.count(), 1);
    assert.match(await problem.innerText(), /Secret expired · Contoso Archive[^]*since[^]*Who can mend it: \S/i);
    atMost(0, 0);
  });
});
