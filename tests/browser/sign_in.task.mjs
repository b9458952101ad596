// Signing in with Microsoft on behalf of a user, as people do it: here and now, by a link in another browser, with the wrong
// account first, and every way in which it can end. Postkey and Microsoft are two sites here, as in earnest.
import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { assertGood, assertLargeButtons, findChromium, launch, visit } from "./browser.mjs";
import { atMicrosoft, chooseStored, directions, find, headline, logIn, mailboxId, press, rows, signedIn, skip, startDemo } from "./demo.mjs";

const at = local => `${local}@contoso.example`;

for (const scripts of [true, false]) {
  describe(`Signing in with scripts ${scripts ? "on, wide" : "off, on a phone"}`, { skip }, () => {
    const looks = scripts ? { scripts } : { scripts, width: 320, height: 640, dark: true };
    let browser, demo, visitor, page, shown;
    before(async () => {
      [browser, demo] = await Promise.all([launch(), startDemo({ apart: true })]);
      const there = { add_redirect_uri: `${demo.base}/oauth/callback` };
      for (const { name, client_id } of demo.applications) if (/Sign-in|Approval|Assigned/.test(name)) await demo.control(`/applications/${client_id}`, "PATCH", there);
      visitor = await signedIn(browser, demo, looks);
      page = visitor.page;
      shown = [];
      page.on("framenavigated", frame => shown.push(frame.url()));
    });
    after(async () => {
      await browser?.close();
      await demo?.stop();
      assert.deepEqual(visitor?.complaints, []);
    });

    const good = (where, name) => assertGood(where, name, { scripts });
    const plain = async (where, name) => {
      await good(where, name);
      await assertLargeButtons(where, name);
      assert.equal(await where.locator("nav").count(), 0, `${name}: nothing of the console`);
    };
    /** Fills in the form of a new mailbox that a person signs in for, and saves it. */
    const save = async (address, { person = "", how = "now", application = "Contoso Sign-in" } = {}) => {
      await page.goto(`${demo.base}/mailboxes/new`);
      await page.fill("#address", address);
      await page.check("[name=access][value=delegated]");
      if (person) await page.fill("#person", person);
      await page.check(`[name=how][value=${how}]`);
      if ((await page.locator("main").innerText()).includes(application)) await chooseStored(page, application);
      else {
        const { name, client_id, tenant_id, secret } = demo.application(application);
        const another = page.locator("input[name=application][value=new]");
        if (await another.count() && await another.isVisible()) await another.check();
        for (const [id, text] of [["#name", name], ["#client_id", client_id], ["#tenant", tenant_id], ["#secret", secret]]) await page.fill(id, text);
      }
      await press(page, "Save and continue");
    };
    /** Back in the console, on the page that says how it ended. */
    const back = () => page.waitForURL(/\/mailboxes\/mb_/);
    /** Makes a link on the sign-in page of a mailbox. */
    const makeLink = async id => {
      await page.goto(`${demo.base}/mailboxes/${id}/sign-in`);
      await press(page, "Make a link");
      return page.locator("#link").innerText();
    };
    /** Somebody in a browser of their own, who has opened the link. */
    const owner = async link => {
      const somebody = await visit(browser, looks);
      await somebody.page.goto(link);
      return somebody;
    };
    /** Runs a task in a browser of its own. */
    const byLink = async (link, task) => {
      const somebody = await owner(link);
      try { await task(somebody.page) } finally { await somebody.close() }
      assert.deepEqual(somebody.complaints, []);
    };

    test("a new user connects a mailbox by signing in now", async () => {
      await page.goto(`${demo.base}/mailboxes/new`);
      await page.check("[name=access][value=delegated]");
      await page.check("[name=how][value=link]");
      await good(page, "form on behalf of a user");
      let callback;
      page.on("request", request => { if (request.url().includes("/oauth/callback")) callback ??= request.url() });
      await save(at("jan"));
      assert.equal(await headline(page), "Sign in", "Microsoft asks, and the policy of the page let the form through");
      assert.equal(await page.getByLabel("User name").inputValue(), at("jan"));
      assert.deepEqual(await atMicrosoft(page, demo, at("jan")), ["Sign in", "Permissions requested"]);
      await back();
      assert.match(page.url(), /\?done=signed-in$/, "the session is there after the way over Microsoft");
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
      await good(page, "mailbox on behalf of a user");
      assert.deepEqual(shown.filter(url => url.startsWith(demo.base) && /[?&](code|state)=/.test(url)), [], "no address shows a code");
      const tokens = await demo.tokens(), mailbox = page.url();
      await page.reload();
      // Microsoft's last page answered a form, so Chromium asks before it shows it again.
      await page.goBack().catch(() => {});
      const again = await visitor.context.newPage();
      await again.goto(callback);
      assert.equal(await headline(again), "This sign-in is over");
      await plain(again, "lost");
      assert.ok(!(await again.content()).includes("code="));
      await again.close();
      await page.goto(mailbox);
      assert.deepEqual(await directions(page), ["Connected", "Ready"], "neither Reload nor Back nor the old answer did harm");
      assert.equal(await demo.tokens(), tokens);
    });

    test("the page between Microsoft and the console is one, too", async () => {
      const own = url => new URL(url).pathname.startsWith("/sign-in/"), onwards = shown.findLast(own);
      assert.ok(onwards, "it was shown on the way");
      await page.route(own, async route => {
        const answer = await route.fetch(), { refresh, ...headers } = answer.headers();
        await route.fulfill({ response: answer, headers: refresh ? headers : {} });
      });
      try {
        await page.goto(onwards);
        await plain(page, "onwards");
      } finally { await page.unroute(own) }
      await page.getByRole("link", { name: "Show it now" }).click();
      await back();
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    });

    test("by a hand-off link, in a second browser that knows nothing", async () => {
      await save(at("olga"), { how: "link" });
      assert.match(page.url(), /\/sign-in\?done=link-made$/);
      const link = await page.locator("#link").innerText(), id = mailboxId(page);
      await good(page, "sign-in, link open");
      await byLink(link, async theirs => {
        await plain(theirs, "hand-off");
        await press(theirs, "Sign in with Microsoft");
        await atMicrosoft(theirs, demo, at("olga"));
        assert.equal(await headline(theirs), "The mailbox is connected");
        await plain(theirs, "result connected");
        await theirs.reload();
        assert.equal(await headline(theirs), "The mailbox is connected");
        await theirs.goto(link);
        assert.equal(await headline(theirs), "This mailbox is already connected");
        await plain(theirs, "link used");
      });
      await page.goto(`${demo.base}/mailboxes/${id}`);
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
      await page.goto(`${demo.base}/mailboxes/${id}/sign-in`);
      await good(page, "sign-in, signed in");
    });

    test("the wrong account by a link: one click, and the right one", async () => {
      await save(at("shared"), { person: at("olga"), how: "link" });
      const link = await page.locator("#link").innerText(), id = mailboxId(page);
      await byLink(link, async theirs => {
        await plain(theirs, "hand-off shared");
        await press(theirs, "Sign in with Microsoft");
        await atMicrosoft(theirs, demo, at("jan"));
        assert.equal(await headline(theirs), "You signed in with a different account");
        assert.match(await theirs.locator("main").innerText(), /Needed\s+olga@contoso\.example\s+You used\s+jan@contoso\.example/);
        await plain(theirs, "result wrong account");
        await press(theirs, "Try again with another account");
        assert.equal(await headline(theirs), "Pick an account", "Microsoft does not take the same one again");
        await atMicrosoft(theirs, demo, at("olga"));
        assert.equal(await headline(theirs), "The mailbox is connected");
      });
      await page.goto(`${demo.base}/mailboxes/${id}`);
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    });

    test("the wrong account in the console: one click, and the right one", async () => {
      await save(at("sales"));
      await atMicrosoft(page, demo, at("jan"));
      await back();
      assert.match(await page.locator("section.bar").innerText(), /You signed in with a different account[^]*Needed\s+sales@contoso\.example\s+Used\s+jan@/);
      await good(page, "tried wrong account");
      await press(page, "Try again with another account");
      assert.equal(await headline(page), "Pick an account");
      await atMicrosoft(page, demo, at("sales"));
      await back();
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    });

    test("a second factor is Microsoft's business", async () => {
      await save(at("mila"));
      assert.deepEqual(await atMicrosoft(page, demo, at("mila")), ["Sign in", "Enter the code", "Permissions requested"]);
      await back();
      assert.deepEqual(await directions(page), ["Connected", "Ready"]);
    });

    describe("by a link, each end has a page of its own", () => {
      let id;
      before(async () => {
        await save(at("billing"), { how: "link" });
        id = mailboxId(page);
      });
      const ends = async (name, title, { arrange, act = {}, between, words } = {}) => {
        await arrange?.();
        const link = await makeLink(id);
        await byLink(link, async theirs => {
          await press(theirs, "Sign in with Microsoft");
          if (between) {
            await atMicrosoft(theirs, demo, at("billing"), { until: "Permissions requested" });
            await between();
          }
          await atMicrosoft(theirs, demo, at("billing"), act);
          await demo.control("/faults", "DELETE");
          assert.equal(await headline(theirs), title);
          if (words) assert.match(await theirs.locator("main").innerText(), words);
          assert.match(await theirs.locator("main").innerText(), /Nothing was saved|is stored/);
          await plain(theirs, `result ${name}`);
        });
        await page.goto(`${demo.base}/mailboxes/${id}/sign-in`);
        await page.locator("#tries th a, table th a").first().click();
        await page.waitForURL(/\/sign-in\/[^/]+$/);
        await good(page, `tried ${name}`);
      };
      const refuse = (place, number, more = {}) => () => demo.control("/faults", "POST", { place, failure: { aadsts: number }, times: 1, ...more });

      test("declined", () => ends("declined", "You chose not to allow access", { act: { consent: "Cancel" } }));
      test("expired", () => ends("expired", "This took too long", {
        between: async () => {
          await demo.control("/clock/advance", "POST", { seconds: 601 });
          await page.waitForTimeout(300);
        },
      }));
      test("needs an administrator", () => ends("needs administrator", "Your organisation must approve this first", {
        arrange: refuse("authorize", 65001, { person: at("billing") }), words: /Give this reference to Ana Ruiz/,
      }));
      test("blocked", () => ends("blocked", "A rule of your organisation blocked it", { arrange: refuse("token", 53003, { grant_type: "authorization_code" }) }));
      test("failed", () => ends("failed", "Signing in did not work", { arrange: refuse("token", 9002313, { grant_type: "authorization_code" }) }));
      test("changed meanwhile", async () => {
        const link = await makeLink(id);
        await byLink(link, async theirs => {
          await press(theirs, "Sign in with Microsoft");
          await page.goto(`${demo.base}/mailboxes/${id}/sign-in`);
          await press(page, "Withdraw the link");
          await atMicrosoft(theirs, demo, at("billing"));
          assert.equal(await headline(theirs), "This changed while you were signing in");
          await plain(theirs, "result changed");
          await theirs.goto(link);
          assert.equal(await headline(theirs), "This link does not work any more");
          await plain(theirs, "link closed");
        });
      });
      test("Microsoft asks for an administrator's approval, and the person goes back", async () => {
        await save(at("ceo"), { how: "link", application: "Contoso Approval" });
        const link = await page.locator("#link").innerText();
        await byLink(link, async theirs => {
          await press(theirs, "Sign in with Microsoft");
          await atMicrosoft(theirs, demo, at("ceo"), { until: "Need admin approval" });
          await press(theirs, "Return to the application without granting consent");
          assert.equal(await headline(theirs), "You chose not to allow access");
          assert.match(await theirs.locator("main").innerText(), /Microsoft asked for an administrator’s approval/);
        });
      });
      test("signed in, but the mailbox does not open", async () => {
        await demo.control("/mailboxes", "POST", { address: at("locked"), kind: "shared" });
        await save(at("locked"), { person: at("olga"), how: "link" });
        const link = await page.locator("#link").innerText();
        await byLink(link, async theirs => {
          await press(theirs, "Sign in with Microsoft");
          await atMicrosoft(theirs, demo, at("olga"));
          assert.equal(await headline(theirs), "You are signed in, but the mailbox does not open yet");
          await plain(theirs, "result closed");
        });
      });
      test("an address that nobody was given", async () => {
        await byLink(`${demo.base}/s/made-up`, async theirs => assert.equal(await headline(theirs), "This link does not work any more"));
        await byLink(`${demo.base}/oauth/callback`, theirs => plain(theirs, "callback of nothing"));
      });
    });

    test("two tabs at once both end well, whichever ends first", async () => {
      await save(at("support"));
      const other = await visitor.context.newPage();
      const first = page;
      try {
        page = other;
        await save(at("tom"));
        page = first;
        await atMicrosoft(other, demo, at("tom"));
        await other.waitForURL(/\/mailboxes\/mb_/);
        assert.deepEqual(await directions(other), ["Connected", "Ready"]);
        await atMicrosoft(page, demo, at("support"));
        await back();
        assert.deepEqual(await directions(page), ["Connected", "Ready"]);
      } finally {
        page = first;
        await other.close();
      }
    });

    test("a form that is open in another tab outlives the way over Microsoft", async () => {
      const form = await visitor.context.newPage();
      try {
        await form.goto(`${demo.base}/mailboxes/new`);
        await page.goto(`${demo.base}/mailboxes/${await find(page, demo, at("jan"))}/sign-in`);
        await press(page, "Sign in with Microsoft");
        await atMicrosoft(page, demo, at("jan"));
        await back();
        await form.fill("#address", at("nowhere-yet"));
        await form.check("[name=access][value=delegated]");
        await form.check("[name=how][value=link]");
        await chooseStored(form, "Contoso Sign-in");
        await press(form, "Save and continue");
        assert.match(form.url(), /\?done=link-made$/);
      } finally { await form.close() }
    });

    test("who has an account here can follow a link like anybody", async () => {
      await page.goto(`${demo.base}/mailboxes`);
      const link = await makeLink(await find(page, demo, at("billing")));
      await page.goto(link);
      await press(page, "Sign in with Microsoft");
      await atMicrosoft(page, demo, at("jan"));
      assert.equal(await headline(page), "You signed in with a different account");
      await press(page, "Try again with another account");
      await atMicrosoft(page, demo, at("billing"));
      assert.equal(await headline(page), "The mailbox is connected");
    });

    test("the sign-in is forgotten, and the mailbox stays", async () => {
      const id = await find(page, demo, at("olga"));
      await page.goto(`${demo.base}/mailboxes/${id}/delete`);
      await good(page, "delete on behalf of a user");
      await page.goto(`${demo.base}/mailboxes/${id}/edit`);
      await good(page, "settings on behalf of a user");
      await page.goto(`${demo.base}/mailboxes/${id}/sign-in/forget`);
      await good(page, "forget");
      await press(page, "Forget the sign-in", page.locator("main"));
      await page.goto(`${demo.base}/mailboxes/${id}/sign-in`);
      assert.match(await page.locator("main").innerText(), /No sign-in is stored for this mailbox/);
      await good(page, "sign-in, nobody yet");
      const row = (await rows(page, demo)).find(it => it.address === at("olga"));
      assert.notEqual(row.incoming, "connected");
    });

    test("what an address can hold fits on every page", async () => {
      const long = `${"a-very-long-name-of-a-mailbox-".repeat(2)}ab@${"and-a-very-long-name-of-a-domain.".repeat(5)}example`;
      await save(long, { person: `person.${long}`.slice(0, 60) + long.slice(60), how: "link" });
      await good(page, "sign-in, longest");
      await byLink(await page.locator("#link").innerText(), theirs => plain(theirs, "hand-off longest"));
    });
  });
}

describe("Signing in with cookies blocked", { skip }, () => {
  test("the hand-off page says so in words", async () => {
    const [browser, demo] = await Promise.all([launch(), startDemo({ mailboxes: 41 })]);
    const profile = await mkdtemp(join(tmpdir(), "no-cookies."));
    let blocked;
    try {
      const ana = await signedIn(browser, demo);
      await ana.page.goto(`${demo.base}/mailboxes/${await find(ana.page, demo, at("press"))}/sign-in`);
      const link = await ana.page.locator("#link").innerText();
      await mkdir(join(profile, "Default"));
      await writeFile(join(profile, "Default", "Preferences"), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
      blocked = await chromium.launchPersistentContext(profile, { executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
      const page = blocked.pages()[0];
      await page.goto(link);
      await press(page, "Sign in with Microsoft");
      assert.match(await page.locator("main").innerText(), /Allow cookies for this address/);
      await assertGood(page, "cookies blocked");
      await page.goto(`${demo.base}/login`);
      await logIn(page, demo);
      assert.match(await page.locator("main").innerText(), /Allow cookies for this address/);
    } finally {
      await blocked?.close();
      await browser.close();
      await demo.stop();
      await rm(profile, { recursive: true, force: true });
    }
  });
});
