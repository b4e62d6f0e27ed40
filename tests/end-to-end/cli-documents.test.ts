import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { allNodes } from "../../src/cli/completion/all-nodes.ts";
import { completionScript, completionShells } from "../../src/cli/completion/script.ts";
import { type CommandNode, describeTree } from "../../src/cli/completion/tree.ts";
import { createProgram } from "../../src/cli/program.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { tryProgram } from "../servers/run-program.ts";

const top = join(import.meta.dirname, "../..");
const program = createProgram({ version: "0", say: () => {}, on: async () => {} });
const tree = describeTree(program);

interface Line {
  readonly place: string;
  readonly words: readonly string[];
}

/** Every `codex-backup …` of fenced shell blocks, cut at pipes, lists and redirections; not an account or container of that name. */
function linesOf(path: string): readonly Line[] {
  const text = readFileSync(join(top, path), "utf8");
  const blocks = [...text.matchAll(/^```(?:sh|text)\n([\s\S]*?)^```/gm)].map((found) => found[1] ?? "");
  return blocks.flatMap((block) =>
    [...block.matchAll(/(?<![\w/=:-]|-[og] |exec )codex-backup (?=[-a-z])([^\n|;&<>#]*)/g)].map((found) => ({
      place: `${path}: ${found[0]}`,
      words: wordsOf(found[1] ?? ""),
    })),
  );
}

function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|\$\([^)]*\)|[^\s"'])+/g)].map((found) => found[0]);
}

/** Groups that do something without one of their commands, too. */
const actsAlone: readonly string[] = ["schedule"];

/** Null when the line can be typed as it stands. */
function faultOf(words: readonly string[]): string | null {
  let node: CommandNode = tree;
  let given = 0;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name = ""] = word.split("=");
    if (word.startsWith("-")) {
      const option = node.options.find((candidate) => candidate.names.includes(name));
      if (!option) return `${name} is no option of "${node.path.join(" ")}"`;
      if (option.value === "required" && !word.includes("=") && rest.shift() === undefined)
        return `${name} needs a value`;
      continue;
    }
    const child = node.children.find((candidate) => candidate.path.at(-1) === word);
    if (child) node = child;
    else if (node.children.length > 0) return `"${word}" is no command of "${node.path.join(" ")}"`;
    else given += 1;
  }
  const isWhole = node.children.length === 0 || actsAlone.includes(node.path.at(-1) ?? "");
  if (!isWhole && !words.includes("--version")) return "a command is missing";
  const most = node.arguments.some((argument) => argument.isMany)
    ? Number.POSITIVE_INFINITY
    : node.arguments.length;
  const least = node.arguments.filter((argument) => argument.isRequired).length;
  return given < least || given > most ? `${given} words are given, ${least} to ${most} are taken` : null;
}

test("a wrong line would be seen", () => {
  for (const line of [
    "lst",
    "list --jbo x",
    "config",
    "config chek",
    "show",
    "show a b",
    "list --limit",
    "restore x --to",
  ]) {
    assert.notEqual(faultOf(wordsOf(line)), null, line);
  }
  for (const line of [
    "run database --wait=10m -q",
    "--json status",
    'show "codexdb_$(date -u +%F)"',
    "--version",
  ]) {
    assert.equal(faultOf(wordsOf(line)), null, line);
  }
});

test("every command line of the README and the guides can be typed as it stands", () => {
  const lines = ["README.md", ...globSync("docs/guide/*.md", { cwd: top })].flatMap(linesOf);
  assert.ok(lines.length > 20, `only ${lines.length} lines were found`);
  assert.deepEqual(
    lines.filter(({ words }) => faultOf(words) !== null).map(({ place }) => place),
    [],
  );
});

test("every example in the help can be typed as it stands", () => {
  const commands = [program, ...allCommands(program)];
  for (const command of commands) {
    let help = "";
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    const examples = [...help.matchAll(/^ {2}codex-backup (.*?)(?: {2,}|$)/gm)].map(
      (found) => (found[1] ?? "").split(" > ")[0] ?? "",
    );
    assert.ok(examples.length > 0 || command.commands.length > 0, `${command.name()} has no example`);
    for (const example of examples) assert.equal(faultOf(wordsOf(example)), null, example);
  }
});

function allCommands(command: typeof program): readonly (typeof program)[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}

test("each completion script is right for its shell, where that is here", async () => {
  for (const shell of completionShells) {
    const script = completionScript(shell, tree);
    const found = await tryProgram(["sh", "-c", `command -v ${shell}`]);
    if (found.code !== 0) continue;
    const path = join(temporaryDirectory("completion"), "script");
    writeFileSync(path, script);
    const { code, stderr } = await tryProgram([shell, "-n", path]);
    assert.equal(stderr, "", shell);
    assert.equal(code, 0, shell);
  }
});

test("bash completes commands, their commands and their options, and files after an option", async () => {
  const complete = async (...words: readonly string[]) => {
    const script = `${completionScript("bash", tree)}
COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _codex_backup; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await tryProgram(["bash", "-c", script, "bash", "codex-backup", ...words], {
      cwd: top,
    });
    assert.equal(stderr, "");
    return stdout.trimEnd().split("\n");
  };
  assert.deepEqual(await complete("sta"), ["status"]);
  assert.deepEqual(await complete("config", "s"), ["show", "schema"]);
  assert.deepEqual(await complete("run", "--w"), ["--wait"]);
  assert.deepEqual(await complete("--json", "restore", "x", "--dry"), ["--dry-run"]);
  assert.deepEqual(await complete("--config", "package.j"), ["package.json"]);
});

test("no two commands share a path, and each says what it does in a sentence", () => {
  const nodes = allNodes(tree);
  assert.equal(new Set(nodes.map((node) => node.path.join(" "))).size, nodes.length);
  for (const node of nodes) assert.match(node.summary, /^[A-Z].*\.$/, node.path.join(" "));
});
