import assert from "node:assert/strict";
import { chmodSync, existsSync, statSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createHttpServer } from "../../src/http/server.ts";
import { createSystemClock } from "../../src/platform/clock.ts";
import { canary, type HttpScene, openHttpScene } from "../fakes/http-scene.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";

/** Numbers that look random and are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const tricks = [
  "",
  "",
  "",
  "",
  "../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "..%252f..%252fetc",
  "..%5c..%5c",
  "%00",
  "%",
  "%zz",
  "%ff%fe",
  "a/b/c",
  ".",
  "..",
  "",
  "x".repeat(3000),
  "' OR 1=1 --",
  "%27%20OR%201%3D1",
  "<script>",
  "__proto__",
  "constructor",
  "20261123T010000Z-ab12cd",
  "capsule",
  "🦊",
  "%F0%9F%A6%8A",
  "-1",
  "1e999",
  "NaN",
];
const stems = [
  "/",
  "/healthz",
  "/status",
  "/metrics",
  "/api/v1/backups/",
  "/api/v1/backups/capsule/",
  "/api/v1/runs/",
  "/api/v1/runs?after=",
  "/api/v1/backups?limit=",
  "/api/v1/backups?after=",
  "/api/v1/operations/",
  "/api/v1/prune",
  "//",
  "/api/v1/../../",
];
const endings = ["", "/log", "/log?from=-1", "/hold", "/verify", "/cancel", "?x=1", "?job=a&job=b", "#x"];
const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"];
const bodies = [
  "",
  "{",
  "[]",
  "null",
  '{"job":{"$gt":""}}',
  '{"__proto__":{"job":"capsule"}}',
  '{"dryRun":"false","yes":1}',
  '{"why":123}',
  "\u0000\u0001",
  `{"job":"${"y".repeat(100)}"}`,
];
const values = [
  "Bearer",
  "Bearer cbk_",
  "Basic Y29kZXg6Y29kZXg=",
  "bearer  x",
  "Bearer \t",
  `Bearer cbk_${"A".repeat(43)}`,
  "",
];

interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function shots(count: number): readonly Shot[] {
  const random = seeded(20_261_123);
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[Math.floor(random() * list.length)];
    assert.ok(picked !== undefined);
    return picked;
  };
  return Array.from({ length: count }, () => ({
    method: pick(methods),
    path: `${pick(stems)}${pick(tricks)}${pick(endings)}`,
    headers: {
      ...(random() < 0.7 && { authorization: pick(values) }),
      ...(random() < 0.2 && { host: pick(["evil.example", "127.0.0.1", "[::1]:7420", "a b", ""]) }),
      ...(random() < 0.2 && { origin: pick(["null", "https://evil.example"]) }),
      ...(random() < 0.6 && {
        "content-type": pick(["application/json", "text/plain", "application/json;;"]),
      }),
    },
    body: pick(bodies),
  }));
}

/** Everything that a request could have changed. */
function stateOf({ memory, requested, cancelled, audit, tokenPath }: HttpScene) {
  const { catalog } = memory.context;
  const files = [...memory.stores].map(([name, store]) => [name, [...store.files.keys()], store.checksums]);
  const tokens = statSync(tokenPath);
  return JSON.stringify([
    catalog.backups(),
    catalog.runs(),
    files,
    requested,
    cancelled,
    audit(),
    [tokens.mtimeMs, tokens.size],
  ]);
}

function isSane(status: number, text: string): boolean {
  return (
    status >= 200 &&
    status < 500 &&
    !text.includes(canary) &&
    !text.includes("root:x:0") &&
    !/\bat .+\.[tj]s:\d/.test(text)
  );
}

