// What operations live through in a year, in a demo whose time runs sixty times as fast: tokens that are renewed, a secret that ends,
// a sign-in that is revoked, Microsoft not answering, and each time who is told.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { assertGood, launch } from "./browser.mjs";
import { atMicrosoft, chooseStored, find, press, save, signedIn, skip, startDemo, typeMailbox } from "./demo.mjs";

/** Longer than anything takes here, in milliseconds. */
const PATIENCE = 90_000;

/** A receiver of webhooks. `until` waits for a message whose line matches, and gives it. */
async function receiver() {
  const told = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", text => { body += text });
    request.on("end", () => { told.push(JSON.parse(body)); response.writeHead(204).end() });
  });
  await new Promise(done => server.listen(0, "127.0.0.1", done));
  return {
    told, address: `http://127.0.0.1:${server.address().port}/hook`,
    until: async line => {
      for (const end = Date.now() + PATIENCE; Date.now() < end;) {
        const found = told.find(message => line.test(message.text));
        if (found) return found;
        await new Promise(done => setTimeout(done, 50));
      }
      assert.fail(`nobody was told ${line}, but: ${told.map(message => message.text).join(" | ")}`);
    },
    stop: () => new Promise(done => { server.close(done); server.closeAllConnections() }),
  };
}

describe("A year in minutes", { skip }, () => {
  let browser, demo, hooks, visitor, page;
  before(async () => {
    [browser, demo, hooks] = await Promise.all([launch(), startDemo({ clock: "60x" }), receiver()]);
    for (const { client_id } of demo.applications) await demo.control(`/applications/${client_id}`, "PATCH", { add_redirect_uri: `${demo.base}/oauth/callback` });
    // Of half a minute each, as it passes here.
    const { settings } = await demo.control("/estate");
    await demo.control("/settings", "PUT", { ...settings, lifetime: { kind: "fixed", seconds: 1_800 } });
    visitor = await signedIn(browser, demo);
    page = visitor.page;
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
    await hooks?.stop();
    assert.deepEqual(visitor?.complaints, []);
  });

  const open = path => page.goto(demo.base + path);
  /** Opens the page again and again until its main part says so. */
  const until = async (path, words) => {
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
      await open(path);
      if (words.test(await page.locator("main").innerText())) return;
      await new Promise(done => setTimeout(done, 200));
    }
    assert.fail(`${path} does not say ${words}: ${await page.locator("main").innerText()}`);
  };
  const generation = async () => Number((await page.locator("dt", { hasText: "Generation" }).locator("xpath=following-sibling::dd[1]").innerText()).trim());
  const pass = (days, hours = 0) => demo.control("/clock/advance", "POST", { seconds: (days * 24 + hours) * 3_600 });

  test("whoever should be told is added, and a test message arrives", async () => {
    await open("/settings/alerts");
    await page.getByRole("link", { name: "Add a webhook" }).click();
    await page.fill("#name", "Operations");
    await page.fill("#target", hooks.address);
    await press(page, "Add");
    await press(page, "Send a test message");
    await assertGood(page, "a channel");
    assert.equal(hooks.told[0].type, "test");
  });

  test("three mailboxes of an application whose secret ends in two days; its tokens are renewed while nobody asks", async () => {
    const mail = demo.application("Contoso Mail");
    const { value } = await demo.control(`/applications/${mail.client_id}/secrets`, "POST", { days: 2 });
    const { now } = await demo.control("/estate");
    await typeMailbox(page, demo, "support@contoso.example", { ...mail, secret: value });
    await page.check("[name=expires][value=on]");
    await page.fill("#expires_on", new Date(Date.parse(now) + 2 * 86_400_000).toISOString().slice(0, 10));
    await save(page);
    for (const address of ["sales@contoso.example", "billing@contoso.example"]) {
      await open("/mailboxes/new");
      await page.fill("#address", address);
      await chooseStored(page, "Contoso Mail");
      await save(page);
    }
    const csv = await (await page.request.get(`${demo.base}/tokens.csv`)).text(), token = csv.split("\n")[1].split(",")[0];
    await open(`/tokens/${token}`);
    const before = await generation();
    for (const end = Date.now() + PATIENCE; Date.now() < end && await generation() === before;) {
      await new Promise(done => setTimeout(done, 500));
      await page.reload();
    }
    assert.ok(await generation() > before, "renewed");
    await assertGood(page, "a renewed token");
    await hooks.until(/Contoso Mail: secret …\S+ ends (in 1 day|within a day) \(.+\), \d mailbox/);
  });

  test("the secret ends: one problem with its three mailboxes, one alert; a new secret, and it is over", async () => {
    await pass(2, 1);
    const told = await hooks.until(/Secret expired: Contoso Mail, (now )?3 mailboxes/);
    const path = new URL(told.data.problem.url).pathname;
    await until(path, /3 mailboxes[\s\S]+support@contoso\.example/);
    await assertGood(page, "a problem");
    await press(page, "I take care of it");
    await open("/");
    assert.match(await page.locator(".problem").first().innerText(), /Secret expired · Contoso Mail/);
    await assertGood(page, "overview with a problem");
    const { value } = await demo.control(`/applications/${demo.application("Contoso Mail").client_id}/secrets`, "POST", {});
    await open(path);
    await page.getByRole("link", { name: "Add the new secret" }).click();
    await page.fill("#secret", value);
    await page.locator("main form .btn.go").click();
    await page.waitForURL(/done=credential-added/);
    const over = await hooks.until(/Solved after .+: Secret expired: Contoso Mail/);
    assert.equal(over.data.problem.id, told.data.problem.id);
    await until(path, /Solved/);
    await assertGood(page, "a solved problem");
    assert.equal(hooks.told.filter(message => message.data.problem?.id === over.data.problem.id && message.type === "problem.opened").length, 1);
  });

  test("a sign-in that is revoked: its person must sign in again, and then it is over", async () => {
    const olga = "olga@contoso.example", signIn = demo.application("Contoso Sign-in");
    await open("/mailboxes/new");
    await page.fill("#address", olga);
    await page.check("[name=access][value=delegated]");
    await page.check("[name=how][value=now]");
    await page.check("[name=application][value=new]");
    for (const [id, text] of [["#name", "Contoso Sign-in"], ["#client_id", signIn.client_id], ["#tenant", signIn.tenant_id], ["#secret", signIn.secret]]) await page.fill(id, text);
    await press(page, "Save and continue");
    await atMicrosoft(page, demo, olga);
    await page.waitForURL(/\/mailboxes\/mb_.*done=signed-in/);
    await demo.control(`/people/${olga}`, "POST", { revoke_sessions: true });
    await hooks.until(/Needs sign-in: Contoso Sign-in/);
    await hooks.until(/Needs sign-in: Contoso Sign-in, (now )?olga@contoso\.example/);
    const id = await find(page, demo, olga);
    await until(`/mailboxes/${id}`, /Needs sign-in/);
    await open(`/mailboxes/${id}/sign-in`);
    await press(page, "Sign in with Microsoft", page.locator("main"));
    await atMicrosoft(page, demo, olga);
    await page.waitForURL(/\/mailboxes\/mb_.*done=signed-in/);
    await hooks.until(/Solved after .+: Needs sign-in: Contoso Sign-in/);
  });

  test("an application that may suddenly open more than it should is caught by the daily check", async () => {
    const { client_id } = demo.application("Contoso Mail"), own = ["support@contoso.example", "sales@contoso.example", "billing@contoso.example"];
    await demo.provide("ceo@contoso.example");
    await demo.control(`/applications/${client_id}`, "PATCH", { limit_to: own });
    await open("/applications");
    await page.getByRole("link", { name: "Contoso Mail", exact: true }).click();
    await page.getByRole("link", { name: "Scope check" }).first().click();
    await page.fill("#open", own.join("\n"));
    await page.fill("#closed", "ceo@contoso.example");
    await page.locator("main form .btn.go").click();
    await page.waitForURL(/\/scope-check(\?|$)/);
    const path = new URL(page.url()).pathname;
    await until(path, /opened 3 of 3, refused ceo@contoso\.example/i);
    await assertGood(page, "a scope that holds");
    await demo.control(`/applications/${client_id}`, "PATCH", { lift_limit: true });
    await pass(1, 3);
    await hooks.until(/Opens too much: Contoso Mail/);
    await until("/problems", /Opens too much/);
    await assertGood(page, "a scope that was widened");
    await demo.control(`/applications/${client_id}`, "PATCH", { limit_to: own });
    await open(path);
    await press(page, "Check now");
    await hooks.until(/Solved after .+: Opens too much: Contoso Mail/);
  });

  test("Microsoft does not answer: tokens go on being good, and one message tells of it", async () => {
    await demo.control("/faults", "POST", { place: "token", failure: { status: { status: 503, page: "json", retry_after: "absent" } } });
    await hooks.until(/Microsoft not reachable: \d applications, \d mailboxes stop at/);
    await open("/tokens");
    assert.match(await page.locator("main").innerText(), /Microsoft not reachable[\s\S]+still good/);
    await assertGood(page, "token health in an outage");
    await demo.control("/faults", "DELETE");
  });
});
