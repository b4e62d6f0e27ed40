import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { recipientFault } from "./recipient.ts";

const good = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

test("what age-keygen prints is a recipient", () => {
  assert.equal(recipientFault(good), null);
});

test("one letter mistyped anywhere is found", () => {
  const letters = [..."qpzry9x8gf2tvdw0s3jn54khce6mua7l"];
  fc.assert(
    fc.property(fc.integer({ min: 4, max: good.length - 1 }), fc.constantFrom(...letters), (at, letter) => {
      fc.pre(good[at] !== letter);
      const mistyped = good.slice(0, at) + letter + good.slice(at + 1);
      assert.match(recipientFault(mistyped) ?? "", /mistyped|plugin|does not know/);
    }),
  );
});

const refused: Readonly<Record<string, RegExp>> = {
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ root@host": /SSH key/,
  "AGE-SECRET-KEY-1QQPQYRQSZQG9UPGXPGMPSZQG": /secret key/,
  [`age1pq1${"q".repeat(100)}`]: /age before 1\.3/,
  age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t: /plugin/,
  "": /does not begin/,
  [good.slice(0, -1)]: /61 letters instead of 62/,
  [`${good} `]: /63 letters/,
};

for (const [text, why] of Object.entries(refused)) {
  test(`"${text.slice(0, 20)}" is refused, and said why`, () => {
    assert.match(recipientFault(text) ?? "", why);
  });
}
