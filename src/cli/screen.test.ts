import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../domain/failure.ts";
import { Secret } from "../domain/secret.ts";
import type { Io } from "./cli.ts";
import { type GlobalFlags, readGlobalFlags } from "./global-flags.ts";
import { createPaint } from "./paint.ts";
import { printable } from "./printable.ts";
import { createScreen } from "./screen.ts";

function screenWith(flags: Partial<GlobalFlags> = {}, isTerminal = false) {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    stdout: { write: (text) => out.push(text), isTerminal, columns: 80 },
    stderr: { write: (text) => err.push(text), isTerminal, columns: 80 },
    outputTaken: async () => true,
    env: {},
    cwd: "/",
    signal: new AbortController().signal,
    onHangup: () => undefined,
    userName: "tester",
    prompt: null,
  };
  const screen = createScreen({
    io,
    tool: { monotonicMs: () => 0 },
    flags: { ...readGlobalFlags([]), ...flags },
  });
  return { screen, out: () => out.join(""), err: () => err.join("") };
}

const failure = new Failure("run.internal", "Cannot do it: it broke", { hint: "Mend it." });

test("with --json only the first document is written, whatever is said around it", () => {
  const { screen, out, err } = screenWith({ isJson: true });
  screen.print("for people");
  screen.warn("careful");
  screen.complain("bad");
  screen.document({ runs: [] });
  screen.fail(failure);
  assert.deepEqual(JSON.parse(out()), { schemaVersion: 1, runs: [] });
  assert.equal(err(), "");
});

test("a failure has its message, and its hint on a line of its own, indented by two blanks", () => {
  const { screen, out, err } = screenWith();
  screen.fail(failure);
  assert.equal(err(), "Cannot do it: it broke\n  Mend it.\n");
  assert.equal(out(), "");
});

test("quiet leaves errors alone, and a text that nobody sees is never made", () => {
  const { screen, out, err } = screenWith({ verbosity: "quiet" });
  screen.print(() => assert.fail("made for nobody"));
  screen.warn("careful");
  screen.complain("bad");
  assert.equal(out(), "");
  assert.equal(err(), "bad\n");
});

test("secrets that the config opened are in no failure, also as JSON or a URL would write them", () => {
  const secret = 'p"a$$ w/rd';
  for (const isJson of [false, true]) {
    const { screen, out, err } = screenWith({ isJson });
    screen.hide([new Secret(secret)]);
    screen.fail(
      new Failure("run.internal", `Cannot log in: ${secret} and ${encodeURIComponent(secret)} were refused`, {
        hint: `Not ${secret}.`,
      }),
    );
    for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
      assert.ok(!(out() + err()).includes(spelling));
    }
  }
});

test("verbose adds where it all began", () => {
  const { screen, err } = screenWith({ verbosity: "verbose" });
  screen.fail(new Failure("run.internal", "Cannot do it", { cause: new TypeError("x is not a function") }));
  assert.match(err(), /TypeError: x is not a function\n +at /);
});

test("the progress line is gone before anything else is written", () => {
  const { screen, out, err } = screenWith({}, true);
  screen.progress({ subject: "a", step: "dump", doneBytes: 1, totalBytes: null, current: null });
  screen.print("done");
  assert.ok(err().endsWith("\r\u001b[K"), err());
  assert.equal(out(), "done\n");
});

test("names cannot send anything to the terminal: no escapes, no returns, no turned text", () => {
  const name = "a\u001b]0;title\u0007b\rc\u202ed\u009be\u001b[31mred\u001b[39m";
  assert.equal(printable(name), "a\\u{1b}]0;title\\u{7}b\\u{d}c\\u{202e}d\\u{9b}e\u001b[31mred\u001b[39m");
  assert.equal(printable("zwei\nZeilen – ünïcode 漢字"), "zwei\nZeilen – ünïcode 漢字");
});

test("colours only on a terminal, and not against NO_COLOR, --no-color or a dumb one", () => {
  const painted = (isTerminal: boolean, isWanted: boolean, env: Io["env"]) =>
    createPaint({ writer: { isTerminal }, isWanted, env }).bad("x") !== "x";
  assert.equal(painted(true, true, {}), true);
  assert.equal(painted(false, true, {}), false);
  assert.equal(painted(true, false, {}), false);
  assert.equal(painted(true, true, { NO_COLOR: "1" }), false);
  assert.equal(painted(true, true, { TERM: "dumb" }), false);
});
