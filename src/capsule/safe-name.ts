import { Failure } from "../domain/failure.ts";
import { type RawName, textOf } from "./raw-name.ts";

/**
 * Why an entry of this name must not be extracted; null when it is safe. `barred` are the entries before it that are no
 * folders: nothing may lie below a file or a link. A backslash or a "C:" is an ordinary part of a name on Linux.
 */
export function nameDanger(raw: RawName, barred: ReadonlySet<RawName>): ((path: string) => Failure) | null {
  const seen = dangerIn(raw, barred);
  if (seen === null) return null;
  return (path) =>
    new Failure("capsule.unsafe-path", `Cannot extract "${textOf(raw)}" from "${path}": ${seen}`, {
      hint: "Do not trust this file: codex-backup never writes such a name.",
      context: { path, entry: textOf(raw) },
    });
}

function dangerIn(raw: RawName, barred: ReadonlySet<RawName>): string | null {
  if (raw.startsWith("/")) return "its name is absolute";
  if (raw.includes("\0")) return "its name holds a zero byte";
  const names = (raw.endsWith("/") ? raw.slice(0, -1) : raw).split("/");
  if (names.includes("..")) return "its name leads out of the target";
  if (names.includes("") || names.includes(".")) return "its name has an empty part";
  for (let depth = 1; depth <= names.length; depth += 1) {
    const above = names.slice(0, depth).join("/");
    if (above !== raw && barred.has(above))
      return `it would lie inside "${textOf(above)}", which is no folder`;
  }
  return null;
}
