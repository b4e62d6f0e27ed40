import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findInstalled } from "./server-programs.ts";

test("the newest server wins by number, a folder with clients only is none, and a host without any has null", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "codex-servers-"));
  t.after(() => rmSync(root, { recursive: true }));
  const searched = [
    [join(root, "missing"), /^(\d+)$/],
    [root, /^(\d+)$/],
  ] as const;
  assert.equal(await findInstalled(searched), null);
  for (const major of ["9", "15", "17", "old-18"]) mkdirSync(join(root, major, "bin"), { recursive: true });
  assert.equal(await findInstalled(searched), null);
  for (const major of ["9", "15", "old-18"]) writeFileSync(join(root, major, "bin/initdb"), "");
  assert.equal(await findInstalled(searched), join(root, "15"));
});
