import type { Destination } from "../destinations/destination.ts";
import type { ChecksumLine } from "../domain/checksum-line.ts";
import { Failure } from "../domain/failure.ts";
import { hashPaths } from "../platform/hash.ts";
import { type Context, destinationNamed } from "./context.ts";
import type { AcceptReport, AcceptRequest } from "./operation.ts";
import { readBirthHashes } from "./own-hash.ts";

/**
 * A person says that a file was replaced or removed on purpose: its entry in checksums.txt follows the
 * bytes, this once. Never for files of our own backups: what they were is in their manifest.
 */
export async function acceptChecksum(context: Context, request: AcceptRequest): Promise<AcceptReport> {
  const { destination, entry } = await findEntry(context, request);
  await refuseOurs(destination, request.file);
  const path = destination.localPath(request.file) ?? request.file;
  const [found] = await hashPaths([path], { signal: request.signal });
  const after = found?.kind === "hashed" ? found.sha256 : null;
  if (found?.kind === "unreadable") {
    throw new Failure(
      "destination.io",
      `Cannot accept "${request.file}": it cannot be read (${found.reason})`,
      { hint: "Mend its permissions first." },
    );
  }
  if (after === null) await destination.checksums?.drop([request.file]);
  else await destination.checksums?.replace({ path: request.file, sha256: after });
  context.log.warn(
    {
      file: request.file,
      destination: destination.name,
      before: entry.sha256,
      after,
      who: request.who,
      why: request.why,
    },
    "checksum accepted",
  );
  return { file: request.file, destination: destination.name, before: entry.sha256, after };
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
