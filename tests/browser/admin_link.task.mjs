// The link for a tenant administrator, to the end: another person, in a browser that knows nothing, grants consent at Microsoft
// and gives a new secret; afterwards people sign in without asking anybody.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertGood, assertLargeButtons, launch, visit } from "./browser.mjs";
import { atMicrosoft, find, headline, press, signedIn, skip, startDemo } from "./demo.mjs";

for (const scripts of [true, false]) {
  describe(`A tenant administrator's link with scripts ${scripts ? "on" : "off"}`, { skip }, () => {
    test("consent and a new secret, and then a person signs in", async () => {
      const looks = scripts ? { scripts } : { scripts, width: 320, height: 640, dark: true };
      const [browser, demo] = await Promise.all([launch(), startDemo({ mailboxes: 41, apart: true })]);
      try {
        const { page, complaints } = await signedIn(browser, demo, looks);
        const good = (where, name) => assertGood(where, name, { scripts });
        await page.goto(`${demo.base}/applications`);
        const application = await page.locator("tbody th a", { hasText: "Contoso Approval" }).getAttribute("href");
        await page.goto(`${demo.base}${application}/admin-link`);
        await press(page, "Make a link", page.locator("main"));
        await good(page, "admin link, made");
        const link = await page.locator("#link").innerText();

        const tom = await visit(browser, looks), theirs = tom.page;
        await theirs.goto(link);
        await good(theirs, "admin link, steps");
        await assertLargeButtons(theirs, "admin link, steps");
        await press(theirs, "Grant admin consent");
        await atMicrosoft(theirs, demo, "tom@contoso.example");
        await good(theirs, "admin link, consent granted");
        assert.ok(!/[?&](code|state|tenant)=/.test(theirs.url()), "a clean address");
        await theirs.getByRole("link", { name: "Back to the steps" }).click();
        await theirs.waitForURL(link);
        const { value } = await demo.control(`/applications/${demo.application("Contoso Approval").client_id}/secrets`, "POST", {});
        await theirs.fill("#secret", value);
        await press(theirs, "Store and test");
        await good(theirs, "admin link, secret given");
        assert.ok(!(await theirs.content()).includes(value), "the secret is not shown again");
        assert.deepEqual(tom.complaints, []);

        const mailbox = `${demo.base}/mailboxes/${await find(page, demo, "legal@contoso.example")}/sign-in`;
        await page.goto(mailbox);
        await press(page, "Sign in with Microsoft");
        assert.deepEqual(await atMicrosoft(page, demo, "legal@contoso.example"), ["Sign in"], "nobody is asked for consent any more");
        await page.waitForURL(/\/mailboxes\/mb_[^/]+\?done=signed-in$/);
        assert.notEqual(await headline(page), "");
        assert.deepEqual(complaints, []);
      } finally {
        await browser.close();
        await demo.stop();
      }
    });
  });
}
