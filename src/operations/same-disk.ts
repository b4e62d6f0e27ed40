import type { CopyRow } from "../catalog/catalog.ts";
import type { Destination, DestinationFacts } from "../destinations/destination.ts";
import { Failure } from "../domain/failure.ts";

/** Throws "destination.sentinel-foreign" when another disk lies there than the one that has the copy. */
export function demandSameDisk(
  { name, location }: Pick<Destination, "name" | "location">,
  { id }: Pick<DestinationFacts, "id">,
  copy: Pick<CopyRow, "backupId" | "destinationId">,
): void {
  if (id === copy.destinationId) return;
  throw new Failure(
    "destination.sentinel-foreign",
    `Cannot find "${copy.backupId}" at "${name}": ${location} now has the sentinel ${id}, and the copy lies at ${copy.destinationId}`,
    { hint: "Mount the right share; if it was replaced on purpose, run codex-backup catalog rebuild." },
  );
}
