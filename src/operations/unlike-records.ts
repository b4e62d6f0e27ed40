import type { Destination } from "../destinations/destination.ts";
import type { Context } from "./context.ts";
import { differencesToSignature } from "./signatures/unlike-signed.ts";
import { differencesToOwnHash, type StoredBackup } from "./stored-backup.ts";
import { differencesToCatalog } from "./verify/verify.ts";

/**
 * How a copy's manifest differs from what was signed, from its own NAME.sha256 and from what the catalog knows of it, a
 * line each: nothing may be begun on its word then.
 */
export async function unlikeRecords(
  context: Context,
  destination: Destination,
  stored: StoredBackup,
): Promise<readonly string[]> {
  return [
    ...(await differencesToOwnHash(destination, stored)),
    ...(await differencesToSignature(context, destination, stored)),
    ...differencesToCatalog(context, stored),
  ];
}
