// The whole task, as issue 2 tells it: log in, add a mailbox with each sample application, mend what is broken.
// Once with scripts and once without: everything must work both ways.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch } from "./browser.mjs";
import { chooseStored, directions, find, logIn, mailboxId, save, signedIn, skip, startDemo, typeMailbox } from "./demo.mjs";

/** Which mailbox with which application, and what its page must say. */
const TYPED = [
  ["Contoso Mail", "support@contoso.example", "Connected", "Ready"],
  ["Contoso Archive", "archive@contoso.example", "Secret expired", "Secret expired"],
  ["Contoso Intranet", "intranet@contoso.example", "Needs admin consent", "Needs admin consent"],
  ["Contoso Warehouse", "warehouse@contoso.example", "Blocked by policy", "Blocked by policy"],
  ["Contoso Reader", "reader@contoso.example", "Connected", "Needs admin consent"],
  ["Contoso Support Desk", "shared@contoso.example", "Connected", "Not tested"],
  ["Contoso Invoices", "billing@contoso.example", "Connected", "Ready"],
  ["Contoso Retired", "retired@contoso.example", "Application not found", "Application not found"],
  ["Fabrikam Mail", "support@fabrikam.example", "Connected", "Ready"],
];
const CHOSEN = [
  ["Contoso Mail", "sales@contoso.example", "Connected", "Ready"],
  ["Contoso Mail", "fax@contoso.example", "Mailbox not found", "Mailbox not found"],
  ["Contoso Invoices", "ceo@contoso.example", "No access to mailbox", "No access to mailbox"],
  ["Contoso Archive", "onprem@contoso.example", "Secret expired", "Secret expired"],
];

