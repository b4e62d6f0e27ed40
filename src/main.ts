import { fstatSync, statSync } from "node:fs";
import { type Io, runCli, type Writer } from "./cli/cli.ts";
import { errnoOf, Failure } from "./domain/failure.ts";
import { ownAccount } from "./wiring/account.ts";
import { createPrompt } from "./wiring/prompt.ts";
import { createTool } from "./wiring.ts";

const argv = process.argv.slice(2);
const asked = new AbortController();
let isOutputLost = false;

interface Asked {
  readonly code: "run.cancelled" | "run.interrupted";
  readonly what: string;
  /** Whether it ends us at once when we are ending already. */
  readonly isUrgent: boolean;
}

/** The first signal asks the work to end well, the second ends us. */
function onSignal({ code, what, isUrgent }: Asked): () => void {
  return () => {
    const failure = new Failure(code, `Cannot finish: ${what}`, {
      hint: "Start it again when it suits you.",
    });
    if (asked.signal.aborted && !isUrgent) return;
    if (asked.signal.aborted) process.exit(failure.meaning.exit);
    asked.abort(failure);
  };
}

/** A reader that has gone (`… | head`) is no failure of ours; a disk that is full is. The rest is dropped. */
function writerOf(stream: NodeJS.WriteStream): Writer {
  let isOpen = true;
  const onError = (error?: Error | null) => {
    if (!error || !isOpen) return;
    isOpen = false;
    if (errnoOf(error) !== "EPIPE") isOutputLost = true;
  };
  stream.on("error", onError);
  return {
    write: (text) => {
      if (isOpen) stream.write(text, onError);
    },
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns || 80; // a terminal without a size says 0
    },
  };
}

/** Node opens /dev/null in place of an output that is closed: what is written there arrives nowhere. */
function leadsNowhere(fd: number): boolean {
  const found = fstatSync(fd);
  return found.isCharacterDevice() && found.rdev === statSync("/dev/null").rdev;
}

/** See Io.outputTaken. */
function outputTaken(): Promise<boolean> {
  const { stdout } = process;
  if (leadsNowhere(stdout.fd)) return Promise.resolve(false);
  return new Promise((settle) => {
    stdout.write("", (error) => settle(!error && stdout.errored === null));
  });
}

/** What is written goes out first; then nothing that was left open may keep a cron job from ending. */
function end(status: number): void {
  process.stdout.write("", () =>
    process.stderr.write("", () => {
      if (isOutputLost) process.stderr.write("Cannot write the output: the disk is full or gone\n");
      process.exit(isOutputLost ? status || 1 : status);
    }),
  );
}

/** The directory may have been removed under us. */
function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return "/"; // relative names then lead nowhere, and say so
  }
}

/** Nobody foresaw it: one clear line, and the rest for those who ask. */
function onUncaught(thrown: unknown): void {
  const isVerbose = argv.includes("-v") || argv.includes("--verbose");
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  process.stderr.write(`Cannot go on: ${error.name}: ${error.message}\n`);
  process.stderr.write(
    isVerbose ? `${error.stack}\n` : "  Run it again with -v and report what it prints.\n",
  );
  process.exit(1);
}

const cancelled = { code: "run.cancelled", what: "it was cancelled (Ctrl-C)", isUrgent: true } as const;
const interrupted = { code: "run.interrupted", isUrgent: true } as const;
process.on("SIGINT", onSignal(cancelled));
process.on("SIGTERM", onSignal({ ...interrupted, what: "it was asked to end (SIGTERM)" }));
// When ssh drops, the shell sends it and then the kernel once more: nobody is there to be impatient.
const onTerminalClosed = onSignal({
  ...interrupted,
  what: "its terminal was closed (SIGHUP)",
  isUrgent: false,
});
let onHangup = onTerminalClosed;
process.on("SIGHUP", () => onHangup());
process.on("uncaughtException", onUncaught);
process.on("unhandledRejection", onUncaught);

const surroundings = { env: process.env, cwd: currentDirectory() };
const isSomebodyThere = process.stdin.isTTY === true && process.stdout.isTTY === true;
const io: Io = {
  ...surroundings,
  stdout: writerOf(process.stdout),
  stderr: writerOf(process.stderr),
  outputTaken,
  signal: asked.signal,
  onHangup: (call) => {
    onHangup = call;
  },
  userName: process.env.SUDO_USER ?? ownAccount().name,
  prompt: isSomebodyThere ? createPrompt() : null,
};
// Not awaited at the top: the single executable is no module. What rejects is told by onUncaught.
void runCli(argv, io, createTool(surroundings)).then(end);
