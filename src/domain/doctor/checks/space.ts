import { describeSize } from "../../plain-words.ts";
import { type Diagnosis, diagnose, shellWord } from "../finding.ts";

export interface SpaceFacts {
  readonly destination: string;
  readonly path: string;
  readonly freeBytes: number | null;
  readonly freeInodes: number | null;
  /** What tonight's backups there need, by job; null: unknown. */
  readonly needs: readonly { readonly job: string; readonly bytes: number | null }[];
  /** What else lies on the same disk: "the state directory", "the data of database". */
  readonly sharesDiskWith: readonly string[];
}

const reserveBytes = 16 * 1024 * 1024;
const fewInodes = 1000;

/** Whether tonight's backups fit, and those of the nights after. */
export function judgeSpace(facts: SpaceFacts): readonly Diagnosis[] {
  return [judgeBytes(facts), ...judgeInodes(facts), ...judgeDisk(facts)];
}

function judgeBytes({ destination, path, freeBytes, needs }: SpaceFacts): Diagnosis {
  const known = needs.flatMap(({ bytes }) => (bytes === null ? [] : [bytes]));
  const needBytes = known.reduce((sum, bytes) => sum + bytes, 0);
  const unknown = needs.filter(({ bytes }) => bytes === null).map(({ job }) => job);
  if (freeBytes === null)
    return diagnose("space.unknown", destination, `how much is free in ${path} cannot be told`);
  const free = `${describeSize(freeBytes)} are free in ${path}`;
  const seen = `${free}, tonight needs about ${describeSize(needBytes)}`;
  const commands = [`df -h ${shellWord(path)}`, "codex-backup prune --dry-run"];
  if (freeBytes < needBytes + reserveBytes)
    return diagnose("space.short", destination, { message: seen, commands });
  if (unknown.length > 0) {
    return diagnose(
      "space.unknown",
      destination,
      `${free}; what ${unknown.join(", ")} will need is not known yet`,
    );
  }
  if (freeBytes < 3 * needBytes + reserveBytes)
    return diagnose("space.tight", destination, { message: seen, commands });
  return diagnose("space.ok", destination, seen);
}

function judgeInodes({ destination, path, freeInodes }: SpaceFacts): readonly Diagnosis[] {
  if (freeInodes === null || freeInodes >= fewInodes) return [];
  const message = `only ${freeInodes} files more can be created in ${path}`;
  return [diagnose("space.few-inodes", destination, { message, commands: [`df -i ${shellWord(path)}`] })];
}

function judgeDisk({ destination, path, sharesDiskWith }: SpaceFacts): readonly Diagnosis[] {
  if (sharesDiskWith.length === 0) return [];
  const what = sharesDiskWith.join(" and ");
  return [
    diagnose(
      "space.same-disk",
      destination,
      `${path} lies on one disk with ${what}: both would be lost together`,
    ),
  ];
}