for (const scripts of [true, false]) {
  describe(`The whole task with scripts ${scripts ? "on" : "off"}`, { skip }, () => {
    let browser, demo, visitor, page;
    before(async () => {
      [browser, demo] = await Promise.all([launch(), startDemo()]);
      await demo.provide("archive@contoso.example", "intranet@contoso.example", "warehouse@contoso.example", "reader@contoso.example", "retired@contoso.example", "keys@contoso.example", "copy@contoso.example");
      visitor = await signedIn(browser, demo, { scripts });
      page = visitor.page;
    });
    after(async () => {
      await browser?.close();
      await demo?.stop();
      assert.deepEqual(visitor?.complaints, []);
    });
    const press = async (name, { link = false } = {}) => {
      await page.getByRole(link ? "link" : "button", { name, exact: true }).click();
      await page.waitForLoadState();
    };
    const open = async address => page.goto(`${demo.base}/mailboxes/${await find(page, demo, address)}`);
    const flash = () => page.locator("main .flash").innerText();

    test("an empty Postkey leads to the first mailbox", async () => {
      await page.goto(demo.base);
      await press("New mailbox", { link: true });
      assert.equal(await page.locator("h1").innerText(), "New mailbox");
    });

    for (const [name, address, incoming, outgoing] of TYPED) {
      test(`${name}, typed in place, opens ${address}: ${incoming}`, async () => {
        await typeMailbox(page, demo, address, demo.application(name));
        await save(page);
        assert.deepEqual(await directions(page), [incoming, outgoing]);
        const bad = incoming !== "Connected";
        assert.equal(await page.locator("section.bar").count() > 0, bad || outgoing.startsWith("Needs"), "a failure is explained");
        if (bad) assert.match(await page.locator("section.bar").innerText(), /What to do[^]*Who can/);
        assert.ok(!(await page.content()).includes(demo.application(name).secret), "the secret is not shown");
      });
    }

    for (const [name, address, incoming, outgoing] of CHOSEN) {
      test(`${name}, chosen from what is stored, opens ${address}: ${incoming}`, async () => {
        await page.goto(`${demo.base}/mailboxes/new`);
        await page.fill("#address", address);
        await chooseStored(page, name);
        await save(page);
        assert.deepEqual(await directions(page), [incoming, outgoing]);
      });
    }

    test("an application that is already stored is not stored twice", async () => {
      await typeMailbox(page, demo, "copy@contoso.example", demo.application("Contoso Mail"));
      await page.click("main form .btn.go");
      assert.match(await page.locator(".summary").innerText(), /already stored as Contoso Mail/);
    });

    test("a certificate is made here, uploaded there, tested, and opens the mailbox", async () => {
      await typeMailbox(page, demo, "keys@contoso.example", demo.application("Contoso Vault"), { certificate: true });
      await save(page);
      assert.deepEqual(await directions(page), ["Certificate refused", "Certificate refused"]);
      const mailbox = page.url();
      await page.locator("dl.kv").getByRole("link", { name: "Contoso Vault" }).click();
      const link = page.getByRole("link", { name: "Download the certificate" });
      const file = await page.request.get(demo.base + await link.getAttribute("href"));
      assert.match(file.headers()["content-disposition"], /attachment; filename="[^"]+\.cer"/);
      await demo.control(`/applications/${demo.application("Contoso Vault").client_id}/certificates`, "POST", await file.body());
      await page.getByRole("button", { name: /^Test now/ }).click();
      assert.match(await flash(), /Microsoft accepts it/);
      await page.goto(mailbox);
      await press("Check now");
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    });

    test("Check now sees what was mended meanwhile", async () => {
      await demo.control(`/applications/${demo.application("Contoso Warehouse").client_id}`, "PATCH", { blocked: false });
      await open("warehouse@contoso.example");
      await press("Check now");
      assert.match(await flash(), /Checked just now/);
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    });

    test("a test message is sent only when somebody asks, and arrives", async () => {
      assert.deepEqual(await demo.control("/outbox"), []);
      await open("support@contoso.example");
      await press("Send a test message", { link: true });
      await page.fill("#to", "sales@contoso.example");
      await press("Send the message");
      assert.match(await flash(), /accepted the test message/);
      assert.deepEqual(await directions(page), ["Connected", "Connected"]);
      const [sent, ...more] = await demo.control("/outbox");
      assert.equal(more.length, 0);
      assert.equal(sent.mailbox, "support@contoso.example");
      assert.deepEqual(sent.recipients, ["sales@contoso.example"]);
    });

    test("pause and resume", async () => {
      await open("support@contoso.example");
      await press("Pause", { link: true });
      await press("Pause the mailbox");
      assert.deepEqual(await directions(page), ["Paused", "Paused"]);
      await press("Resume");
      assert.deepEqual(await directions(page), ["Connected", "Connected"]);
    });

    test("a mailbox becomes the default outbound one", async () => {
      await open("support@contoso.example");
      await press("Make it the default outbound mailbox");
      assert.match(await flash(), /now the default outbound mailbox/);
      assert.match(await page.locator("main").innerText(), /Default outbound/);
    });

    test("a copy takes the settings and shows no credentials", async () => {
      await open("support@contoso.example");
      await press("Copy", { link: true });
      assert.match(await page.locator("main").innerText(), /settings are those of support@contoso\.example/);
      assert.equal(await page.inputValue("#address"), "");
      assert.equal(await page.inputValue("#secret"), "");
      assert.ok(!(await page.content()).includes(demo.application("Contoso Mail").secret));
      await page.fill("#address", "copy@contoso.example");
      await save(page);
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    });

    test("a deleted mailbox says so, and can be restored", async () => {
      await open("copy@contoso.example");
      const id = mailboxId(page);
      await press("Delete", { link: true });
      await press("Delete copy@contoso.example");
      assert.match(await flash(), /Deleted\. You can restore it for 30 days/);
      await page.goto(`${demo.base}/mailboxes?q=copy%40contoso`);
      assert.match(await page.locator("main").innerText(), /No mailbox matches/);
      const answer = await page.goto(`${demo.base}/mailboxes/${id}`);
      assert.equal(answer.status(), 410);
      await press("Restore the mailbox");
      assert.deepEqual(await directions(page), ["Paused", "Paused"]);
    });

    test("after a logout the Back button shows nothing", async () => {
      await page.goto(`${demo.base}/mailboxes`);
      await press("Log out");
      assert.match(page.url(), /\/login/);
      await page.goBack();
      await page.waitForLoadState();
      assert.ok(!(await page.content()).includes("support@contoso.example"));
      await page.goto(`${demo.base}/mailboxes`);
      assert.match(page.url(), /\/login\?next=/);
      await page.fill("#email", demo.user);
      await page.fill("#password", demo.password);
      await press("Sign in");
      assert.equal(new URL(page.url()).pathname, "/mailboxes", "the login leads back");
    });

    test("a wrong password says nothing but that it is wrong", async () => {
      const stranger = await signedIn(browser, demo, { scripts });
      try {
        await stranger.page.context().clearCookies();
        await stranger.page.goto(`${demo.base}/login`);
        await stranger.page.fill("#email", demo.user);
        await stranger.page.fill("#password", "this is not the password");
        await stranger.page.click("main .btn.go");
        assert.match(await stranger.page.title(), /^Error: /);
        assert.equal(await stranger.page.inputValue("#email"), demo.user);
        assert.equal(await stranger.page.inputValue("#password"), "");
        assert.ok(!(await stranger.page.content()).includes("this is not the password"));
        await logIn(stranger.page, demo);
        assert.equal(new URL(stranger.page.url()).pathname, "/");
      } finally { await stranger.close() }
    });
  });
}
