import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { elsewhere, guideParts, scenes } from "./guide-scenes.ts";
import { blocksOf, keysOf, pagesWithFences } from "./guide-test.ts";

const pages: readonly string[] = Object.values(guideParts).flat();

test("each page with commands belongs to exactly one part, or is tried elsewhere", () => {
  assert.deepEqual([...pages, ...Object.keys(elsewhere)].sort(), pagesWithFences());
  for (const where of Object.values(elsewhere)) assert.ok(existsSync(where.split(":")[0] ?? ""), where);
});

test("each part has its file of tests", () => {
  const files = globSync("guide-*.test.ts", { cwd: import.meta.dirname }).map((file) =>
    readFileSync(join(import.meta.dirname, file), "utf8"),
  );
  for (const part of Object.keys(guideParts))
    assert.equal(files.filter((text) => text.includes(`tryPart("${part}"`)).length, 1, part);
});

test("what is shown and not executed is little, and each of it has its reason and a test elsewhere", () => {
  const shown = pages.flatMap(blocksOf).filter(({ note }) => note.startsWith("shown: "));
  assert.deepEqual(
    shown.map(({ text, note }) => [text, note]),
    [
      // tests/packaging/binary.test.ts: the same demo, by the executable.
      ["npm run demo", "shown: it installs packages"],
      // tests/end-to-end/schedule-units.test.ts: what the editor leaves is kept and shown.
      ["systemctl edit codex-backup-database.timer", "shown: it opens an editor"],
    ],
  );
});

test("no command hides where it is not executed", () => {
  const blocks = pages.flatMap(blocksOf);
  const hidden = blocks.filter(
    ({ language, text }) =>
      !["sh", "yaml"].includes(language) && /^(\$ )?(codex-backup|docker|systemctl|sudo) /m.test(text),
  );
  assert.deepEqual(
    hidden.map(({ place }) => place),
    [],
  );
  assert.ok(blocks.filter(({ language }) => language === "sh").length > 60);
});

test("each page ends with what proves that it worked", () => {
  for (const page of pages.filter((name) => name !== "README")) {
    const last = blocksOf(page).at(-1);
    assert.deepEqual([last?.heading, last?.language], ["Did it work?", "sh"], page);
  }
});

test("every scene belongs to a section that is there", () => {
  const numbered = pages.flatMap(keysOf);
  assert.deepEqual(
    Object.keys(scenes).filter((key) => !numbered.includes(key)),
    [],
  );
});
