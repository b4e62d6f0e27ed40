import { Failure } from "../../domain/failure.ts";
import { describeEnd, succeeded } from "../../platform/child.ts";
import { type Access, conninfoOf } from "../access.ts";
import { formatConninfo } from "../conninfo.ts";
import { outputPins } from "../pins.ts";
import type { DumpedText } from "../postgres.ts";
import { finish } from "../reach/finished.ts";
import { globalsArgs, headerArgs } from "./arguments.ts";
import { databaseForGlobals } from "./globals-database.ts";
import { judgeDump, parseMessages } from "./judge.ts";

export interface GlobalsRequest {
  /** Where to ask. */
  readonly database: string;
  readonly isSuperuser: boolean;
  readonly signal: AbortSignal;
}

/** See PostgresServer.dumpGlobals. */
export async function dumpGlobals(access: Access, request: GlobalsRequest): Promise<DumpedText> {
  const { isSuperuser, signal } = request;
  const { database, encoding } = await databaseForGlobals(access, request);
  const args = globalsArgs({
    dbname: conninfoOf(access, { database, purpose: "globals", settings: outputPins }),
    quotedDatabase: formatConninfo({ dbname: database }),
    encoding,
    passwords: isSuperuser ? "with" : "without",
  });
  const call = { program: `${access.programs}pg_dumpall`, args, stdout: "pipe", login: true } as const;
  const run = await finish(await access.reach.start(call), signal);
  const { errors, warnings } = parseMessages(run.end.stderr);
  if (!succeeded(run.end) || errors.length > 0) {
    const seen = errors[0] ?? describeEnd(run.end);
    throw new Failure("postgres.dump-failed", `Cannot dump the roles of "${database}": ${seen}`, {
      hint: "Run pg_dumpall --globals-only by hand and mend what it complains about.",
    });
  }
  demandTrailer(run.stdout, globalsTrailer, `the roles of "${database}"`);
  if (isSuperuser) return { text: run.stdout, warnings };
  const without =
    "The roles are saved without their passwords: only a superuser may read those; set them again after a restore";
  return { text: run.stdout, warnings: [without, ...warnings] };
}

export interface HeaderRequest {
  readonly database: string;
  readonly snapshot: string;
  readonly lockWaitMs: number;
  readonly encoding: string;
  readonly signal: AbortSignal;
}

/** See Snapshot.dumpHeader. */
export async function dumpHeader(access: Access, request: HeaderRequest): Promise<DumpedText> {
  const dbname = conninfoOf(access, { ...request, purpose: "dump", settings: outputPins });
  const args = headerArgs({ ...request, dbname });
  const call = { program: `${access.programs}pg_dump`, args, stdout: "pipe", login: true } as const;
  const run = await finish(await access.reach.start(call), request.signal);
  const warnings = judgeDump(run.end, request.database);
  if (!run.stdout.includes("\nCREATE DATABASE ")) {
    throw new Failure(
      "postgres.dump-failed",
      `Cannot save the settings of "${request.database}": pg_dump did not print them`,
    );
  }
  demandTrailer(run.stdout, databaseTrailer, `the settings of "${request.database}"`);
  return { text: run.stdout, warnings };
}

// Newer programs write their key before (pg_dumpall) or after (pg_dump) the last comment.
const globalsTrailer = /\n-- PostgreSQL database cluster dump complete\n--\n\n(\\unrestrict \w+\n\n)?$/;
const databaseTrailer = /\n-- PostgreSQL database dump complete\n--\n\n(\\unrestrict \w+\n\n)?$/;

/** A program that ended early with status 0 has left out what it had not come to. */
function demandTrailer(text: Buffer, trailer: RegExp, what: string): void {
  if (trailer.test(text.subarray(-500).toString("latin1"))) return;
  throw new Failure(
    "postgres.dump-truncated",
    `Cannot save ${what}: the text ends before its "dump complete" line`,
    { hint: "See whether something ends the client programs early, and run the job again." },
  );
}