test("10,000 fuzzed requests: no 5xx, no secret, no change of catalog, files, audit log or queue", async () => {
  const scene = await openHttpScene();
  const before = stateOf(scene);
  const seen = new Map<number, number>();
  for (const { method, path, headers, body } of shots(10_000)) {
    const { host = "127.0.0.1:7420", ...others } = headers;
    const url = `http://127.0.0.1:7420${path}`;
    if (!URL.canParse(url)) continue;
    const hasBody = method !== "GET" && method !== "HEAD" && method !== "TRACE";
    // fetch refuses TRACE; the raw sockets below send it
    const request = new Request(url, {
      method: method === "TRACE" ? "GET" : method,
      headers: others,
      ...(hasBody && { body }),
    });
    request.headers.set("host", host);
    const response = await scene.app.fetch(request, { address: "10.0.0.1", drop: () => undefined });
    const text = await response.text();
    assert.ok(isSane(response.status, text), `${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
  }
  assert.equal(stateOf(scene), before);
  for (const status of [200, 401, 404, 405, 421, 429])
    assert.ok((seen.get(status) ?? 0) > 0, `${status} was never seen`);
});

test("the same with a right token of the weakest scope: looks succeed, nothing changes", async () => {
  const scene = await openHttpScene();
  const before = stateOf(scene);
  let answered = 0;
  for (const { method, path, body } of shots(3000)) {
    const url = `http://127.0.0.1:7420${path}`;
    if (!URL.canParse(url) || path.includes("events")) continue;
    const hasBody = !["GET", "HEAD", "TRACE"].includes(method);
    const { status, text } = await scene.call(path, {
      method: method === "TRACE" ? "GET" : method,
      ...(hasBody && { body }),
    });
    assert.ok(isSane(status, text), `${method} ${path}: ${status} ${text.slice(0, 300)}`);
    if (status === 200) answered += 1;
  }
  assert.ok(answered > 4, `only ${answered} looks succeeded`);
  assert.equal(stateOf(scene), before);
});

async function listening(
  t: { after(call: () => Promise<void>): void },
  listen?: HttpScene["parts"]["settings"]["listen"],
) {
  const scene = await openHttpScene({ listen: listen ?? { kind: "tcp", host: "127.0.0.1", port: 0 } });
  const server = createHttpServer({ ...scene.parts, clock: createSystemClock() });
  await server.listen();
  t.after(() => server.close());
  const port = Number(/:(\d+)$/.exec(server.address() ?? "")?.[1] ?? 0);
  return { scene, server, port };
}

/** Sends bytes and reads until the other side ends or has answered once. */
function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
      if (text.includes("\r\n\r\n")) socket.end();
    });
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
  });
}

test("raw bytes that no client library would send get 4xx or no answer, and the server lives on", async (t) => {
  const { scene, port } = await listening(t);
  const before = stateOf(scene);
  const lines = [
    "GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET /api/v1/backups/..%2f..%2f/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET http://evil.example/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET http://127.0.0.1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "GET /\\..\\x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET /status HTTP/1.1\r\n\r\n",
    "GET /status HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n",
    "TRACE /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    `GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    "POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
  ];
  for (const line of lines) {
    const text = await sendRaw(port, line);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? "400");
    assert.ok(status >= 400 && status < 500, `${JSON.stringify(line.slice(0, 60))}: ${text.slice(0, 300)}`);
  }
  assert.match(await sendRaw(port, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), /^HTTP\/1\.1 200/);
  assert.equal(stateOf(scene), before);
});

test("a body that is sent without end is cut off at 64 kB", async (t) => {
  const { scene, port } = await listening(t);
  const outcome = await new Promise<string>((resolve) => {
    const headers = { authorization: `Bearer ${scene.tokens.operate}`, "content-type": "application/json" };
    const sent = httpRequest({ port, method: "POST", path: "/api/v1/runs", headers }, (response) => {
      response.resume();
      resolve(String(response.statusCode));
      sent.destroy();
    });
    sent.on("error", (error) => resolve(error.message));
    const pour = () => {
      while (!sent.destroyed && sent.write("x".repeat(16_384)));
      if (!sent.destroyed) sent.once("drain", pour);
    };
    pour();
  });
  assert.match(outcome, /^413$|ECONNRESET|EPIPE|socket hang up/);
  assert.deepEqual(scene.requested, []);
});

test("a socket in the file system is for this user and group, outlives a dead server, and gives way to no living one", async (t) => {
  const path = join(temporaryDirectory("socket"), "http.sock");
  const first = await listening(t, { kind: "unix", path });
  assert.equal(statSync(path).mode & 0o777, 0o660);
  const second = createHttpServer({ ...first.scene.parts, clock: createSystemClock() });
  await assert.rejects(second.listen(), { code: "http.listen" });
  assert.ok(existsSync(path));
  const status = await new Promise<number | undefined>((resolve) => {
    httpRequest({ socketPath: path, path: "/healthz" }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end();
  });
  assert.equal(status, 200);
  chmodSync(path, 0o600);
});

test("closing ends streams at once and waits for nothing idle", async (t) => {
  const { scene, server, port } = await listening(t);
  const ended = new Promise<string>((resolve) => {
    const headers = { authorization: `Bearer ${scene.tokens.read}` };
    httpRequest({ port, path: "/api/v1/events", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        void server.close();
      });
      response.on("end", () => resolve(text));
    }).end();
  });
  assert.match(await ended, /^: codex-backup/);
  await server.close();
  assert.equal(server.address(), null);
});

test("connections that somebody holds open for nothing give way to those who come after", async (t) => {
  const { port } = await listening(t);
  const answered = await new Promise<number>((resolve) => {
    let answers = 0;
    const next = () => {
      if (answers === 600) return resolve(answers);
      const socket = connect(port, "127.0.0.1");
      t.after(() => socket.destroy());
      let isAnswered = false;
      socket.on("error", () => undefined); // its close tells
      socket.once("close", () => (isAnswered ? null : resolve(answers)));
      socket.once("data", () => {
        isAnswered = true;
        answers += 1;
        next();
      });
      socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    };
    next();
  });
  assert.equal(answered, 600);
});
