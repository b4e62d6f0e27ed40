import { Failure } from "../../domain/failure.ts";
import { describeEnd, succeeded } from "../../platform/child.ts";
import { conninfoOf } from "../access.ts";
import { majorOf } from "../client/version.ts";
import { parseMessages } from "../dump/judge.ts";
import { outputPins, unconverted } from "../pins.ts";
import type { RestoreRequest } from "../postgres.ts";
import { finish } from "../reach/finished.ts";
import type { ServerContext } from "../server.ts";
import type { SentDump } from "./send-dump.ts";

/** The request for several workers. */
export type ArchiveToRestore = Pick<RestoreRequest, "database" | "withoutOwners" | "signal"> & {
  readonly archive: NonNullable<RestoreRequest["archive"]>;
};

interface Restoring {
  readonly client: ServerContext["client"];
  readonly facts: Pick<ServerContext["facts"], "version" | "versionNum">;
}

/**
 * Throws "postgres.restore-refused" before anything is made, where the workers would stumble: a newer pg_restore sets
 * what the server does not know, and it talks to it by itself, so that nothing can be left out.
 */
export function demandFit({ client, facts }: Restoring): void {
  if (client.major < 17 || majorOf(facts.versionNum) >= 17) return;
  throw new Failure(
    "postgres.restore-refused",
    `Cannot restore with several workers: pg_restore ${client.text} is too new for a server of version ${facts.version}`,
    { hint: `Leave --jobs out, or install postgresql-client-${majorOf(facts.versionNum)}.` },
  );
}

/**
 * pg_restore with several workers, each table by TRUNCATE and COPY in a transaction of its own. There is none round all
 * of it: what fails leaves a half-made database, which only its own name tells apart.
 */
export async function restoreArchive(
  context: ServerContext,
  request: ArchiveToRestore,
): Promise<Pick<SentDump, "warnings">> {
  const { access } = context;
  const { database, archive, withoutOwners, signal } = request;
  const dbname = conninfoOf(access, {
    database,
    purpose: "restore",
    settings: outputPins,
    keywords: unconverted,
  });
  const owners = withoutOwners ? ["--no-owner", "--no-privileges"] : [];
  // A subscription would dial its publisher (PROOF 4.3).
  const fixed = ["--exit-on-error", "--no-password", "--no-subscriptions"];
  const args = [...fixed, ...owners, `--jobs=${archive.jobs}`, `--dbname=${dbname}`, archive.path];
  const program = `${access.programs}pg_restore`;
  const child = await access.reach.start({ program, args, stdout: "pipe", login: true });
  const { end } = await finish(child, signal);
  const { errors, warnings } = parseMessages(end.stderr);
  const [first] = errors;
  if (succeeded(end) && first === undefined) return { warnings };
  throw new Failure(
    "postgres.restore-failed",
    `Cannot restore into "${database}": ${first ?? describeEnd(end)}`,
    {
      hint: "Mend what the server complains about and restore again, or restore without --jobs.",
      context: { database },
    },
  );
}
