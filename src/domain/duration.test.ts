import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDuration, parseDuration } from "./duration.ts";
import { formatSize, parseSize } from "./size.ts";

test("a time is read with its unit, alone or combined", () => {
  const hourMs = 3_600_000;
  assert.equal(parseDuration("26h"), 26 * hourMs);
  assert.equal(parseDuration("30m"), hourMs / 2);
  assert.equal(parseDuration("1h30m"), 1.5 * hourMs);
  assert.equal(parseDuration("1 h 30 m"), 1.5 * hourMs);
  assert.equal(parseDuration("2d"), 48 * hourMs);
  assert.equal(parseDuration("1w"), 168 * hourMs);
  assert.equal(parseDuration("250ms"), 250);
});

test("a time without a unit, or with a doubtful one, is refused rather than guessed", () => {
  for (const text of [
    "",
    "30",
    "m",
    "-1h",
    "1.5h",
    "1h 30",
    "30m1h",
    "1h1h",
    "1x",
    "1H",
    "h1",
    "99999999999999w",
  ]) {
    assert.equal(parseDuration(text), null, text);
  }
});

test("every time reads back as itself", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10 ** 12 }),
      (durationMs) => parseDuration(formatDuration(durationMs)) === durationMs,
    ),
  );
  assert.equal(formatDuration(26 * 3_600_000), "26h");
  assert.equal(formatDuration(90 * 60_000), "1h30m");
  assert.equal(formatDuration(24 * 3_600_000), "24h");
});

test("a size is read in decimal and binary units", () => {
  assert.equal(parseSize("256 MB"), 256_000_000);
  assert.equal(parseSize("256MiB"), 268_435_456);
  assert.equal(parseSize("1.5 GB"), 1_500_000_000);
  assert.equal(parseSize("0 B"), 0);
  for (const text of ["", "256", "MB", "-1 MB", "1 MBit", "1e3 MB", "99999999 TB"])
    assert.equal(parseSize(text), null, text);
});

test("every size reads back as itself", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (sizeBytes) => parseSize(formatSize(sizeBytes)) === sizeBytes));
  assert.equal(formatSize(256_000_000), "256 MB");
  assert.equal(formatSize(2 ** 30), "1 GiB");
});
