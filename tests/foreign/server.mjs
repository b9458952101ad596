// Somebody else's authorization server, certified by the OpenID Foundation, at the addresses that Postkey knows Microsoft
// by; and beside it as much of Microsoft Graph as a check asks for, which believes no token without asking that server.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import Provider from "oidc-provider";

const SCOPES = ["openid", "profile", "offline_access", "User.Read", "Mail.ReadWrite", "Mail.Send"];

const secret = () => randomBytes(32).toString("base64url");

/** A key for signing, public half and private half. */
function signingKey() {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const named = key => ({ ...key.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }), kid = randomUUID();
  return { inside: named(privateKey), outside: named(publicKey) };
}

/** Listens at once, so that its address is known; people can sign in once `open` said where they are sent back to. */
export async function startServer(...addresses) {
  const tenant = randomUUID();
  const client = { id: randomUUID(), secret: secret() };
  const graph = { client_id: randomUUID(), client_secret: secret() };
  const key = signingKey();
  const people = new Map(addresses.map(address => [address, { oid: randomUUID(), mail: address, drafts: new Set() }]));
  const state = { lifetime: 3600, keys: undefined, happened: [], tokens: [], graphCalls: [], provider: undefined };

  const server = createServer((request, response) => {
    const send = (status, body) => response.writeHead(status, { "Content-Type": "application/json" }).end(body === undefined ? "" : JSON.stringify(body));
    const { pathname } = new URL(request.url, origin);
    if (pathname.startsWith("/graph/v1.0/")) {
      return answerAsGraph(request, pathname.slice("/graph/v1.0/".length), send).catch(error => send(500, { error: { code: "generalException", message: `${error}` } }));
    }
    if (pathname === `/${tenant}/discovery/v2.0/keys` && state.keys) return send(200, { keys: state.keys });
    // The provider stands for a single issuer and has this one address at its root; the others are told to it as they are.
    if (pathname === `/${tenant}/v2.0/.well-known/openid-configuration`) request.url = "/.well-known/openid-configuration";
    state.provider.callback()(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;

  /** Whose token it is and what for, by the word of the server that issued it. */
  async function owner(request) {
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    if (scheme !== "Bearer" || !token) return undefined;
    const answer = await fetch(`${origin}/${tenant}/oauth2/v2.0/introspect`, {
      method: "POST",
      headers: { Authorization: `Basic ${Buffer.from(`${graph.client_id}:${graph.client_secret}`).toString("base64")}` },
      body: new URLSearchParams({ token, token_type_hint: "access_token" }),
    });
    assert.equal(answer.status, 200, "the provider answers Graph");
    const said = await answer.json();
    return said.active && said.client_id === client.id ? { ...people.get(said.sub), may: said.scope.split(" ") } : undefined;
  }

  async function answerAsGraph(request, path, send) {
    request.resume();
    const person = await owner(request);
    state.graphCalls.push({ call: `${request.method} ${path}`, person: person?.mail });
    if (!person) return send(401, { error: { code: "InvalidAuthenticationToken", message: "Access token has expired or is not yet valid." } });
    const [top, address, ...rest] = path.split("/").map(decodeURIComponent);
    const call = `${request.method} ${rest.join("/")}`;
    if (path === "me" && person.may.includes("User.Read")) {
      return send(200, { id: person.oid, displayName: person.mail, userPrincipalName: person.mail, mail: person.mail });
    }
    if (top !== "users" || address !== person.mail || !person.may.includes("Mail.ReadWrite")) {
      return send(403, { error: { code: "ErrorAccessDenied", message: "Access is denied. Check credentials and try again." } });
    }
    if (call === "GET mailFolders/inbox") return send(200, { id: "inbox", totalItemCount: 3, unreadItemCount: 1 });
    if (call === "POST messages") {
      const id = randomUUID();
      people.get(person.mail).drafts.add(id);
      return send(201, { id });
    }
    if (rest[0] === "messages" && people.get(person.mail).drafts.delete(rest[1])) return send(204);
    return send(404, { error: { code: "ErrorItemNotFound", message: "The specified object was not found in the store." } });
  }

  function open(redirectUri) {
    const provider = new Provider(`${origin}/${tenant}/v2.0`, {
      clients: [
        {
          client_id: client.id, client_secret: client.secret, redirect_uris: [redirectUri], response_types: ["code"],
          grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "client_secret_post",
        },
        { ...graph, redirect_uris: [], response_types: [], grant_types: [], token_endpoint_auth_method: "client_secret_basic" },
      ],
      routes: {
        authorization: `/${tenant}/oauth2/v2.0/authorize`,
        token: `/${tenant}/oauth2/v2.0/token`,
        introspection: `/${tenant}/oauth2/v2.0/introspect`,
        jwks: `/${tenant}/discovery/v2.0/keys`,
      },
      scopes: SCOPES,
      claims: { openid: ["sub", "oid", "tid"], profile: ["preferred_username"] },
      // Entra puts them into the ID token too.
      conformIdTokenClaims: false,
      findAccount: (_, id) => people.has(id) ? { accountId: id, claims: () => ({ sub: id, oid: people.get(id).oid, tid: tenant, preferred_username: id }) } : undefined,
      features: { devInteractions: { enabled: true }, introspection: { enabled: true } },
      pkce: { required: () => true },
      // OpenID Connect wants prompt=consent for offline_access; Entra does not, and neither does Postkey ask for it.
      issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
      rotateRefreshToken: true,
      expiresWithSession: () => false,
      ttl: { AccessToken: () => state.lifetime, AuthorizationCode: 60, IdToken: 600, RefreshToken: 86_400, Session: 3600, Interaction: 600, Grant: 86_400 },
      jwks: { keys: [key.inside] },
      cookies: { keys: [secret()] },
    });
    for (const event of ["authorization_code.saved", "authorization_code.consumed", "refresh_token.consumed", "grant.success", "grant.error", "grant.revoked"]) {
      provider.on(event, () => state.happened.push(event));
    }
    provider.on("refresh_token.saved", token => { state.tokens.push(token.jti); state.happened.push("refresh_token.saved") });
    provider.on("server_error", (_, error) => state.happened.push(`server_error ${error.stack}`));
    state.provider = provider;
  }

  return {
    origin, tenant, client, state, open,
    graph: `${origin}/graph`,
    /** How often something happened. */
    count: event => state.happened.filter(it => it === event).length,
    /** Drafts that were written and not removed. */
    drafts: () => [...people.values()].reduce((sum, person) => sum + person.drafts.size, 0),
    /** Publishes a key that has signed nothing, under the name of the right one if it is to, instead of the right one. */
    publishOtherKey: ({ sameName }) => {
      const other = signingKey().outside;
      state.keys = [sameName ? { ...other, kid: key.inside.kid } : other];
    },
    publishRightKey: () => { state.keys = undefined },
    /** Asks for tokens as whoever holds the client's secret and this refresh token does. */
    refresh: token => fetch(`${origin}/${tenant}/oauth2/v2.0/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token, client_id: client.id, client_secret: client.secret }),
    }),
    stop: () => { server.closeAllConnections(); return new Promise(done => server.close(done)) },
  };
}
