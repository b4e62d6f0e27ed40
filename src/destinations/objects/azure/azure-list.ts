import type { ContainerClient } from "@azure/storage-blob";
import type { ListedObject } from "../object-store.ts";
import type { AzureParts } from "./azure-store.ts";

/** Of one folder alone, page by page: what lies below it belongs to others. */
export async function listBlobs(
  { request }: Pick<AzureParts, "request">,
  container: Pick<ContainerClient, "listBlobsByHierarchy">,
  prefix: string,
): Promise<readonly ListedObject[]> {
  const found: ListedObject[] = [];
  let continuationToken: string | undefined;
  do {
    const from = continuationToken === undefined ? {} : { continuationToken };
    const { value } = await request("list", 0, (abortSignal) =>
      container.listBlobsByHierarchy("/", { prefix, abortSignal }).byPage(from).next(),
    );
    for (const { name, properties } of value?.segment?.blobItems ?? []) {
      found.push({
        key: name.slice(prefix.length),
        sizeBytes: properties.contentLength ?? 0,
        modifiedMs: properties.lastModified.getTime(),
      });
    }
    continuationToken = value?.continuationToken || undefined; // of the last page it is ""
  } while (continuationToken !== undefined);
  return found;
}
