import { Failure } from "../domain/failure.ts";

/** Everything of ours that is no backup begins so; hidden, so that no `ls` and no glob takes it for one. */
export const sentinelName = ".codex-backup";
export const lockName = ".codex-backup.lock";
const probePrefix = ".codex-backup.probe-";

/** Under which name a file waits until it is whole. */
export function partialName(name: string, runId: string): string {
  return `.${name}.partial-${runId}`;
}

/** Reads what partialName writes; null for any other name. */
export function parsePartialName(text: string): { readonly name: string; readonly runId: string } | null {
  const [, name, runId] = /^\.(.+)\.partial-([A-Za-z0-9][A-Za-z0-9_.-]*)$/s.exec(text) ?? [];
  if (name === undefined || runId === undefined) return null;
  return name.startsWith(".") || name.includes("/") ? null : { name, runId };
}

/** Hidden, and of no run: what `ready` writes to see that it can. */
export function probeName(token: string): string {
  return `${probePrefix}${token}`;
}

/** Also those that a killed `ready` left. */
export function isProbeName(name: string): boolean {
  return name.startsWith(probePrefix);
}

/**
 * Refuses names that would leave the folder, hide the file, or not fit (255 bytes together with the partial's
 * additions). Throws "usage.invalid-value".
 */
export function checkName(name: string, runId = ""): void {
  const reason = faultOf(name, runId);
  if (reason === null) return;
  throw new Failure("usage.invalid-value", `Cannot keep a file as "${name}": ${reason}`, {
    hint: "Choose another name in the job's configuration.",
  });
}

function faultOf(name: string, runId: string): string | null {
  if (name === "") return "the name is empty";
  if (name.startsWith(".")) return "names that begin with a dot are hidden";
  if (/[/\0]/.test(name)) return "a name has no slash and no zero byte";
  if (runId !== "" && parsePartialName(partialName("x", runId)) === null) return `"${runId}" is no run id`;
  const length = Buffer.byteLength(partialName(name, runId));
  return length > 255 ? `with our additions it has ${length} bytes, and 255 is the limit` : null;
}
