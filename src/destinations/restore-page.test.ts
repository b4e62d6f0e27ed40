import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBackupFile } from "../domain/backups/backup-file.ts";
import { restorePage } from "./restore-page.ts";

test("the page has a command for each ending that a dump can have", () => {
  for (const format of ["sql", "custom"] as const) {
    for (const compression of ["none", "gzip", "zstd"] as const) {
      const name = formatBackupFile("BACKUP", { kind: "dump", format, compression });
      const isRead = restorePage
        .split("\n")
        .some((line) => line.includes("NEWDB") && line.split(/[ ']/).includes(name));
      assert.ok(isRead, name);
    }
  }
});
