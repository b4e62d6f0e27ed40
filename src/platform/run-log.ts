import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { parseRunId } from "./run-id.ts";

/** Where one run's lines go; a stream for platform/log. */
export interface RunLogFile {
  readonly path: string;
  /**
   * Takes one line with its newline. Never throws: a full disk must not end a run because of its log.
   * What is not kept is counted.
   */
  write(line: string): void;
  /** Lines that are not in the file, because it is full or the disk is. */
  droppedLines(): number;
  /** May be called twice. */
  close(): void;
}

/** One line of a run's log. */
export interface RunLogEntry {
  /** ISO 8601; null for a line that is not ours to read (cut by a crash). */
  readonly time: string | null;
  readonly level: string | null;
  readonly message: string;
  /** Everything else that the line says. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A run that repeats itself must not fill the disk that its backups need. */
const fileLimitBytes = 16 * 1024 * 1024;

/** Creates STATE/logs/RUNID.jsonl (0600, directory 0700). Throws "platform.file", also when it is there already. */
export function createRunLogFile(directory: string, runId: string, limitBytes = fileLimitBytes): RunLogFile {
  const path = pathOf(directory, runId);
  const file = createFile(directory, path);
  let writtenBytes = 0;
  let dropped = 0;
  let isOpen = true;
  return {
    path,
    write(line) {
      const bytes = Buffer.from(line);
      const fits = isOpen && writtenBytes + bytes.length <= limitBytes;
      if (!fits || !tryWrite(file, bytes)) dropped += 1;
      else writtenBytes += bytes.length;
    },
    droppedLines: () => dropped,
    close() {
      if (!isOpen) return;
      isOpen = false;
      if (dropped > 0)
        tryWrite(file, Buffer.from(`${JSON.stringify({ level: "warn", droppedLines: dropped })}\n`));

      closeSync(file);
    },
  };
}

/** The lines of a run's log, oldest first; null when there is none. Throws "platform.file". */
export function readRunLog(directory: string, runId: string): readonly RunLogEntry[] | null {
  const path = pathOf(directory, runId);
  try {
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map(readLine);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw fileFailure("read", path, error);
  }
}

/** A log as it lies in the directory. */
export interface StoredRunLog {
  readonly runId: string;
  readonly sizeBytes: number;
}

export interface RunLogLimits {
  readonly maxFiles: number;
  /** Counted from the newest log, so that a clock that jumps removes nothing. */
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** The runs whose logs go, oldest first: what is left keeps all limits. The newest log always stays. */
export function surplusRunLogs(logs: readonly StoredRunLog[], limits: RunLogLimits): readonly string[] {
  const newestFirst = [...logs].sort((a, b) => (a.runId < b.runId ? 1 : -1));
  const newest = parseRunId(newestFirst[0]?.runId ?? "")?.at ?? 0;
  const isOld = (runId: string) => (parseRunId(runId)?.at ?? newest) < newest - limits.maxAgeMs;
  let keptBytes = 0;
  const surplus = newestFirst.filter((log, index) => {
    keptBytes += log.sizeBytes;
    const isTooMuch = index >= limits.maxFiles || keptBytes > limits.maxBytes;
    return index > 0 && (isTooMuch || isOld(log.runId));
  });
  return surplus.map((log) => log.runId).reverse();
}

/** Removes surplus logs and tells of which runs; other files in the directory are left alone. Throws "platform.file". */
export function removeSurplusRunLogs(directory: string, limits: RunLogLimits): readonly string[] {
  const surplus = surplusRunLogs(listRunLogs(directory), limits);
  for (const runId of surplus) {
    const path = pathOf(directory, runId);
    try {
      rmSync(path, { force: true });
    } catch (error) {
      throw fileFailure("remove", path, error);
    }
  }
  return surplus;
}

function listRunLogs(directory: string): readonly StoredRunLog[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(".jsonl"));
    const runIds = names
      .map((name) => name.slice(0, -".jsonl".length))
      .filter((id) => parseRunId(id) !== null);
    return runIds.flatMap((runId) => {
      const found = statSync(pathOf(directory, runId), { throwIfNoEntry: false });
      return found?.isFile() ? [{ runId, sizeBytes: found.size }] : [];
    });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw fileFailure("list", directory, error);
  }
}

/** Ids come from the command line too: only a real one becomes part of a path. */
function pathOf(directory: string, runId: string): string {
  if (parseRunId(runId) !== null) return join(directory, `${runId}.jsonl`);
  throw new Failure("usage.invalid-value", `Cannot find run "${runId}": it is no run id`, {
    hint: "Take an id from `codex-backup logs`, such as 20261123T010000Z-ab12cd.",
  });
}

function createFile(directory: string, path: string): number {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSync(path, "wx", 0o600);
  } catch (error) {
    throw fileFailure("create", path, error);
  }
}

function tryWrite(file: number, bytes: Buffer): boolean {
  try {
    let done = 0;
    while (done < bytes.length) done += writeSync(file, bytes, done);
    return true;
  } catch {
    return false; // the caller counts it
  }
}

function readLine(line: string): RunLogEntry {
  const value = parseObject(line);
  if (value === null) return { time: null, level: null, message: line, fields: {} };
  const { time, level, msg, ...fields } = value;
  return { time: textOrNull(time), level: textOrNull(level), message: textOrNull(msg) ?? "", fields };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null; // the last line of a run that was killed
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function fileFailure(verb: string, path: string, cause: unknown): Failure {
  return new Failure("platform.file", `Cannot ${verb} log "${path}": ${messageOf(cause)}`, {
    hint: "Check that the state directory can be written by the user who runs this.",
    context: { path },
    cause,
  });
}
