import type { CapsuleWritten } from "../../capsule/capsule.ts";
import type { CapsuleFacts } from "../../domain/backups/manifest.ts";
import type { CapsuleJob } from "../../domain/jobs/job.ts";
import { describeCount } from "../../domain/plain-words.ts";
import { measureDrift } from "../../domain/sets/drift.ts";
import type { ReferenceResult } from "../../domain/sets/references.ts";
import {
  oldestSnapshot,
  type PointMember,
  restorePoint,
  type SetFacts,
  type Walk,
} from "../../domain/sets/restore-point.ts";
import type { Context } from "../context.ts";
import { checkReferences } from "./check-references.ts";

/** What a capsule's manifest says of its restore point, and what the run has to tell. */
export interface DescribedPoint {
  readonly set?: SetFacts;
  /** Added to the capsule's facts. */
  readonly facts: Pick<CapsuleFacts, "drift" | "references">;
  readonly warnings: readonly string[];
  /** A restore of the point would lack something although the capsule is whole. */
  readonly gaps: readonly string[];
}

export interface PackedFor {
  readonly job: CapsuleJob;
  /** As they were when the walk began. */
  readonly members: readonly PointMember[];
  readonly walk: Walk;
  readonly written: CapsuleWritten;
}

/** Describes the point to which a capsule that has just been packed belongs; of a job without a set, nothing. */
export async function describePoint(context: Context, packed: PackedFor): Promise<DescribedPoint> {
  const { job, members, walk, written } = packed;
  if (job.set === null) return { facts: {}, warnings: [], gaps: [] };
  const point = restorePoint(job.set, members, walk);
  const since = oldestSnapshot(members);
  const references = await checkReferences(context, members, written.entries);
  const facts = {
    ...(since !== null && { drift: measureDrift(written.entries, written.touchedAt, since) }),
    ...(references !== null && { references }),
  };
  const lacking = members.filter(({ backup }) => backup === null);
  const queries = references?.queries ?? [];
  return {
    set: { name: job.set, point },
    facts,
    warnings: [
      ...lacking.map((one) => `the restore point ${point.id} lacks ${nameOf(one)}: ${one.reason}`),
      ...queries.flatMap((one) =>
        one.unchecked === null ? [] : [`the references of ${nameOf(one)} were not checked: ${one.unchecked}`],
      ),
    ],
    gaps: queries.flatMap((query) => gapOf(query, job.encrypt !== null)),
  };
}

function nameOf({ job, database }: Pick<PointMember, "job" | "database">): string {
  return database === null ? job : `${job} (${database})`;
}

/** The report of an encrypted capsule's run names nothing of its content; its private part does. */
function gapOf(query: ReferenceResult, isEncrypted: boolean): readonly string[] {
  const { count, first } = query.missing;
  if (query.unchecked !== null || count === 0) return [];
  const more = count > first.length ? ", …" : "";
  const names =
    isEncrypted || first.length === 0
      ? ""
      : `: ${first.map((name) => JSON.stringify(name)).join(", ")}${more}`;
  const place = query.root === "" ? "" : ` below "${query.root}"`;
  return [
    `${nameOf(query)} names ${describeCount(query.named, "file")}${place}, ${count} of them not in this capsule${names}`,
  ];
}
