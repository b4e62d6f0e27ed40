import type { FailureReport } from "../../failure.ts";
import { describeCount, describeSize } from "../../plain-words.ts";
import { type Diagnosis, diagnose, octal, shellWord } from "../finding.ts";

export interface CapsuleFacts {
  readonly job: string;
  readonly root: string;
  readonly user: string;
  /** Null where it cannot be looked at. */
  readonly mode: number | null;
  readonly ownedBy: string | null;
  /** Why the tree cannot be walked; null when it can. */
  readonly failure: FailureReport | null;
  readonly files: number;
  readonly contentBytes: number;
  /** Paths below the root that this user cannot read, among those looked at. */
  readonly unreadable: readonly string[];
  readonly lookedAt: number;
}

/** Whether the tree of a capsule job can be read by whoever runs us. */
export function judgeCapsule(facts: CapsuleFacts): readonly Diagnosis[] {
  const { job, root, failure, files, contentBytes, unreadable } = facts;
  if (failure !== null) return [judgeRoot(facts, failure)];
  if (unreadable.length > 0) return [unreadableFiles(facts)];
  const seen = `${root} has ${describeCount(files, "file")}, ${describeSize(contentBytes)}, and can be read`;
  return [diagnose("capsule.ok", job, seen)];
}

function judgeRoot(facts: CapsuleFacts, { code, message, hint }: FailureReport): Diagnosis {
  const { job, root } = facts;
  switch (code) {
    case "capsule.root-missing":
      return diagnose("capsule.root-missing", job, {
        message,
        commands: [`findmnt --target ${shellWord(root)}`, `ls -ld ${shellWord(root)}`],
      });
    case "capsule.root-unreadable":
      return diagnose("capsule.root-unreadable", job, {
        message: `${message}; ${whoIsWho(facts)}`,
        commands: [chownCommand(facts)],
      });
    case "capsule.empty":
      return diagnose("capsule.empty", job, { message, commands: [`ls -la ${shellWord(root)}`] });
    default:
      return diagnose("capsule.failed", job, hint === null ? message : `${message}\n${hint}`);
  }
}

function unreadableFiles(facts: CapsuleFacts): Diagnosis {
  const { job, root, unreadable, lookedAt } = facts;
  const examples = unreadable.slice(0, 3).map((path) => `"${path}"`);
  const count = `${unreadable.length} of ${describeCount(lookedAt, "path")} looked at in ${root}`;
  return diagnose("capsule.unreadable-files", job, {
    message: `permission denied for ${count}, such as ${examples.join(", ")}; ${whoIsWho(facts)}`,
    commands: [chownCommand(facts)],
  });
}

function whoIsWho({ root, user, mode, ownedBy }: CapsuleFacts): string {
  if (mode === null) return `this runs as "${user}"`;
  return `this runs as "${user}", and ${root} belongs to "${ownedBy}", mode ${octal(mode)}`;
}

function chownCommand({ root, user }: CapsuleFacts): string {
  return `chown -R ${shellWord(user)} ${shellWord(root)}`;
}
