import assert from "node:assert/strict";
import { test } from "node:test";
import { anomalyKinds } from "../../domain/anomalies/anomaly.ts";
import { publicAnomalies } from "./anomaly-gate.ts";

test("the manifest of an encrypted backup names no table and no number of its content", () => {
  const secret = anomalyKinds.map((kind) => ({ kind, message: "table public.mergers has 12 rows" }));
  assert.equal(publicAnomalies(secret, false), secret);
  const told = publicAnomalies(secret, true);
  assert.deepEqual(
    told.map(({ kind }) => kind),
    anomalyKinds,
  );
  for (const { message } of told) assert.doesNotMatch(message, /mergers|\d/);
});
