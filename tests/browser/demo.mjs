// A demo of one's own: Postkey and a simulated Microsoft in one process, and people who use it in a real browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { findChromium, visit } from "./browser.mjs";

/** Why the whole task cannot be tried here; false if it can. */
export const skip = !process.env.POSTKEY_DEMO ? "started by tests/browser/run" : !findChromium() && process.env.CI !== "true" ? "no Chromium on this machine" : false;

/** Starts a demo on free ports. `mailboxes: 0` is a Postkey that was just set up, with nothing in it. With `apart` Microsoft
 *  is another site to the browser than Postkey, as it is in earnest: a cookie for the same site only does not come along. */
export async function startDemo({ mailboxes = 0, apart = false, clock = "1x" } = {}) {
  const options = [
    "--listen", "127.0.0.1:0", "--simulator", apart ? "127.0.0.2:0" : "127.0.0.1:0", "--mailboxes", `${mailboxes}`, "--clock", clock, "--json",
  ];
  const child = spawn(process.env.POSTKEY_DEMO, options, { stdio: ["ignore", "pipe", "pipe"] });
  if (process.env.POSTKEY_STARTED) appendFileSync(process.env.POSTKEY_STARTED, `${child.pid}\n`);
  let complaints = "";
  child.stderr.on("data", text => { complaints += text });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", () => reject(new Error(`the demo ended: ${complaints}`)));
  });
  const said = JSON.parse(line), base = said.postkey;
  const control = async (path, method = "GET", body) => {
    const json = body !== undefined && !(body instanceof Uint8Array);
    const answer = await fetch(`${said.simulator}/_control/api${path}`, {
      method, body: json ? JSON.stringify(body) : body, headers: json ? { "Content-Type": "application/json" } : {},
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  return {
    ...said, base, control,
    application: name => said.applications.find(it => it.name === name) ?? assert.fail(`no application ${name}`),
    /** Adds mailboxes at the simulated Microsoft. */
    provide: async (...addresses) => { for (const address of addresses) await control("/mailboxes", "POST", { address }) },
    /** How often Microsoft was asked for a token. */
    tokens: async () => (await control("/counts")).token ?? 0,
    stop: () => new Promise(done => {
      child.once("exit", done);
      if (child.exitCode !== null || !child.kill("SIGTERM")) done();
    }),
  };
}

/** Fills in the login page and presses its button. */
export async function logIn(page, demo, user = demo.user) {
  await page.goto(`${demo.base}/login`);
  await page.fill("#email", user);
  await page.fill("#password", demo.password);
  await page.click("main .btn.go");
}

/** A new visitor who is logged in. Visitors share a session only if they are given the same `as`. */
export async function signedIn(browser, demo, { as, user, ...options } = {}) {
  const visitor = await visit(browser, { ...options, storageState: as });
  if (!as) {
    await logIn(visitor.page, demo, user);
    assert.equal(new URL(visitor.page.url()).pathname, "/");
  }
  return visitor;
}

/** The words under "Incoming" and "Outgoing" of a mailbox page. */
export async function directions(page) {
  const row = name => page.locator("dl.kv dt", { hasText: new RegExp(`^${name}$`) }).first().locator("xpath=following-sibling::dd[1]").innerText();
  return [await row("Incoming"), await row("Outgoing")].map(text => text.trim());
}

/** Opens the form of a new mailbox and types an application in place. Its last button is not pressed. */
export async function typeMailbox(page, demo, address, application, { certificate = false } = {}) {
  await page.goto(`${demo.base}/mailboxes/new`);
  await page.fill("#address", address);
  await chooseApplication(page, "new");
  await page.fill("#name", application.name);
  await page.fill("#client_id", application.client_id);
  await page.fill("#tenant", application.tenant_id);
  if (certificate) await page.check("[name=proof][value=certificate]");
  else await page.fill("#secret", application.secret);
}

/** Chooses by value, whether the page offers cards or a list. */
export async function chooseApplication(page, value) {
  const cards = page.locator(`input[name=application][value="${value}"]`);
  if (await cards.count()) await cards.check();
  else await page.selectOption("select#application", value);
}

/** Chooses a stored application by its name. */
export async function chooseStored(page, name) {
  const card = page.locator("label.pick", { hasText: name }).locator("input[name=application]");
  if (await card.count()) await card.first().check();
  else await page.selectOption("select#application", { label: name });
}

/** Saves the form and waits for the mailbox page. */
export async function save(page) {
  await page.click("main form .btn.go");
  await page.waitForURL(/\/mailboxes\/mb_/);
}

/** The identifier in the address of a mailbox page. */
export const mailboxId = page => new URL(page.url()).pathname.split("/")[2];

/** The ID of the mailbox with this address. */
export async function find(page, demo, address) {
  const list = await page.request.get(`${demo.base}/mailboxes.csv?q=${encodeURIComponent(address)}`);
  const row = (await list.text()).split("\n").find(line => line.split(",")[1] === address);
  return row?.split(",")[0] ?? assert.fail(`no mailbox ${address}`);
}

/** Every mailbox of the list. */
export async function rows(page, demo, query = "") {
  const answer = await page.request.get(`${demo.base}/mailboxes.csv${query}`);
  assert.equal(answer.status(), 200);
  return (await answer.text()).trim().split(/\r?\n/).slice(1).map(line => {
    // From both ends, because the name in the middle may hold commas.
    const cells = line.split(","), [good, isDefault] = cells.slice(-2), [application, incoming, outgoing] = cells.slice(-5, -2);
    return { id: cells[0], address: cells[1], application, incoming, outgoing, good, isDefault: isDefault === "true" };
  });
}

/** Presses a button and waits for the page that it leads to. */
export async function press(page, name, within = page.locator("body")) {
  await Promise.all([page.waitForEvent("framenavigated"), within.getByRole("button", { name, exact: true }).click()]);
  await page.waitForLoadState();
}

/** The page at the simulated Microsoft that is shown, by its headline. */
export const headline = async page => (await page.locator("h1").innerText()).trim();

/** Does at the simulated Microsoft what it asks for, as `person`, until it leads back or `until` this page is shown.
 *  Gives the headlines of the pages that there were. */
export async function atMicrosoft(page, demo, person, { until, consent = "Accept" } = {}) {
  const seen = [];
  await page.waitForURL(url => url.origin === demo.simulator);
  while (new URL(page.url()).origin === demo.simulator) {
    const shown = await headline(page);
    seen.push(shown);
    assert.ok(seen.length < 9, `the sign-in goes round in circles: ${seen}`);
    if (shown === until) return seen;
    if (shown === "Sign in") {
      await page.getByLabel("User name").fill(person);
      await page.getByLabel("Password").fill(`correct-horse-${person.split("@")[0]}`);
      await press(page, "Sign in");
    } else if (shown === "Pick an account") {
      const known = page.getByRole("button", { name: person });
      if (await known.count()) await Promise.all([page.waitForEvent("framenavigated"), known.click()]);
      else await press(page, "Use another account");
    } else if (shown === "Enter the code") {
      await page.getByLabel("Code from your telephone").fill("123456");
      await press(page, "Verify");
    } else if (shown === "Permissions requested") {
      await press(page, consent);
    } else assert.fail(`Microsoft keeps ${person} on “${shown}”`);
  }
  await page.waitForLoadState();
  return seen;
}
