import assert from "node:assert/strict";
import { test } from "node:test";
import { createConfigFolder } from "../../tests/fakes/written-config.ts";

const rest = "jobs: { j: { command: { argv: [/bin/true] } } }\n";

test("no key, no server; the shortest one listens on this host; what is shown reads back as the same", async (t) => {
  const folder = await createConfigFolder(t);
  assert.equal((await folder.load(rest)).http, null);
  const config = await folder.load(`${rest}http: {}\n`);
  assert.deepEqual(config.http, {
    listen: { kind: "tcp", host: "127.0.0.1", port: 7420 },
    tokenFile: null,
    allowedHosts: [],
    isMetricsOpen: false,
  });
  const written = await folder.load(
    `${rest}http: { listen: "[::]:80", tokenFile: tokens, allowedHosts: [Backup.Example.org], metricsOpen: true }\n`,
  );
  assert.deepEqual((await folder.load(folder.loader.showEffective(written))).http, written.http);
});

test("an address that others can reach, without tokens, is refused; so is one that is a name or no address", async (t) => {
  const folder = await createConfigFolder(t);
  for (const listen of ["0.0.0.0:7420", "[::]:7420", "192.168.0.5:7420", "128.0.0.1:80"]) {
    const { lines } = await folder.refuse(`${rest}http: { listen: "${listen}" }\n`);
    assert.match(lines[1] ?? "", /http\.listen .* others can reach.*tokenFile/, listen);
  }
  for (const listen of [
    "backup.example.org:7420",
    "127.0.0.1",
    "127.0.0.1:70000",
    ":7420",
    "unix:relative.sock",
    "127.0.0.1.evil:1",
  ]) {
    const { lines } = await folder.refuse(`${rest}http: { listen: "${listen}" }\n`);
    assert.match(lines[1] ?? "", /http\.listen is /, listen);
  }
});
