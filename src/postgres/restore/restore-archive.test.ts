import assert from "node:assert/strict";
import { test } from "node:test";
import { demandFit } from "./restore-archive.ts";

function fit(client: number, server: number): void {
  const facts = { versionNum: server * 10_000, version: `${server}.0` };
  demandFit({ client: { major: client, minor: 6, text: `${client}.6` }, facts });
}

test("several workers are refused where a newer pg_restore would set what the server does not know", () => {
  for (const [client, server] of [
    [15, 15],
    [16, 15],
    [17, 17],
    [18, 17],
  ] as const)
    fit(client, server);
  assert.throws(() => fit(18, 15), {
    code: "postgres.restore-refused",
    message: "Cannot restore with several workers: pg_restore 18.6 is too new for a server of version 15.0",
  });
  assert.throws(() => fit(17, 16), { code: "postgres.restore-refused" });
});
