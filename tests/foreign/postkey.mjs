// The built command, run as a service runs it, with a home of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Starts Postkey with `server` for Microsoft. Gives its address and the code for the first account. */
export async function startPostkey(server) {
  const home = mkdtempSync(join(tmpdir(), "postkey-foreign-"));
  const env = {
    HOME: home, POSTKEY_CONFIG: "/dev/null", POSTKEY_LISTEN: "127.0.0.1:0", POSTKEY_LOG: "warn",
    // Renewals are only those that a test asks for.
    POSTKEY_KEEPER: "off",
    POSTKEY_CLOUD: "custom", POSTKEY_CLOUD_AUTHORITY: server.origin, POSTKEY_CLOUD_GRAPH: server.graph,
  };
  const child = spawn(process.env.POSTKEY, ["serve"], { env, cwd: home, stdio: ["ignore", "pipe", "pipe"] });
  appendFileSync(process.env.POSTKEY_STARTED, `${child.pid}\n`);
  let log = "";
  child.stderr.on("data", text => { log += text });
  let url, code;
  for await (const line of createInterface({ input: child.stdout })) {
    url ??= line.match(/^Postkey listens on (\S+)$/)?.[1];
    code ??= line.trim().match(/^[\w-]{43}$/)?.[0];
    if (url && code) break;
  }
  assert.ok(url && code, `Postkey did not start: ${log}`);
  return {
    url, code, log: () => log,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const [status] = await ended;
      rmSync(home, { recursive: true, force: true });
      return status;
    },
  };
}
