import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { errnoOf, Failure } from "../domain/failure.ts";
import { createTail, type Tail } from "./tail.ts";

/** What to start: an argv, never a shell line. */
export interface ChildSpec {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment of the child; nothing is inherited beside it. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** `none` is /dev/null; a stream with a descriptor is handed over whole (its bytes never pass through us). */
  readonly stdin?: "none" | "pipe" | Readable;
  /** A number is a descriptor of ours. To hand the output on to another child, use platform/pipe.ts. */
  readonly stdout?: "none" | "pipe" | number;
  /** A descriptor of ours that the child has as its own 3: a directory whose path it could not walk to. */
  readonly extraFd?: number;
  /**
   * How long after its own end the processes that it left behind may keep its pipes open; then our ends are
   * closed and `ended` settles, and they are left alone. Default: no limit, since a slow reader may still
   * have bytes of it to fetch.
   */
  readonly pipeGraceMs?: number;
}

/** How a child ended; exactly one of these. */
export type ChildEnd =
  | { readonly kind: "exited"; readonly code: number; readonly stderr: string }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals; readonly stderr: string };

export interface Child {
  readonly pid: number;
  /** Null unless stdin is "pipe". */
  readonly stdin: Writable | null;
  /**
   * Null unless stdout is "pipe". Must be read to its end or destroyed, else `ended` never settles. Begin in
   * the same turn in which startChild settled: when the child ends and nobody reads yet, Node discards it all.
   */
  readonly stdout: Readable | null;
  /** The end of its stderr so far (the last 64 KiB). */
  stderr(): string;
  /** Settles when its stderr (its last 64 KiB) has held the pattern: true; or when it ended without it: false. */
  hasSaid(pattern: RegExp): Promise<boolean>;
  /** Settles when the process is gone and all its streams are closed. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** True when processes that it left behind still held its pipes as `pipeGraceMs` ran out. */
  isOutlived(): boolean;
  /**
   * SIGTERM to its process group, also when only descendants are left of it; SIGKILL after `graceMs` (default
   * 5,000), and a second later our ends of its pipes are closed, whoever else holds them. May be called twice.
   */
  kill(graceMs?: number): void;
}

/** What was written before a SIGKILL can still be read for so long. */
const drainMs = 1000;

/**
 * Starts a child in its own process group. Throws Failure "platform.child" when the program cannot be
 * started (context.errno tells ENOENT from EACCES).
 */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const extra = spec.extraFd === undefined ? [] : [spec.extraFd];
  const stdio: StdioOptions = [stdinOf(spec), stdoutOf(spec), "pipe", ...extra];
  const child = spawn(spec.program, [...spec.args], {
    cwd: spec.cwd,
    env: { ...spec.env },
    stdio,
    detached: true,
    shell: false,
  });
  const tail = createTail(64 * 1024);
  child.stderr?.on("data", (chunk: Buffer) => tail.push(chunk));
  const ended = endOf(child, tail);
  let isOutlived = false;
  child.once("exit", () => {
    if (spec.pipeGraceMs === undefined) return;
    beforeClose(child, spec.pipeGraceMs, () => {
      isOutlived = true;
      closePipes(child);
    });
  });
  await startOf(child, spec);
  child.stdin?.on("error", ignoreBrokenPipe);
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: () => tail.text(),
    hasSaid: (pattern) => hasSaid(child, { tail, pattern, ended }),
    ended,
    isOutlived: () => isOutlived,
    kill: (graceMs = 5000) => killGroup(child, graceMs),
  };
}

function stdinOf(spec: ChildSpec): "ignore" | "pipe" | Readable {
  if (spec.stdin === undefined || spec.stdin === "none") return "ignore";
  return spec.stdin;
}

function stdoutOf(spec: ChildSpec): "ignore" | "pipe" | number {
  if (spec.stdout === undefined || spec.stdout === "none") return "ignore";
  return spec.stdout;
}

/** The child's own end tells why its stdin broke; a writer learns of it through its pipeline. */
function ignoreBrokenPipe(): void {
  // The listener only keeps EPIPE from becoming an uncaught exception.
}

function hasSaid(
  child: ChildProcess,
  {
    tail,
    pattern,
    ended,
  }: { readonly tail: Tail; readonly pattern: RegExp; readonly ended: Promise<ChildEnd> },
): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      if (pattern.test(tail.text())) resolve(true);
    };
    child.stderr?.on("data", look);
    void ended.then(() => resolve(pattern.test(tail.text())));
    look();
  });
}

function startOf(child: ChildProcess, spec: ChildSpec): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => {
      const errno = errnoOf(error) ?? "unknown";
      reject(
        new Failure("platform.child", `Cannot start "${spec.program}": ${errno}`, {
          hint: "Install it, or correct the path.",
          context: { program: spec.program, errno },
          cause: error,
        }),
      );
    });
  });
}

function endOf(child: ChildProcess, tail: Tail): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      const stderr = tail.text();
      resolve(signal ? { kind: "signalled", signal, stderr } : { kind: "exited", code: code ?? -1, stderr });
    });
  });
}

/** A process that has ended and whose pipes are closed is nobody's business any more: its id may be another's. */
function isClosed({ stdout, stderr, exitCode, signalCode }: ChildProcess): boolean {
  const isGone = exitCode !== null || signalCode !== null;
  return isGone && (stdout?.closed ?? true) && (stderr?.closed ?? true);
}

function killGroup(child: ChildProcess, graceMs: number): void {
  const { pid } = child;
  if (pid === undefined || isClosed(child)) return;
  signalGroup(pid, "SIGTERM");
  const timer = setTimeout(() => {
    signalGroup(pid, "SIGKILL");
    if (!isClosed(child)) beforeClose(child, drainMs, () => closePipes(child));
  }, graceMs);
  child.once("close", () => {
    if (!signalGroup(pid, 0)) clearTimeout(timer);
  });
}

/** Calls back unless the child has closed by itself within the time. */
function beforeClose(child: ChildProcess, delayMs: number, call: () => void): void {
  const timer = setTimeout(call, delayMs);
  child.once("close", () => clearTimeout(timer));
}

function closePipes(child: ChildProcess): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}

/** False when the group has no process left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false; // it has just ended by itself
    throw error;
  }
}

/** "exit status 1" or "signal SIGKILL", for messages. */
export function describeEnd(end: ChildEnd): string {
  return end.kind === "exited" ? `exit status ${end.code}` : `signal ${end.signal}`;
}

/** Exit status 0, and nothing else: not a signal, not an exit that nobody saw. */
export function succeeded(end: ChildEnd): boolean {
  return end.kind === "exited" && end.code === 0;
}
