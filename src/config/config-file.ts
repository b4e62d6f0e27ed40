import { access, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { formatSize } from "../domain/size.ts";

export interface ConfigText {
  readonly path: string;
  /** Relative paths in the file are taken from here. */
  readonly directory: string;
  readonly text: string;
  /** False when others than owner and group can read it; such a file must not hold a password. */
  readonly isPrivate: boolean;
}

/** What is looked at when nothing is asked for, in this order. */
const configVariable = "CODEX_BACKUP_CONFIG";
const localName = "codex-backup.yaml";
const systemPath = "/etc/codex-backup/config.yaml";

const limitBytes = 1_000_000;

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** See ConfigLoader.locate. */
export async function locateConfig(asked: string | null, { env, cwd }: Surroundings): Promise<string> {
  const named = asked ?? (env[configVariable] || null);
  if (named !== null)
    return requireNamed(resolve(cwd, named), asked === null ? `$${configVariable}` : "--config");
  const places = [join(cwd, localName), systemPath];
  for (const place of places) {
    if (await isThere(place)) return place;
  }
  throw new Failure(
    "config.missing",
    `Cannot find a config: neither ${places.map((place) => `"${place}"`).join(" nor ")} exists`,
    {
      hint: "Write one with codex-backup init, or name yours with --config FILE.",
    },
  );
}

async function requireNamed(path: string, origin: string): Promise<string> {
  if (await isThere(path)) return path;
  throw new Failure("config.missing", `Cannot find the config "${path}" that ${origin} names: no such file`, {
    hint: `Correct ${origin}, or write the file with codex-backup init.`,
  });
}

/** True also when it cannot be looked at: reading it then says why. */
async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR";
  }
}

/** Set by `serve` for the runs that it starts: where the text lies that it has read and checked itself. */
const snapshotVariable = "CODEX_BACKUP_CONFIG_SNAPSHOT";

/**
 * The text as `serve` has it, where it has started us: a file that was edited since and is not yet taken over,
 * or cannot be, must not change or stop its runs. What the file says of paths still counts from its own place.
 */
export async function readCurrentText(path: string, { env }: Pick<Surroundings, "env">): Promise<ConfigText> {
  const snapshot = env[snapshotVariable];
  if (snapshot === undefined) return readConfigText(path);
  return { ...(await readConfigText(snapshot)), path, directory: dirname(resolve(path)) };
}

/** Throws "config.missing" or "config.unreadable". */
async function readConfigText(path: string): Promise<ConfigText> {
  try {
    const { mode, isFile } = await stat(path).then((found) => ({ mode: found.mode, isFile: found.isFile() }));
    if (isFile && (mode & 0o002) !== 0) throw writableByAll(path);
    const bytes = await readFile(path);
    return {
      path,
      directory: dirname(resolve(path)),
      text: decode(bytes, path),
      isPrivate: !isFile || (mode & 0o004) === 0,
    };
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(path, error);
  }
}

function decode(bytes: Buffer, path: string): string {
  const reason = findEncodingProblem(bytes);
  if (reason === null) return new TextDecoder("utf-8").decode(bytes); // drops a byte order mark
  throw new Failure("config.unreadable", `Cannot read the config "${path}": ${reason}`, {
    hint: "Save it as plain text in UTF-8.",
  });
}

function findEncodingProblem(bytes: Buffer): string | null {
  if (bytes.length > limitBytes) return `it has more than ${formatSize(limitBytes)}`;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return "it is UTF-16";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return bytes.includes(0) ? "it holds zero bytes" : null;
  } catch (error) {
    return error instanceof TypeError ? "it is not UTF-8" : messageOf(error);
  }
}

function writableByAll(path: string): Failure {
  return new Failure(
    "config.unreadable",
    `Cannot trust the config "${path}": every user of this host can write it`,
    {
      hint: `Run: chmod o-w ${path}`,
    },
  );
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "a part of the path is no directory",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ELOOP: "its symbolic links go in a circle",
};

function unreadable(path: string, error: unknown): Failure {
  const errno = errnoOf(error) ?? "";
  const isMissing = errno === "ENOENT" || errno === "ENOTDIR";
  return new Failure(
    isMissing ? "config.missing" : "config.unreadable",
    `Cannot read the config "${path}": ${reasons[errno] ?? messageOf(error)}`,
    {
      hint: isMissing
        ? "Write one with codex-backup init, or name yours with --config FILE."
        : "Run as a user who may read it, or name another file with --config FILE.",
      cause: error,
    },
  );
}
