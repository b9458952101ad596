// The whole life of a sign-in with a server that is not Microsoft and not ours: it proves that Postkey speaks OAuth 2.0 and
// OpenID Connect and not just to its own simulator. Postkey's code knows nothing of this server; a custom cloud names it.
//
// The tests go on from each other, as one day of one mailbox does.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostkey } from "./postkey.mjs";
import { startServer } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

const OLGA = "olga@foreign.example", JAN = "jan@foreign.example";
/** Seconds that an access token lives where a test waits for its end. */
const SHORT = 4;

const ana = new Visitor();
let server, postkey, mailbox;

before(async () => {
  server = await startServer(OLGA, JAN);
  postkey = await startPostkey(server);
  server.open(`${postkey.url}/oauth/callback`);
});
after(async () => {
  assert.equal(await postkey?.stop(), 0, "Postkey stops in order");
  await server?.stop();
});

/** Goes through the provider's pages as `person` in a clean browser. Gives the address that it leads back to. */
async function authorize(address, person, { accept = true } = {}) {
  const visitor = new Visitor();
  let page = await visitor.get(address);
  for (let turn = 0; turn < 20; turn++) {
    if (page.status >= 300 && page.status < 400) {
      if (page.location.startsWith(postkey.url)) return page.location;
      page = await visitor.get(page.location);
      continue;
    }
    assert.equal(page.status, 200, page.text);
    const [action] = page.actions;
    if (/name="login"/.test(page.html)) page = await visitor.submit(page, action, { login: person, password: "any" });
    else if (accept) page = await visitor.submit(page, action);
    else page = await visitor.get(page.link("[ Cancel ]"));
  }
  assert.fail("the sign-in goes round in circles");
}

/** Begins a sign-in for the mailbox in the console. Gives the address of the provider. */
async function begin() {
  const page = await ana.get(`${mailbox}/sign-in`);
  const answer = await ana.submit(page, new URL(`${mailbox}/sign-in`).pathname, { how: "now" });
  assert.ok(answer.location.startsWith(`${server.origin}/${server.tenant}/oauth2/v2.0/authorize?`), answer.location);
  return answer.location;
}

/** Comes back from the provider. Gives the page on which the console says how it ended. */
async function comeBack(address, visitor = ana) {
  const answer = await visitor.get(address);
  assert.equal(answer.status, 303, answer.text);
  const result = await visitor.get(answer.location);
  const onwards = result.headers.get("refresh")?.match(/^0;url=(.*)$/)?.[1];
  return onwards ? visitor.get(new URL(onwards, postkey.url).href) : result;
}

/** What the mailbox' page says of both directions. */
const health = page => page.all("dd").slice(0, 2);
const changed = (address, change) => {
  const url = new URL(address);
  change(url.searchParams);
  return url.href;
};

async function checkNow() {
  const answer = await ana.submit(await ana.get(mailbox), `${new URL(mailbox).pathname}/check`);
  assert.match(answer.location, /\?done=checked$/);
  return ana.get(mailbox);
}

/** Tries to sign in with something that is not as it should be, and changes nothing by it. */
async function isRefused(address, outcome, words) {
  const [tokens, before] = [server.count("grant.success"), health(await ana.get(mailbox))];
  const page = await comeBack(address);
  assert.match(page.text, outcome);
  if (words) assert.match(page.text, words);
  assert.deepEqual(health(await ana.get(mailbox)), before, "the mailbox goes on as it was");
  return server.count("grant.success") - tokens;
}

test("the first account, a mailbox on behalf of a user, and on to the provider", async () => {
  const setup = await ana.get(`${postkey.url}/setup`);
  const typed = { code: postkey.code, name: "Ana Ruiz", email: "ana@foreign.example", password: "correct horse battery staple" };
  assert.equal((await ana.submit(setup, "/setup", typed)).location, `${postkey.url}/?done=welcome`);
  const form = await ana.get(`${postkey.url}/mailboxes/new`);
  const leads = await ana.submit(form, "/mailboxes", {
    access: "delegated", address: OLGA, person: "", how: "now", application: "new", name: "Mail", tenant: server.tenant,
    client_id: server.client.id, secret: server.client.secret,
  });
  const { searchParams: asked } = new URL(leads.location);
  assert.equal(asked.get("code_challenge_method"), "S256");
  assert.equal(asked.get("login_hint"), OLGA);
  for (const name of ["state", "nonce", "code_challenge"]) assert.match(asked.get(name), /^[\w-]{43,}$/, name);

  server.state.lifetime = SHORT;
  const page = await comeBack(await authorize(leads.location, OLGA));
  assert.deepEqual(health(page), ["Connected", "Ready"], page.text);
  mailbox = page.url.split("?")[0];
  assert.deepEqual([server.count("authorization_code.consumed"), server.count("refresh_token.saved")], [1, 1]);
  assert.deepEqual(server.state.graphCalls.map(({ call }) => call.split("/")[0]), ["GET me", "GET users", "POST users", "POST users"]);
  assert.equal(server.drafts(), 0);
});

test("after the access token's end the saved sign-in gets a new one, and the refresh token rotates", async () => {
  await sleep(SHORT * 1000);
  assert.deepEqual(health(await checkNow()), ["Connected", "Ready"]);
  assert.deepEqual([server.count("refresh_token.consumed"), server.count("refresh_token.saved")], [1, 2]);
  server.state.lifetime = 3600;
  await sleep(SHORT * 1000);
  assert.deepEqual(health(await checkNow()), ["Connected", "Ready"]);
  assert.deepEqual([server.count("refresh_token.consumed"), server.count("refresh_token.saved")], [2, 3]);
  assert.equal(new Set(server.state.tokens).size, 3);
  await checkNow();
  assert.equal(server.count("refresh_token.consumed"), 2, "a token that is good for an hour is used again");
  assert.equal(server.count("authorization_code.saved"), 1, "and nobody signed in");
});

