import assert from "node:assert/strict";
import { test } from "node:test";
import { missingLines, readGuide, statusOf } from "./guide-page.ts";

const page = `# Page

Words.

\`\`\`sh
cd /backups
ls
\`\`\`

\`\`\`text
codexdb_2026-11-23.sql
\`\`\`

## Trouble

<!-- ends with 4 -->
\`\`\`sh
codex-backup verify
\`\`\`

Seen:

\`\`\`text
no output of the one above
\`\`\`
`;

test("a page is read into its blocks, each with its heading, its line, its note and its output", () => {
  const blocks = readGuide("page.md", page);
  assert.deepEqual(
    blocks.map(({ place, heading, language, note, output }) => [place, heading, language, note, output]),
    [
      ["page.md:5", "Page", "sh", "", "codexdb_2026-11-23.sql"],
      ["page.md:17", "Trouble", "sh", "ends with 4", null],
      ["page.md:23", "Trouble", "text", "", null],
    ],
  );
  assert.deepEqual(blocks.map(statusOf), [0, 4, 0]);
  assert.equal(blocks[0]?.text, "cd /backups\nls");
});

test("printed lines may differ in numbers, widths and what is left out, and in nothing else", () => {
  const output = "database  6 h ago  223 MB\n…\ndisk  /backups … full";
  const printed = "job\ndatabase    12 s ago   1.5 kB\nmore\ndisk /backups 61 % full\n";
  assert.deepEqual(missingLines(output, printed), []);
  assert.deepEqual(missingLines(output, printed.replace("ago", "old")), ["database  6 h ago  223 MB"]);
  assert.deepEqual(missingLines("b\na", "a\nb"), ["a"]);
  assert.deepEqual(missingLines("a", ""), ["a"]);
  assert.deepEqual(missingLines("tonight 02:00", "tomorrow 02:15"), []);
});
