import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildEncrypt } from "./build-encrypt.ts";
import type { Problem } from "./problem.ts";

const [one, two] = [
  "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
  "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
] as const;
const directory = mkdtempSync(join(tmpdir(), "codex-recipients-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function build(settings: { recipients?: string[]; recipientsFile?: string }, text?: string) {
  if (text !== undefined) writeFileSync(join(directory, "recipients.txt"), text);
  const problems: Problem[] = [];
  const place = {
    path: ["jobs", "p", "encrypt"],
    directory,
    report: (problem: Problem) => problems.push(problem),
  };
  const built = buildEncrypt({ recipients: [], ...settings }, place);
  return { built, said: problems.map(({ message }) => message) };
}

test("recipients come from the config and from a file beside it, each once", () => {
  const text = `# the safe\n${one}\r\n\n  ${two}  \n`;
  const { built, said } = build({ recipients: [two], recipientsFile: "recipients.txt" }, text);
  assert.deepEqual(said, []);
  assert.deepEqual(built, { recipients: [two, one] });
});

test("a job that is to be encrypted for nobody is refused, not stored in the clear", () => {
  assert.match(build({}).said.join(), /names no recipient/);
  assert.match(build({ recipientsFile: "recipients.txt" }, "# none yet\n").said.join(), /names no recipient/);
  assert.match(build({ recipientsFile: "gone.txt" }).said.join(), /"gone.txt" cannot be read: ENOENT/);
});

test("a line that is no recipient is told by its number", () => {
  const { said } = build({ recipientsFile: "recipients.txt" }, `${one}\nssh-ed25519 AAAA me\n`);
  assert.match(said.join(), /line 2 of "recipients.txt" is no recipient of age: it is an SSH key/);
});
