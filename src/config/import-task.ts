import type { CronTask } from "../domain/cron/crontab.ts";
import { recogniseArchive } from "./import-archive.ts";
import { recogniseDump } from "./import-dump.ts";
import { readShellLine, type ShellLine } from "./import-shell.ts";

/** What a task of a crontab does, as far as we know such tasks. */
export type Recognised =
  | {
      readonly kind: "dump";
      readonly postgres: Readonly<Record<string, string | number | Readonly<Record<string, string>>>>;
      readonly directory: string;
      /** A name that its file could have. */
      readonly file: string;
      readonly name: string;
      readonly format: "sql" | "custom";
      readonly compress: "none" | "gzip" | "zstd";
      readonly notes: readonly string[];
    }
  | {
      readonly kind: "capsule";
      readonly root: string;
      readonly include: readonly string[];
      readonly directory: string;
      /** A name that its file could have. */
      readonly file: string;
      readonly name: string;
      readonly notes: readonly string[];
    }
  | { readonly kind: "checksums"; readonly directory: string; readonly notes: readonly string[] }
  | {
      readonly kind: "clean-up";
      readonly directory: string;
      readonly pattern: string | null;
      readonly days: number;
    }
  | {
      readonly kind: "command";
      readonly argv: readonly string[];
      readonly cwd: string | null;
      readonly notes: readonly string[];
    }
  | { readonly kind: "none"; readonly reason: string };

/** `environment` is what the crontab sets before the line. Never throws. */
export function recogniseTask(task: CronTask, environment: Readonly<Record<string, string>>): Recognised {
  if (task.input !== null)
    return {
      kind: "none",
      reason: 'the first "%" ends its command here, so that it never ran as it was meant',
    };
  const line = readShellLine(task.command);
  if (line === null)
    return { kind: "none", reason: "it is a shell script; put it into a file and run that as a command job" };
  const [first = []] = line.pipe;
  if (first.some((word) => /(^|\/)codex-backup$/.test(word)))
    return { kind: "none", reason: "it is our own" };
  return (
    recogniseDump(line, environment) ??
    recogniseArchive(line) ??
    recogniseChecksums(line) ??
    recogniseCleanUp(line) ??
    recogniseCommand(line)
  );
}

function recogniseChecksums({ pipe, output, directory }: ShellLine): Recognised | null {
  const [words = []] = pipe;
  if (pipe.length !== 1 || !/(^|\/)sha(256|512|1)sum$/.test(words[0] ?? "") || output === null) return null;
  const path = absolute(directory, output);
  if (path === null) return null;
  return {
    kind: "checksums",
    directory: parentOf(path),
    notes: ["each entry is born with its file, instead of being made anew from whatever lies there"],
  };
}

function recogniseCleanUp({ pipe, directory }: ShellLine): Recognised | null {
  const [words = []] = pipe;
  const days = /^\+(\d{1,5})$/.exec(words[words.indexOf("-mtime") + 1] ?? "")?.[1];
  const isDeletion = words.includes("-delete") || words.includes("rm");
  if (!/(^|\/)find$/.test(words[0] ?? "") || days === undefined || !isDeletion) return null;
  const path = absolute(directory, words[1] ?? "");
  if (path === null || Number(days) < 1) return null;
  if (!isPlainFind(words.slice(2)))
    return { kind: "none", reason: "which files it removes is chosen in a way not known to us" };
  const pattern = words.includes("-name") ? (words[words.indexOf("-name") + 1] ?? null) : null;
  return { kind: "clean-up", directory: path, pattern, days: Number(days) };
}

/** Each test once, then the deletion: "!", "-o" and whatever else chooses would turn its sense round. */
function isPlainFind(words: readonly string[]): boolean {
  const end = words.findIndex((word) => word === "-delete" || word === "-exec");
  if (!/^(-delete|-exec rm( -\w+)* \{\} [;+])( -print)?$/.test(words.slice(end).join(" "))) return false;
  const seen = new Set<string>();
  for (let at = 0; at < end; at++) {
    const word = words[at] ?? "";
    if (/^-(print|xdev|daystart)$/.test(word)) continue;
    if (!/^-(type|name|mtime|maxdepth|mindepth)$/.test(word) || seen.has(word)) return false;
    seen.add(word);
    if (word === "-type" && words[at + 1] !== "f") return false;
    at++;
  }
  return true;
}

/** Any other program, when it needs no shell. */
function recogniseCommand({ pipe, output, directory, environment, dropped }: ShellLine): Recognised {
  const [argv = []] = pipe;
  const needsShell = pipe.length > 1 || output !== null || Object.keys(environment).length > 0;
  const expands = argv.some((word) => /[$`*?~]|^\[/.test(word));
  if (needsShell || expands)
    return { kind: "none", reason: "it needs a shell; put it into a file and run that as a command job" };
  const notes =
    dropped.length === 0 ? [] : [`without ${dropped.join(" ")}: what it prints is kept in the run's log`];
  return { kind: "command", argv, cwd: directory, notes };
}

/** Null when a path leads nowhere certain. */
export function absolute(directory: string | null, path: string): string | null {
  const whole = path.startsWith("/") ? path : directory === null ? null : `${directory}/${path}`;
  if (whole === null || !whole.startsWith("/") || /[$`*?\0]/.test(whole.slice(0, whole.lastIndexOf("/"))))
    return null;
  const parts = whole.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") ? null : `/${parts.join("/")}`;
}

/** Of an absolute path; of a name right below the root, the root. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
