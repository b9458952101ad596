// Nothing but Tab, Enter and Space: log in, and add the first mailbox with a new application (KB1 to KB3).
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertSkipLink, launch, visit, walk } from "./browser.mjs";
import { directions, skip, startDemo } from "./demo.mjs";

describe("With the keyboard only", { skip }, () => {
  let browser, demo, visitor, page;
  before(async () => {
    [browser, demo] = await Promise.all([launch(), startDemo()]);
    visitor = await visit(browser);
    page = visitor.page;
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
    assert.deepEqual(visitor?.complaints, []);
  });

  /** Presses Tab until the element that has the focus fits. Says how often. */
  const tabTo = async (what, most = 40) => {
    for (let stops = 1; stops <= most; stops++) {
      await page.keyboard.press("Tab");
      const here = await page.evaluate(() => {
        const e = document.activeElement;
        return { id: e.id, name: e.name, words: (e.innerText ?? "").trim(), value: e.value };
      });
      if (what(here)) return stops;
    }
    assert.fail(`not reached within ${most} stops`);
  };

  test("log in", async () => {
    await page.goto(`${demo.base}/login`);
    await assertSkipLink(page, "login");
    await page.reload();
    await tabTo(it => it.id === "email");
    await page.keyboard.type(demo.user);
    await tabTo(it => it.id === "password");
    await page.keyboard.type(demo.password);
    await page.keyboard.press("Enter");
    await page.waitForURL(demo.base + "/");
  });

  test("add a mailbox, at most 20 stops from the skip link to Save", async () => {
    const mail = demo.application("Contoso Mail");
    await assertSkipLink(page, "overview");
    await page.reload();
    await tabTo(it => it.words === "New mailbox");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/mailboxes\/new/);
    assert.equal(await tabTo(it => it.words === "Skip to main content"), 1, "the skip link is first");
    await page.keyboard.press("Enter");
    let stops = await tabTo(it => it.id === "address");
    await page.keyboard.type("support@contoso.example");
    stops += await tabTo(it => it.id === "name");
    await page.keyboard.type("Contoso Mail");
    stops += await tabTo(it => it.id === "client_id");
    await page.keyboard.type(mail.client_id);
    stops += await tabTo(it => it.id === "tenant");
    await page.keyboard.type(mail.tenant_id);
    stops += await tabTo(it => it.name === "proof" && it.value === "secret");
    await page.keyboard.press("Space");
    stops += await tabTo(it => it.id === "secret");
    await page.keyboard.type(mail.secret);
    stops += await tabTo(it => it.words === "Save and check");
    assert.ok(stops <= 20, `${stops} stops from the skip link to Save`);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/mailboxes\/mb_/);
    assert.deepEqual(await directions(page), ["Connected", "Ready"]);
  });

  test("every stop shows where it is, in both themes", async () => {
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const path of ["/", "/mailboxes", "/mailboxes/new", new URL(page.url()).pathname, "/applications", "/tokens", "/expiry?days=all", "/expiry?view=month"]) {
        await page.goto(demo.base + path);
        const stops = await walk(page, `${path} in ${scheme}`);
        assert.ok(stops.length > 4);
      }
    }
  });
});
