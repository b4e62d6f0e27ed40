import type { FailureReport } from "../../failure.ts";
import { describeSize } from "../../plain-words.ts";
import { type Diagnosis, diagnose, octal, shellWord } from "../finding.ts";

export interface StateFacts {
  readonly path: string;
  /** Name of the user that looks. */
  readonly user: string;
  /** Null: it is not there. */
  readonly mode: number | null;
  /** Name of its owner, or the number where nobody has a name for it. */
  readonly owner: string | null;
  /** Whether this user may write to it, or, when it is not there, to the nearest directory above. */
  readonly isWritable: boolean;
  readonly freeBytes: number | null;
  /** Why the catalog could not be opened; null when it could or is not there yet. */
  readonly catalogFailure: FailureReport | null;
  /** What the catalog says of itself; empty when it is sound. */
  readonly catalogProblems: readonly string[];
  readonly logBytes: number;
}

const leastFreeBytes = 16 * 1024 * 1024;
const mostLogBytes = 512 * 1024 * 1024;

/** Whether our own records can be kept. */
export function judgeState(facts: StateFacts): readonly Diagnosis[] {
  const found = [...judgeDirectory(facts), ...judgeSpace(facts), ...judgeCatalog(facts)];
  if (found.length > 0) return found;
  return [diagnose("state.ok", facts.path, "it can be written, and its catalog is sound")];
}

function judgeDirectory({ path, user, mode, owner, isWritable }: StateFacts): readonly Diagnosis[] {
  if (!isWritable) return [notWritable({ path, user, mode, owner })];
  if (mode === null) {
    return [
      diagnose("state.missing", path, {
        message: "it is not there yet; the first run makes it, mode 0700",
        commands: [`install -d -m 0700 ${shellWord(path)}`],
        remedy: { kind: "make-directory", path, mode: 0o700, owner: null },
      }),
    ];
  }
  if ((mode & 0o007) === 0) return [];
  return [
    diagnose("state.open", path, {
      message: `other users of this machine can look into it (mode ${octal(mode)})`,
      commands: [`chmod 0700 ${shellWord(path)}`],
      remedy: { kind: "set-modes", paths: [path], mode: 0o700 },
    }),
  ];
}

function notWritable({ path, user, mode, owner }: Pick<StateFacts, "path" | "user" | "mode" | "owner">) {
  if (mode === null) {
    return diagnose("state.not-writable", path, {
      message: `it is not there, and "${user}" may not make it`,
      commands: [`install -d -o ${shellWord(user)} -m 0700 ${shellWord(path)}`],
    });
  }
  return diagnose("state.not-writable", path, {
    message: `"${user}" may not write to it: it belongs to "${owner}", mode ${octal(mode)}`,
    commands: [`chown -R ${shellWord(user)} ${shellWord(path)}`],
  });
}

function judgeSpace({ path, freeBytes, logBytes }: StateFacts): readonly Diagnosis[] {
  const full =
    freeBytes !== null && freeBytes < leastFreeBytes
      ? [
          diagnose("state.full", path, {
            message: `${describeSize(freeBytes)} are free, needed are ${describeSize(leastFreeBytes)}`,
            commands: [`df -h ${shellWord(path)}`],
          }),
        ]
      : [];
  if (logBytes <= mostLogBytes) return full;
  const large = `the run logs take ${describeSize(logBytes)}`;
  const commands = [`du -sh ${shellWord(`${path}/logs`)}`];
  return [...full, diagnose("state.logs-large", path, { message: large, commands })];
}

function judgeCatalog({ path, catalogFailure, catalogProblems }: StateFacts): readonly Diagnosis[] {
  if (catalogFailure !== null) {
    const { code, message } = catalogFailure;
    if (code === "catalog.damaged")
      return [diagnose("state.damaged", path, { message, commands: ["codex-backup catalog rebuild"] })];
    if (code === "catalog.newer") return [diagnose("state.newer", path, message)];
    return [diagnose("state.unusable", path, { message, commands: [`ls -l ${shellWord(path)}`] })];
  }
  if (catalogProblems.length === 0) return [];
  const message = `the catalog is damaged: ${catalogProblems.slice(0, 3).join("; ")}`;
  return [diagnose("state.damaged", path, { message, commands: ["codex-backup catalog rebuild"] })];
}
