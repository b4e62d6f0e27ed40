import type { CapsuleEntry } from "../../domain/backups/manifest.ts";
import { messageOf } from "../../domain/failure.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import {
  createReferenceCheck,
  type ReferenceCheck,
  type ReferencesFacts,
} from "../../domain/sets/references.ts";
import type { PointMember } from "../../domain/sets/restore-point.ts";
import type { Context } from "../context.ts";
import { hashedPlace, readList } from "./reference-list.ts";

/** Whether every file that the rows of a restore point name is in the capsule, and what lies there unnamed. Null: nothing was asked. */
export async function checkReferences(
  context: Context,
  members: readonly PointMember[],
  entries: readonly CapsuleEntry[],
): Promise<ReferencesFacts | null> {
  const asking = members.flatMap((member) => {
    const job = context.jobs.find(({ name }) => name === member.job);
    return job?.kind === "postgres" && job.references.length > 0 ? [{ job, member }] : [];
  });
  if (asking.length === 0) return null;
  const check = createReferenceCheck(entries);
  for (const { job, member } of asking) await answer(context, check, { job, member });
  return check.finish();
}

interface Answering {
  readonly job: PostgresJob;
  readonly member: PointMember;
}

async function answer(
  { statePath }: Context,
  check: ReferenceCheck,
  { job, member }: Answering,
): Promise<void> {
  const { backup, database } = member;
  if (backup === null || database === null)
    return giveUp(check, { job, member }, "the point lacks its backup");
  const query = { job: job.name, database, backup };
  try {
    const lines = await readList({ statePath, job: job.name, database, backup });
    if (lines === null) return giveUp(check, { job, member }, "the list of what its rows name is not there");
    let salt: string | null = null;
    for await (const line of lines) {
      if ("salt" in line) salt = line.salt;
      else if ("sql" in line) check.begin({ ...query, ...line }, keyWith(salt));
      else if ("place" in line) check.name(line.place, salt === null ? line.place : null);
      else if ("outside" in line) check.name(null, line.outside);
      else if (line.end !== null) check.giveUp(line.end);
    }
  } catch (error) {
    check.giveUp(`the list of what its rows name cannot be read: ${messageOf(error)}`);
  }
}

function keyWith(salt: string | null): ((place: string) => string) | null {
  return salt === null ? null : (place) => hashedPlace(salt, place);
}

function giveUp(check: ReferenceCheck, { job, member }: Answering, reason: string): void {
  for (const { sql, root } of job.references) {
    check.begin({ job: job.name, database: member.database, backup: member.backup, sql, root }, null);
    check.giveUp(reason);
  }
}
