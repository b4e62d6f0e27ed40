import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { tryProgram } from "../servers/run-program.ts";
import { createOperator, localConfig } from "./cli-tool.ts";

const launcher = join(import.meta.dirname, "../../bin/codex-backup");
const version = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")).version;

suite("usage", () => {
  const wrong: readonly (readonly [argv: readonly string[], seen: RegExp])[] = [
    [[], /needs a command\n {2}Give one of: status, run, /],
    [["lst"], /unknown command "lst"\n {2}Did you mean list\?/],
    [["list", "--jbo", "x"], /unknown option "--jbo"\n {2}Did you mean --job\?/],
    [["list", "extra"], /too many arguments/],
    [["list", "--limit", "0"], /Cannot use "0" for --limit/],
    [["config"], /needs a command\n {2}Give one of: check, show, keep, schema/],
    [["restore", "x"], /required option "--to <target>"/],
    [["verify", "--level", "proven"], /Cannot use "proven" for --level/],
    [["list", "--job", "nope"], /Cannot find job "nope": the config has "capsule"/],
    [["run", "script", "--wait=abc"], /Cannot use "abc" for --wait: it is no time.*\n.*"10m" or "1h"/],
    [["run", "script", "--wait=10"], /Cannot use "10" for --wait: it is no time.*\n.*"10m" or "1h"/],
    [["run"], /Cannot run: no job was named/],
    [["run", "--all", "capsule"], /says two things/],
    [["run", "capsul"], /Cannot find job "capsul": the config has "capsule"/],
    [["destination", "init"], /no destination was named/],
    [["show", "nothing"], /Cannot find backup "nothing"/],
    [["completion", "tcsh"], /not one of bash, zsh, fish/],
    [["init"], /this is no terminal/],
    [["init", "--preset", "codex", "--container", "x"], /several sources/],
    [["init", "--postgres", "postgres://u:hunter2secret@h/d"], /./],
    [["--config", "missing.yaml", "list"], /Cannot find the config/],
  ];

  test("each wrong line ends with 2, a message and one hint on stderr, and nothing on stdout", async () => {
    const operator = createOperator(localConfig);
    for (const [argv, seen] of wrong) {
      const { code, stdout, stderr } = await operator.runHere(...argv);
      assert.equal(code, 2, argv.join(" "));
      assert.equal(stdout, "", argv.join(" "));
      assert.match(stderr, seen, argv.join(" "));
      assert.match(stderr, /^Cannot [^\n]*[^.\n]\n {2}[^\n]+\n$/, argv.join(" "));
      assert.doesNotMatch(stderr, /hunter2secret/);
    }
  });

  test("with --json each of them is exactly one document with the code, and stderr is silent", async () => {
    const operator = createOperator(localConfig);
    for (const [argv, seen] of wrong) {
      const { code, stdout, stderr } = await operator.runHere(...argv, "--json");
      assert.equal(code, 2, argv.join(" "));
      assert.equal(stderr, "", argv.join(" "));
      const { schemaVersion, error } = JSON.parse(stdout);
      assert.equal(schemaVersion, 1);
      assert.match(error.code, /^(usage|config)\.[a-z-]+$/);
      assert.match(`${error.message}\n  ${error.hint}`, seen, argv.join(" "));
    }
  });

  test("every command without arguments answers --json with one document", async () => {
    const operator = createOperator(localConfig);
    const lines = [
      "status",
      "list",
      "schedule",
      "config check",
      "config show",
      "config schema",
      "destination list",
    ];
    for (const line of [
      ...lines,
      "prune",
      "verify",
      "catalog check",
      "completion bash",
      "--version",
      "--help",
      "logs",
    ]) {
      const { stdout, stderr } = await operator.runHere("--json", ...line.split(" "));
      assert.equal(stderr, "", line);
      const document = JSON.parse(stdout);
      assert.equal(document.schemaVersion, 1, line);
      assert.ok(Object.keys(document).length >= 2, line);
    }
  });

  test("every mistake of a config is told at once, with its place", async () => {
    const operator = createOperator(
      localConfig.replace("schedule:", "shedule:").replace("to: [store]", "to: [stor]"),
    );
    const { code, stderr } = await operator.runHere("config", "check");
    assert.equal(code, 2);
    assert.match(stderr, /codex-backup\.yaml:\d+:\d+: unknown key "shedule".*did you mean "schedule"/);
    assert.match(stderr, /codex-backup\.yaml:\d+:\d+: .*"stor".*did you mean "store"/);
    assert.equal((await operator.runHere("list")).code, 2);
  });

  test("the config is taken from --config, else $CODEX_BACKUP_CONFIG, else ./codex-backup.yaml", async () => {
    const pathOf = async (operator: ReturnType<typeof createOperator>, ...argv: readonly string[]) =>
      JSON.parse((await operator.runHere("--json", ...argv, "config", "check")).stdout).path;
    const here = createOperator(localConfig);
    assert.equal(await pathOf(here), here.path("codex-backup.yaml"));
    writeFileSync(here.path("second.yaml"), localConfig, { mode: 0o600 });
    writeFileSync(here.path("third.yaml"), localConfig, { mode: 0o600 });
    const told = createOperator(localConfig, { CODEX_BACKUP_CONFIG: here.path("second.yaml") });
    assert.equal(await pathOf(told), here.path("second.yaml"));
    assert.equal(await pathOf(told, "--config", here.path("third.yaml")), here.path("third.yaml"));
  });

  test("init writes a private file that config check accepts, and never overwrites", async () => {
    const operator = createOperator(localConfig);
    const lines = [
      "--preset codex",
      "--container pg --user app",
      "--postgres postgres://u@db.example:5433/d",
    ];
    for (const [index, line] of lines.entries()) {
      const path = operator.path("new", `${index}.yaml`);
      const { code, stdout } = await operator.runHere(
        "init",
        ...line.split(" "),
        "--output",
        path,
        "--timezone",
        "Europe/Berlin",
      );
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`codex-backup --config ${path} destination init --all`));
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal((await operator.runHere("--config", path, "config", "check")).code, 0);
      const before = readFileSync(path);
      const again = await operator.runHere("--json", "init", "--preset", "codex", "--output", path);
      assert.equal(again.code, 2);
      assert.equal(JSON.parse(again.stdout).error.code, "config.exists");
      assert.deepEqual(readFileSync(path), before);
    }
    const unread = await operator.runHere(
      "init",
      "--postgres",
      "postgres://u:hunter2secret@h/d",
      "--output",
      "x.yaml",
    );
    assert.ok(
      !existsSync(operator.path("x.yaml")) ||
        !readFileSync(operator.path("x.yaml"), "utf8").includes("hunter2secret"),
    );
    assert.doesNotMatch(unread.stdout + unread.stderr, /hunter2secret/);
  });

  test("help goes to stdout with examples, for the whole and for each command", async () => {
    const operator = createOperator(localConfig);
    for (const argv of [
      ["--help"],
      ["help"],
      ["help", "restore"],
      ["restore", "--help"],
      ["config", "check", "-h"],
    ]) {
      const { code, stdout, stderr } = await operator.runHere(...argv);
      assert.equal(code, 0, argv.join(" "));
      assert.equal(stderr, "");
      assert.match(stdout, /^Usage: codex-backup /);
      assert.match(stdout, /\nExamples:\n {2}codex-backup /);
    }
  });
});