test("the way back works once", async () => {
  const back = await authorize(await begin(), OLGA);
  assert.deepEqual(health(await comeBack(back)), ["Connected", "Ready"]);
  const again = await ana.get(back);
  assert.equal(again.status, 400);
  assert.match(again.text, /This sign-in is over/);
  assert.deepEqual([server.count("authorization_code.consumed"), server.count("grant.error")], [2, 0], "no code is shown twice");
});

test("an answer in another browser than the one that began is not taken", async () => {
  const answer = await new Visitor().get(await authorize(await begin(), OLGA));
  assert.equal(answer.status, 400);
  assert.match(answer.text, /begun in another browser/);
});

test("an answer that names another server, or none where this one always does, is not redeemed", async () => {
  const back = await authorize(await begin(), OLGA);
  assert.equal(new URL(back).searchParams.get("iss"), `${server.origin}/${server.tenant}/v2.0`);
  const elsewhere = changed(back, query => query.set("iss", "https://login.evil.example"));
  assert.equal(await isRefused(elsewhere, /Signing in did not work/, /came from another server/), 0);
  const nameless = changed(await authorize(await begin(), OLGA), query => query.delete("iss"));
  assert.equal(await isRefused(nameless, /Signing in did not work/), 0);
});

test("an ID token with the nonce of another sign-in proves nothing", async () => {
  const address = changed(await begin(), query => query.set("nonce", "n".repeat(43)));
  const redeemed = await isRefused(await authorize(address, OLGA), /Signing in did not work/, /it belongs to another sign-in/);
  assert.equal(redeemed, 1);
});

test("an ID token that the published keys have not signed proves nothing", async () => {
  for (const [sameName, why] of [[false, /its signing key is not the tenant/], [true, /its signature is wrong/]]) {
    const back = await authorize(await begin(), OLGA);
    server.publishOtherKey({ sameName });
    await isRefused(back, /Signing in did not work/, why);
    server.publishRightKey();
  }
});

test("a code that was asked for with another challenge is refused by the provider", async () => {
  const address = changed(await begin(), query => query.set("code_challenge", "c".repeat(43)));
  const errors = server.count("grant.error");
  assert.equal(await isRefused(await authorize(address, OLGA), /Signing in did not work/), 0);
  assert.equal(server.count("grant.error"), errors + 1, "and Postkey does not try again");
});

test("without a challenge the provider does not even begin", async () => {
  const address = changed(await begin(), query => { query.delete("code_challenge"); query.delete("code_challenge_method") });
  assert.equal(await isRefused(await authorize(address, OLGA), /Signing in did not work/), 0);
});

test("who cancels is told that nothing was saved", async () => {
  const back = await authorize(await begin(), OLGA, { accept: false });
  await isRefused(back, /You chose not to allow access/);
});

test("somebody else's account is dropped", async () => {
  // Which sign-in was the last is kept to the second; people are slower than this test.
  await sleep(1000);
  await isRefused(await authorize(await begin(), JAN), /You signed in with a different account/, new RegExp(JAN));
  // Now Postkey asks for a choice of accounts, which this server does not offer; after that for a login as ever.
  const asked = await begin();
  assert.equal(new URL(asked).searchParams.get("prompt"), "select_account");
  await sleep(1000);
  await isRefused(await authorize(asked, OLGA), /Signing in did not work/);
  assert.equal(new URL(await begin()).searchParams.get("prompt"), "login");
});

test("a refresh token that somebody uses again ends the sign-in, and the mailbox says so", async () => {
  server.state.lifetime = SHORT;
  assert.deepEqual(health(await comeBack(await authorize(await begin(), OLGA))), ["Connected", "Ready"]);
  await sleep(SHORT * 1000);
  const [stolen] = server.state.tokens.slice(-1);
  assert.deepEqual(health(await checkNow()), ["Connected", "Ready"]);
  const refused = await server.refresh(stolen);
  assert.deepEqual([refused.status, (await refused.json()).error], [400, "invalid_grant"]);
  assert.equal(server.count("grant.revoked"), 1);
  // At once, as this server revokes the access token too; and after its end.
  for (const pause of [0, SHORT * 1000]) {
    await sleep(pause);
    const errors = server.count("grant.error");
    const page = await checkNow();
    assert.deepEqual(health(page), ["Needs sign-in", "Needs sign-in"], page.text);
    assert.equal(server.count("grant.error"), errors + 2, "refused, and confirmed with the token before it");
  }
});

test("the owner signs in again by a link, without an account here", async () => {
  server.state.lifetime = 3600;
  const { pathname } = new URL(mailbox);
  const form = await ana.get(`${mailbox}/sign-in`);
  await ana.submit(form, `${pathname}/sign-in`, { how: "link" });
  const [link] = (await ana.get(`${mailbox}/sign-in`)).html.match(/http:\/\/[^\s"<]*\/s\/[\w-]+/);
  const olga = new Visitor();
  const page = await olga.get(link);
  assert.match(page.text, new RegExp(OLGA));
  const leads = await olga.submit(page, new URL(link).pathname);
  const result = await comeBack(await authorize(leads.location, OLGA), olga);
  assert.match(result.text, /The mailbox is connected/);
  assert.deepEqual(health(await checkNow()), ["Connected", "Ready"]);
});

test("nothing was left behind, and nothing was told that must not be", () => {
  assert.equal(server.drafts(), 0, "every draft was removed");
  assert.deepEqual(server.state.happened.filter(it => it.startsWith("server_error")), []);
  for (const secret of [server.client.secret, ...server.state.tokens]) assert.ok(!postkey.log().includes(secret), postkey.log());
});
