import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant } from "../domain/instant.ts";
import { Secret } from "../domain/secret.ts";
import { failureOfAnswer, failureOfConnection, readRetryAfter } from "./delivery-failure.ts";

const now = instant(Date.UTC(2026, 10, 23, 1, 0, 0));
const target = { name: "chat", place: "chat.example", secrets: [new Secret("kanarienvogel")] };

test("how long to wait is read from seconds, a date or a chat's body, and is never less than a second or more than a day", () => {
  const waits: readonly (readonly [header: string | null, body: string, ms: number])[] = [
    ["7", "", 7000],
    ["0.25", "", 1000],
    ["Mon, 23 Nov 2026 01:02:00 GMT", "", 120_000],
    ["Mon, 23 Nov 2026 00:00:00 GMT", "", 1000],
    [null, '{"message": "limited", "retry_after": 1.337, "global": false}', 1337],
    [null, '{"ok":false,"parameters":{"retry_after":31}}', 31_000],
    ["soon", "", 60_000],
    [null, "", 60_000],
    ["999999999999", "", 24 * 3_600_000],
  ];
  for (const [retryAfter, body, ms] of waits)
    assert.equal(readRetryAfter({ status: 429, retryAfter, body }, now), ms, `${retryAfter} ${body}`);
});

test("whatever the other side says, the wait is a whole number of milliseconds", () => {
  fc.assert(
    fc.property(fc.option(fc.string()), fc.string(), (retryAfter, body) => {
      const ms = readRetryAfter({ status: 429, retryAfter, body }, now);
      assert.ok(Number.isInteger(ms) && ms >= 1000 && ms <= 24 * 3_600_000);
    }),
  );
});

test("503 with a time to wait is obeyed; without one it is a server that is down", () => {
  const answer = { status: 503, body: "", retryAfter: "120" };
  const asked = failureOfAnswer(answer, target, now);
  assert.equal(asked?.code, "alerts.throttled");
  assert.equal(asked?.context.retryAfterMs, 120_000);
  assert.equal(failureOfAnswer({ ...answer, retryAfter: null }, target, now)?.code, "alerts.unreachable");
});

test("what the other side says is one line without secrets", () => {
  const body = `bad\r\nkey kanarienvogel \u001b[31m${"x".repeat(5000)}`;
  const failure = failureOfAnswer({ status: 400, body, retryAfter: null }, target, now);
  assert.match(failure?.message ?? "", /answered 400 "bad key \[secret\] \[31mx+…"$/);
});

test("a certificate that has run out is the other side's to renew; one that nobody signed is ours to settle", () => {
  const thrown = (code: string) => failureOfConnection(Object.assign(new Error("no"), { code }), target);
  for (const code of ["CERT_HAS_EXPIRED", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ECONNRESET"])
    assert.equal(thrown(code).code, "alerts.unreachable", code);
  for (const code of [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "CERT_SIGNATURE_FAILURE",
  ])
    assert.equal(thrown(code).code, "alerts.refused", code);
});
