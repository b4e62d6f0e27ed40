import type { CapsuleEntry } from "../../domain/backups/manifest.ts";
import { messageOf } from "../../domain/failure.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import {
  createReferenceCheck,
  type ReferenceCheck,
  type ReferenceQuery,
  type ReferencesFacts,
  toldQuery,
} from "../../domain/sets/references.ts";
import type { PointMember } from "../../domain/sets/restore-point.ts";
import type { Context } from "../context.ts";
import { hashedPlace, type ListLine, readList } from "./reference-list.ts";

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

const cutShort = "the list of what its rows name is cut short";

async function answer({ statePath }: Context, check: ReferenceCheck, answering: Answering): Promise<void> {
  const { job, member } = answering;
  const { backup, database } = member;
  if (backup === null || database === null)
    return giveUp(check, answering, { begun: 0, reason: "the point lacks its backup" });
  const read = createListReader(check, { job: job.name, database, backup });
  try {
    const lines = await readList({ statePath, job: job.name, database, backup });
    if (lines === null) {
      return giveUp(check, answering, { begun: 0, reason: "the list of what its rows name is not there" });
    }
    for await (const some of lines) some.forEach(read.line);
    if (read.isOpen()) check.giveUp(cutShort);
    giveUp(check, answering, { begun: read.begun(), reason: cutShort });
  } catch (error) {
    const reason = `the list of what its rows name cannot be read: ${messageOf(error)}`;
    if (read.isOpen()) check.giveUp(reason);
    giveUp(check, answering, { begun: read.begun(), reason });
  }
}

/** Tells the check what a list's lines say; a query without its end is still open. */
function createListReader(check: ReferenceCheck, of: Omit<ReferenceQuery, "sql" | "root">) {
  let salt: string | null = null;
  let begun = 0;
  let isOpen = false;
  return {
    begun: () => begun,
    isOpen: () => isOpen,
    line(line: ListLine): void {
      if ("salt" in line) salt = line.salt;
      else if ("sql" in line) {
        check.begin({ ...of, ...line }, keyWith(salt));
        begun += 1;
        isOpen = true;
      } else if ("place" in line) check.name(line.place, salt === null ? line.place : null);
      else if ("outside" in line) check.name(null, line.outside);
      else {
        isOpen = false;
        if (line.end !== null) check.giveUp(line.end);
      }
    },
  };
}

function keyWith(salt: string | null): ((place: string) => string) | null {
  return salt === null ? null : (place) => hashedPlace(salt, place);
}

interface Unanswered {
  /** So many queries of the job are told already. */
  readonly begun: number;
  readonly reason: string;
}

/** The queries that no list has answered are told as not checked: none passes for one that found nothing. */
function giveUp(check: ReferenceCheck, { job, member }: Answering, { begun, reason }: Unanswered): void {
  const isSealed = job.encrypt !== null;
  for (const [index, { sql: text, root }] of job.references.entries()) {
    if (index < begun) continue;
    const sql = toldQuery(text, { index, isSealed });
    check.begin({ job: job.name, database: member.database, backup: member.backup, sql, root }, null);
    check.giveUp(reason);
  }
}
