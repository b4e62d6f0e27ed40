import { access, constants, readFile, stat } from "node:fs/promises";
import { errnoOf } from "../../domain/failure.ts";
import { type ChildSpec, startChild, succeeded } from "../../platform/child.ts";
import { findRecord } from "../../platform/owner.ts";
import { readToEnd } from "../../platform/read-to-end.ts";

/** Mode and owner's name of what a path leads to; null when nothing is there, or nobody may look. */
export async function rightsAt(
  path: string,
): Promise<{ readonly mode: number; readonly ownedBy: string; readonly device: number } | null> {
  try {
    const { mode, uid, dev } = await stat(path);
    return { mode: mode & 0o7777, ownedBy: await nameOfUser(uid), device: dev };
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES", "ELOOP"].includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}

/** The number itself where nobody has a name for it. */
async function nameOfUser(uid: number): Promise<string> {
  return (await findRecord("passwd", String(uid)))?.[0] ?? String(uid);
}

/** Whether this machine knows an account of that name. */
export async function isUser(name: string): Promise<boolean> {
  return (await findRecord("passwd", name)) !== null;
}

/** Whether this user may do that with it; a path that is not there may be nothing. */
export async function may(path: string, right: "read" | "write" | "execute" | "see"): Promise<boolean> {
  const { R_OK, W_OK, X_OK, F_OK } = constants;
  const mode = { read: R_OK, write: W_OK | X_OK, execute: X_OK, see: F_OK }[right];
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/** A text; null when it is not there or nobody may read it. */
export async function textAt(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}

/** What a program printed; null when it is not there, failed, or was called off. */
export async function outputOf(
  spec: Pick<ChildSpec, "program" | "args" | "env" | "cwd">,
  signal: AbortSignal,
): Promise<string | null> {
  const child = await startChild({ ...spec, stdout: "pipe" }).catch(() => null);
  if (child === null) return null;
  const onAbort = () => child.kill(0);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const text = child.stdout === null ? "" : (await readToEnd(child.stdout)).toString("utf8");
    return succeeded(await child.ended) ? text : null;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
