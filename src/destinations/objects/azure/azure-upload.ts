import { createHash } from "node:crypto";
import type { Asking } from "../../layers/ask-again.ts";
import type { ObjectMetadata, ObjectUpload } from "../object-store.ts";
import type { AzureParts } from "./azure-store.ts";

export interface Beginning {
  readonly key: string;
  readonly metadata: ObjectMetadata;
  readonly asking: Asking;
}

/**
 * Uncommitted blocks belong to a name and not to an upload: two uploads of one name share them. So each has ids of
 * its own, and all ids have one length, because the service refuses a blob with ids of several.
 */
export async function beginUpload(
  parts: AzureParts,
  { key, metadata, asking }: Beginning,
): Promise<ObjectUpload> {
  const blob = (await parts.container()).getBlockBlobClient(parts.nameOf(key));
  const { accessTier } = parts.settings;
  const handle = parts.deps.randomToken(20);
  const sent = new Set<number>();
  const idOf = (number: number) =>
    Buffer.from(`${handle}-${String(number).padStart(6, "0")}`).toString("base64");
  return {
    handle,
    async part(number, bytes, signal) {
      const md5 = createHash("md5").update(bytes).digest();
      const doing = `write part ${number} of "${key}"`;
      await asking.ask(doing, async () => {
        signal.throwIfAborted();
        await parts.request(doing, bytes.length, (deadline) =>
          blob.stageBlock(idOf(number), bytes, bytes.length, {
            abortSignal: AbortSignal.any([signal, deadline]),
            transactionalContentMD5: md5,
          }),
        );
      });
      sent.add(number);
    },
    async complete() {
      const ids = [...sent].sort((a, b) => a - b).map(idOf);
      await parts.request(`finish "${key}"`, 0, (abortSignal) =>
        blob.commitBlockList(ids, {
          abortSignal,
          conditions: { ifNoneMatch: "*" },
          metadata: { ...metadata },
          ...(accessTier !== null && { tier: accessTier }),
        }),
      );
    },
    // Nothing that we could do: see azure-store.ts.
    abort: async () => {},
  };
}
