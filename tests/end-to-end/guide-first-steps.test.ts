import assert from "node:assert/strict";
import { test } from "node:test";
import { tryBlock } from "./guide-run.ts";
import { blocksOf, tryPart } from "./guide-test.ts";

tryPart("first steps", (host) => {
  test("a line that is misspelt anywhere would be seen", async () => {
    const find = (page: string, words: string) =>
      blocksOf(page).find(({ text, output }) => `${text}\n${output}`.includes(words)) ??
      assert.fail(`${page} has no "${words}"`);
    const misspelt: readonly (readonly [page: string, from: string, to: string])[] = [
      ["monitor", "codex-backup list", "codex-backup lst"],
      ["monitor", "tail -5", "tial -5"],
      ["monitor", "ls -la /backups/codexdb_", "ls -la /backups/codex_db"],
      ["verify", "--since", "--sinse"],
      ["run-by-hand", "prune --dry-run", "prune --dryrun"],
      ["install", "database (codexdb)  complete", "database (codexdb)  finished"],
    ];
    for (const [page, from, to] of misspelt) {
      const block = find(page, from);
      const wrong = {
        ...block,
        text: block.text.replace(from, to),
        output: block.output?.replace(from, to) ?? null,
      };
      assert.notEqual(await tryBlock(host(), wrong), null, to);
    }
  });
});
