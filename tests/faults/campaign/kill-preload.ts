/**
 * Loaded before the tool (`node --import`): names each call that changes something outside of this process, writes
 * the names to a file, and kills the process at the n-th. The product knows nothing of it.
 * CODEX_FAULTS: { "trace": PATH, "killAt": N or null, "isAfter": whether the call is still made }.
 */
import childProcess from "node:child_process";
import fs from "node:fs";
import fsp from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { isMainThread } from "node:worker_threads";
import { roleOf, stepOf } from "./path-role.ts";

type Method = (this: unknown, ...given: readonly unknown[]) => unknown;
type Namer = (given: readonly unknown[], self: unknown) => string | null;

const settings = JSON.parse(process.env.CODEX_FAULTS ?? "{}") as {
  readonly trace?: string;
  readonly killAt?: number | null;
  readonly isAfter?: boolean;
}; // written by kill.ts
const trace = settings.trace === undefined ? null : fs.openSync(settings.trace, "a");
const { writeSync } = fs;
const paths = new WeakMap<object, string>();
let steps = 0;

/** True when the process is to die at this step. */
function count(name: string): boolean {
  steps += 1;
  const isLast = steps === settings.killAt;
  if (trace !== null) writeSync(trace, `${isLast ? "killed at " : ""}${name}\n`);
  return isLast;
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** A call of a promise or of a plain value; dies before it is made, or once it is done. */
function wrap(owner: object, method: string, name: Namer): void {
  const inner: Method = Reflect.get(owner, method);
  const outer: Method = function (...given) {
    const step = name(given, this);
    const isLast = step !== null && count(step);
    if (isLast && settings.isAfter !== true) die();
    const result = inner.apply(this, [...given]);
    if (isLast) {
      if (result instanceof Promise) return result.finally(die);
      die();
    }
    return result;
  };
  Reflect.set(owner, method, outer);
}

function ofPath(verb: string, which = 0): Namer {
  return (given) => {
    const path = given[which];
    const role = typeof path === "string" ? roleOf(path) : null;
    return role === null ? null : stepOf(verb, role);
  };
}

const ofHandle =
  (verb: string): Namer =>
  (_given, self) =>
    ofPath(verb)([paths.get(Object(self))], self);

const changing = ["unlink", "mkdir", "mkdtemp", "rm", "rmdir", "chmod", "chown", "writeFile", "truncate"];

function isWriting(flags: unknown): boolean {
  if (typeof flags === "number") return (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
  return typeof flags === "string" && /[wa+]/.test(flags);
}

function wrapFiles(): void {
  for (const method of changing) {
    wrap(fsp, method, ofPath(method));
    wrap(fs, `${method}Sync`, ofPath(method));
  }
  for (const method of ["link", "rename", "copyFile", "symlink"]) {
    wrap(fsp, method, ofPath(method, 1));
    wrap(fs, `${method}Sync`, ofPath(method, 1));
  }
  wrap(fs, "openSync", (given) => (isWriting(given[1]) ? ofPath("create")(given, null) : null));
  const create = fsp.open;
  fsp.open = async (path, flags, mode) => {
    const name = isWriting(flags) ? ofPath("create")([path], null) : null;
    const isLast = name !== null && count(name);
    if (isLast && settings.isAfter !== true) die();
    const handle = await create(path, flags, mode);
    if (isLast) die();
    paths.set(handle, String(path));
    return handle;
  };
}

/** Every open file has the same methods; the first one tells which. */
async function wrapHandles(): Promise<void> {
  const handle = await fsp.open(import.meta.filename);
  const prototype: object = Object.getPrototypeOf(handle);
  for (const method of ["write", "writev", "truncate", "chmod", "writeFile"])
    wrap(prototype, method, ofHandle(method));
  for (const method of ["sync", "datasync"]) wrap(prototype, method, ofHandle("fsync"));
  await handle.close();
}

const words =
  /^\s*(commit|release|begin exclusive|insert(?: or \w+)? into|replace into|update|delete from)\s*(\w*)/i;

function ofSql(sql: unknown, database: string | null): string | null {
  const found = words.exec(String(sql));
  if (found === null) return null;
  const file = database === null ? "catalog" : roleOf(database);
  if (file !== "catalog") return file === null ? null : stepOf("begin", file);
  return /^(commit|release)/i.test(found[1] ?? "") ? "commit catalog" : "change catalog";
}

function wrapDatabases(): void {
  wrap(DatabaseSync.prototype, "exec", ([sql], self) =>
    ofSql(
      String(sql).replace(/^PRAGMA [^;]*;\s*/i, ""),
      self instanceof DatabaseSync ? self.location() : null,
    ),
  );
  wrap(StatementSync.prototype, "run", (_given, self) =>
    self instanceof StatementSync ? ofSql(self.sourceSQL, null) : null,
  );
}

if (isMainThread && settings.trace !== undefined) {
  await wrapHandles();
  wrapFiles();
  wrapDatabases();
  wrap(childProcess, "spawn", ([program]) => `spawn ${basename(String(program))}`);
  syncBuiltinESMExports();
}