suite("the launcher", { concurrency: 2 }, () => {
  const bare = { PATH: "/usr/bin:/bin" };

  test("works through symbolic links, from anywhere, without HOME", async () => {
    const directory = temporaryDirectory("launcher");
    symlinkSync(launcher, join(directory, "one"));
    mkdirSync(join(directory, "sub"));
    symlinkSync("../one", join(directory, "sub/two"));
    for (const program of [launcher, join(directory, "one"), join(directory, "sub/two")]) {
      const { stdout, code } = await tryProgram([program, "--version"], { env: bare, cwd: "/" });
      assert.equal(stdout, `${version}\n`);
      assert.equal(code, 0);
    }
  });

  test("is plain sh", async () => {
    const { stdout } = await tryProgram(["dash", launcher, "--version"], { env: bare });
    assert.equal(stdout, `${version}\n`);
  });

  test("with only an old Node it says which one it needs, and ends with 2", async () => {
    const home = temporaryDirectory("old-node");
    mkdirSync(join(home, "bin"));
    writeFileSync(join(home, "bin/codex-backup"), readFileSync(launcher), { mode: 0o755 });
    writeFileSync(join(home, "node"), "#!/bin/sh\necho v20.11.1\n");
    chmodSync(join(home, "node"), 0o755);
    const { code, stdout, stderr } = await tryProgram([join(home, "bin/codex-backup"), "list"], {
      env: { PATH: `${home}:/usr/bin:/bin` },
    });
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^Cannot start codex-backup: it needs Node 24 or newer, and .*version 20;\n {2}\S/);
  });

  test("hands over arguments as they are", async () => {
    const { stdout } = await tryProgram([launcher, "--json", "show", "a b'\"$x *"], {
      env: { ...bare, CODEX_BACKUP_CONFIG: "/nope nope" },
    });
    assert.match(JSON.parse(stdout).error.message, /"\/nope nope"/);
  });
});
