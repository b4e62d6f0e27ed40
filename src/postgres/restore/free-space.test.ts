import assert from "node:assert/strict";
import { test } from "node:test";
import { availableIn } from "./free-space.ts";

test("free bytes are read from what df prints, of any df", () => {
  const gnu = `Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/mapper/vg root   51290592 20012345  28640000      42% /var/lib/postgresql data
`;
  assert.equal(availableIn(gnu), 28_640_000 * 1024);
  const busybox = `Filesystem           1024-blocks    Used Available Capacity Mounted on
overlay                 51290592  20012345  28640000  41% /
`;
  assert.equal(availableIn(busybox), 28_640_000 * 1024);
  for (const odd of ["", "df: /x: No such file\n", "a\nb c d\n"]) assert.equal(availableIn(odd), null);
});
