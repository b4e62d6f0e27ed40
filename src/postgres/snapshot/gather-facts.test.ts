import assert from "node:assert/strict";
import { test } from "node:test";
import { localeOf } from "./gather-facts.ts";

test("the locale is read from pg_database as 13, 15 and 17 lay it out", () => {
  const base = { datcollate: "C", datctype: "de_DE.UTF-8" };
  const common = { collate: "C", ctype: "de_DE.UTF-8" };
  assert.deepEqual(localeOf(base), { ...common, provider: "libc", icuLocale: null, collationVersion: null });
  assert.deepEqual(
    localeOf({ ...base, datlocprovider: "i", daticulocale: "und", datcollversion: "153.120" }),
    { ...common, provider: "icu", icuLocale: "und", collationVersion: "153.120" },
  );
  assert.deepEqual(localeOf({ ...base, datlocprovider: "b", datlocale: "C.UTF-8", datcollversion: null }), {
    ...common,
    provider: "builtin",
    icuLocale: "C.UTF-8",
    collationVersion: null,
  });
});
