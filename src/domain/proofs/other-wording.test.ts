import assert from "node:assert/strict";
import { test } from "node:test";
import { otherWording } from "./other-wording.ts";

const from15 = { serverVersionNum: 150_020, clientVersion: "15.20" };

test("the same majors leave no excuse for other words, whatever the minor versions", () => {
  assert.equal(otherWording(from15, { versionNum: 150_001, clientVersion: "15.1" }), null);
  assert.equal(
    otherWording({ ...from15, clientVersion: "" }, { versionNum: 150_020, clientVersion: "17.2" }),
    null,
  );
});

test("another server words definitions otherwise, another pg_dump also divides them otherwise", () => {
  const later = { serverVersionNum: 150_020, clientVersion: "17.2" };
  const onNewer = otherWording(later, { versionNum: 170_002, clientVersion: "17.10" });
  assert.equal(onNewer?.isDividedOtherwise, false);
  assert.match(onNewer?.reason ?? "", /^it was dumped from PostgreSQL 15 and restored on 17, /);
  const byOther = otherWording(from15, { versionNum: 150_020, clientVersion: "17.2" });
  assert.equal(byOther?.isDividedOtherwise, true);
  assert.match(byOther?.reason ?? "", /^it was dumped by pg_dump 15 and dumped back by 17, /);
});
