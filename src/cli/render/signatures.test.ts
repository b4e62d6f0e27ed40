import assert from "node:assert/strict";
import { test } from "node:test";
import type { SignatureReport } from "../../domain/signatures/signature-report.ts";
import { plainPaint } from "../paint.ts";
import { renderSignatures } from "./signatures.ts";

const good: SignatureReport = {
  ...{ backup: "a", job: "one", destination: "nas", file: "a.manifest.json", outcome: "ok" },
  ...{ signedBy: "K", findings: [], failure: null, exit: 0 },
};

test("what is not good is called by the words of the guide, and counted", () => {
  const findings = ["edited", "replaced", "edited"] as const;
  const bad: SignatureReport = {
    ...{ ...good, outcome: "damaged", signedBy: null, exit: 4 },
    findings: findings.map((kind) => ({ kind, message: kind })),
  };
  const text = renderSignatures([good, bad], plainPaint);
  assert.match(text, /a\.manifest\.json +nas +edited, replaced/);
  assert.match(text, /2 files looked at, 1 not good/);
});
