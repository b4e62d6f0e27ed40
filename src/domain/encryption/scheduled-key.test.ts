import assert from "node:assert/strict";
import { test } from "node:test";
import { neverProven } from "../jobs/prove-settings.ts";
import { describeLackingKey } from "./scheduled-key.ts";

const encrypt = { recipients: ["age1safe"] };

test("proofs that an encrypted job makes by itself need a key, others do not", () => {
  const scheduled = { ...neverProven, schedule: "0 5 * * 0" };
  assert.match(describeLackingKey({ encrypt, prove: scheduled }) ?? "", /at "0 5 \* \* 0".*identityFile/);
  assert.match(
    describeLackingKey({ encrypt, prove: { ...neverProven, afterEach: true } }) ?? "",
    /after each/,
  );
  assert.equal(describeLackingKey({ encrypt, prove: neverProven }), null);
  assert.equal(describeLackingKey({ encrypt: null, prove: scheduled }), null);
  assert.equal(describeLackingKey({ encrypt, prove: { ...scheduled, identityFile: "/key" } }), null);
});
