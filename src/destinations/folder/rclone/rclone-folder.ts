import { Failure } from "../../../domain/failure.ts";
import { parseJson } from "../../../domain/json.ts";
import { succeeded } from "../../../platform/child.ts";
import { existsFailure } from "../move-into-place.ts";
import type { FolderEntry, RemoteFolder } from "../remote-folder.ts";
import { failureOf, isNotThere } from "./rclone-error.ts";
import { createRclone, type Rclone } from "./rclone-program.ts";
import { openReading } from "./rclone-read.ts";
import { openWriting } from "./rclone-write.ts";
import { fileOf, locationOf } from "./remote-path.ts";
import type { RcloneSettings } from "./settings.ts";

/** "a: Moved (server-side) to: b", and where the remote cannot rename, "a: Copied (server-side copy) to: b". */
const saysMoved = /: (Moved|Copied|Renamed) \(/;

/** What the steps share. */
export interface RcloneParts {
  readonly rclone: Rclone;
  /** For messages. */
  readonly location: string;
  fileOf(name: string): string;
  stat(name: string): Promise<FolderEntry | null>;
}

/** A remote of the installed rclone. `isAtomic` is false: most of its remotes have no way to rename without overwriting. */
export function createRcloneFolder(settings: RcloneSettings): RemoteFolder {
  const { remote } = settings;
  const rclone = createRclone(settings);
  const location = locationOf(remote);
  const parts: RcloneParts = {
    rclone,
    location,
    fileOf: (name) => fileOf(remote, name),
    stat: (name) => stat(parts, name),
  };
  return {
    isAtomic: false,
    makeFolder: async () => void (await rclone.demand(`create ${location}`, ["mkdir", remote])),
    write: (name) => openWriting(parts, name),
    rename: (from, to) => rename(parts, from, to),
    stat: parts.stat,
    read: (name, range) => openReading(parts, name, range),
    list: () => list(parts, remote),
    remove: (name) => remove(parts, name),
    space: () => space(parts, remote),
    close: async () => {},
  };
}

/** Null for a folder too: of a name that is not there, stores without folders say that it is an empty one. */
async function stat({ rclone, location, fileOf }: RcloneParts, name: string): Promise<FolderEntry | null> {
  const { end, stdout } = await rclone.run(["lsjson", "--stat", "--no-mimetype", fileOf(name)]);
  if (!succeeded(end) && isNotThere(end)) return null;
  if (!succeeded(end)) throw failureOf(`look at "${name}" of ${location}`, end);
  const entry = entryOf(parseJson(stdout));
  if (entry === null) throw notUnderstood(`look at "${name}" of ${location}`);
  return entry.isFile ? { ...entry, name } : null;
}

async function list({ rclone, location }: RcloneParts, remote: string): Promise<readonly FolderEntry[]> {
  const doing = `list ${location}`;
  const { end, stdout } = await rclone.run(["lsjson", "--no-mimetype", remote]);
  if (!succeeded(end) && isNotThere(end)) {
    throw new Failure("destination.missing", `Cannot ${doing}: there is no such folder`, {
      hint: "Compare the path with: rclone lsd; or make the folder with: codex-backup destination init.",
    });
  }
  if (!succeeded(end)) throw failureOf(doing, end);
  const found = parseJson(stdout);
  if (!Array.isArray(found)) throw notUnderstood(doing);
  return found.map((each) => {
    const entry = entryOf(each);
    if (entry === null) throw notUnderstood(doing);
    return entry;
  });
}

/**
 * rclone looks for the new name itself and then leaves everything as it is, without an error: only what it says that
 * it has moved has moved. (With the old name gone as well, stores without folders would report success too.)
 */
async function rename(
  { rclone, location, fileOf, stat }: RcloneParts,
  from: string,
  to: string,
): Promise<void> {
  const doing = `rename "${from}" of ${location} to "${to}"`;
  const { end } = await rclone.run(["moveto", "-v", "--ignore-existing", fileOf(from), fileOf(to)]);
  if (!succeeded(end) && !isNotThere(end)) throw failureOf(doing, end);
  if (succeeded(end) && saysMoved.test(end.stderr)) return;
  const [source, taken] = await Promise.all([stat(from), stat(to)]);
  if (taken !== null && source !== null) throw existsFailure(to);
  if (taken !== null && succeeded(end)) return;
  throw new Failure("destination.not-found", `Cannot ${doing}: it is not there`, {
    hint: "Look for a clean-up that removes hidden files there, then run the job again.",
  });
}

async function remove(
  { rclone, location, fileOf, stat }: RcloneParts,
  name: string,
): Promise<"removed" | "gone" | "retained"> {
  const { end } = await rclone.run(["deletefile", fileOf(name)]);
  if (succeeded(end)) return "removed";
  if (isNotThere(end)) return "gone";
  const failure = failureOf(`remove "${name}" of ${location}`, end);
  if (failure.code !== "destination.denied") throw failure;
  return (await stat(name)) === null ? "gone" : "retained";
}

async function space({ rclone, location }: RcloneParts, remote: string): ReturnType<RemoteFolder["space"]> {
  const { end, stdout } = await rclone.run(["about", "--json", remote]);
  if (!succeeded(end) && /doesn't support about|not supported/i.test(end.stderr)) return null;
  if (!succeeded(end)) throw failureOf(`ask ${location} for its free space`, end);
  const told = parseJson(stdout);
  if (typeof told !== "object" || told === null || !("free" in told) || !("total" in told)) return null;
  const { free: freeBytes, total: totalBytes } = told;
  return typeof freeBytes === "number" && typeof totalBytes === "number" ? { freeBytes, totalBytes } : null;
}

/** Null for what is no item of lsjson. */
function entryOf(value: unknown): FolderEntry | null {
  if (typeof value !== "object" || value === null) return null;
  if (!("Name" in value && "Size" in value && "ModTime" in value && "IsDir" in value)) return null;
  const { Name: name, Size: sizeBytes, ModTime: modified, IsDir: isDirectory } = value;
  if (typeof name !== "string" || typeof sizeBytes !== "number" || typeof modified !== "string") return null;
  const modifiedMs = Date.parse(modified);
  return {
    name,
    sizeBytes,
    modifiedMs: Number.isNaN(modifiedMs) ? 0 : modifiedMs,
    isFile: isDirectory === false,
  };
}

function notUnderstood(doing: string): Failure {
  return new Failure("destination.io", `Cannot ${doing}: rclone's answer is not what lsjson gives`, {
    hint: "Try by hand: rclone lsjson; a wrapper round rclone must leave its output alone.",
  });
}
