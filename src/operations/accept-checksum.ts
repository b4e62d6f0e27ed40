import type { Destination } from "../destinations/destination.ts";
import type { ChecksumLine } from "../domain/checksums/checksum-line.ts";
import { Failure } from "../domain/failure.ts";
import { hashPaths } from "../platform/hash.ts";
import { type Context, destinationNamed } from "./context.ts";
import type { AcceptReport, AcceptRequest } from "./operation.ts";
import { readBirthHashes } from "./own-hash.ts";
import { attempt, type Work } from "./run/attempt.ts";

/** What the run of an acceptance is called; no job can be, since their names have no space. */
const runName = "checksums accept";

/**
 * A person says that a file was replaced or removed on purpose: its entry in checksums.txt follows the
 * bytes, this once. Never for files of our own backups: what they were is in their manifest. Who said so and
 * why stands in a run of its own, not one of the checksums job: a person's word must not make that healthy.
 */
export async function acceptChecksum(context: Context, request: AcceptRequest): Promise<AcceptReport> {
  const { destination, entry } = await findEntry(context, request);
  await refuseOurs(destination, request.file);
  const after = await hashNow(destination, request);
  const runId = context.newRunId();
  const facts = { runId, job: runName, database: null, slot: null };
  const accepted = { file: request.file, destination: destination.name, before: entry.sha256, after };
  const { failure } = await attempt(context, facts, async (inner) => {
    // Before the change, so that a crash can leave no change without its reason.
    inner.log.warn({ ...accepted, who: request.who, why: request.why }, "accepting a checksum");
    await follow(destination, accepted);
    return workOf(accepted, request);
  });
  if (failure === null) return { ...accepted, runId };
  throw new Failure(failure.code, failure.message, failure.hint === null ? {} : { hint: failure.hint });
}

/** The file's hash as it is; null when it is gone. */
async function hashNow(destination: Destination, { file, signal }: AcceptRequest): Promise<string | null> {
  const path = destination.localPath(file);
  if (path === null) {
    throw new Failure("usage.refused", `Cannot accept "${file}": it is on no directory of this machine`, {
      hint: "Accept it on the machine whose directory it is.",
    });
  }
  const [found] = await hashPaths([path], { signal });
  if (found?.kind === "hashed" && found.isStable) return found.sha256;
  if (found?.kind === "missing") return null;
  const seen =
    found?.kind === "unreadable" ? `it cannot be read (${found.reason})` : "it is being written to";
  throw new Failure("destination.io", `Cannot accept "${file}": ${seen}`, {
    hint: "Wait until nobody writes to it, or mend its permissions; then accept it again.",
  });
}

type Accepted = Omit<AcceptReport, "runId">;

async function follow({ checksums }: Destination, { file, after }: Accepted): Promise<void> {
  if (after === null) await checksums?.drop([file]);
  else await checksums?.replace({ path: file, sha256: after });
}

function workOf({ file, destination, before, after }: Accepted, { who, why }: AcceptRequest): Work {
  const now = after === null ? "its entry was dropped" : `now ${after}`;
  const summary = `accepted "${file}" at ${destination} (before ${before}, ${now}); ${who}: ${why}`;
  return {
    outcome: "complete",
    backup: null,
    copies: [],
    windowMs: null,
    warnings: [],
    failure: null,
    summary,
  };
}

async function findEntry(
  context: Context,
  { file, destination }: AcceptRequest,
): Promise<{ readonly destination: Destination; readonly entry: ChecksumLine }> {
  const asked =
    destination === null ? [...context.destinations.values()] : [destinationNamed(context, destination)];
  const found: { destination: Destination; entry: ChecksumLine }[] = [];
  for (const candidate of asked) {
    const entry = (await candidate.checksums?.entries())?.find((line) => line.path === file);
    if (entry) found.push({ destination: candidate, entry });
  }
  const [first, second] = found;
  if (first === undefined) {
    throw new Failure(
      "checksums.unknown-file",
      `Cannot accept "${file}": no checksums.txt has an entry of this name`,
      {
        hint: "Give the name as it stands in checksums.txt.",
      },
    );
  }
  if (second === undefined) return first;
  throw new Failure(
    "usage.ambiguous",
    `Cannot tell which "${file}" is meant: ${found.map((one) => one.destination.name).join(", ")} have it`,
    {
      hint: "Add --destination NAME.",
    },
  );
}

async function refuseOurs(destination: Destination, file: string): Promise<void> {
  const own = (await readBirthHashes(destination)).get(file);
  if (own === undefined) return;
  throw new Failure(
    "usage.refused",
    `Cannot accept "${file}": it belongs to the backup described by "${own.source}", which never changes`,
    {
      hint: "Restore the file from another copy, or prune this backup.",
    },
  );
}
