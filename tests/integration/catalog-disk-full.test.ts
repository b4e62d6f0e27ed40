import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import { errnoOf, Failure } from "../../src/domain/failure.ts";
import { withTmpfs } from "./local-destination/local-directory.ts";

test("a catalog that cannot be opened on a full disk says so, where SQLite speaks of an I/O error", async () => {
  await withTmpfs("size=1m", (directory) => {
    const path = join(directory, "catalog.db");
    openCatalog(path).close();
    assert.throws(
      () => writeFileSync(join(directory, "filler"), Buffer.alloc(2 ** 20)),
      (error) => errnoOf(error) === "ENOSPC",
    );
    assert.throws(
      () => openCatalog(path),
      (error) =>
        error instanceof Failure &&
        error.code === "catalog.io" &&
        /^Free space .* df -h/.test(error.hint ?? ""),
    );
    return Promise.resolve();
  });
});
