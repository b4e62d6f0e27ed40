/** A stretch of entries in their order: small ones for one worker at a time, or one that has to be streamed. */
export type Segment<Item> =
  | { readonly kind: "batch"; readonly items: readonly Item[]; readonly sizeBytes: number }
  | { readonly kind: "large"; readonly item: Item; readonly sizeBytes: 0 };

const batchBytes = 1024 * 1024;
const batchItems = 256;

/** Items above `wholeBytes` stand alone. The order stays. */
export function planSegments<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  wholeBytes: number,
): readonly Segment<Item>[] {
  const segments: Segment<Item>[] = [];
  let batch: Item[] = [];
  let sizeBytes = 0;
  const close = () => {
    if (batch.length > 0) segments.push({ kind: "batch", items: batch, sizeBytes });
    batch = [];
    sizeBytes = 0;
  };
  for (const item of items) {
    const itemBytes = sizeOf(item);
    const isLarge = itemBytes > wholeBytes;
    if (isLarge || batch.length >= batchItems || sizeBytes + itemBytes > batchBytes) close();
    if (isLarge) {
      segments.push({ kind: "large", item, sizeBytes: 0 });
    } else {
      batch.push(item);
      sizeBytes += itemBytes;
    }
  }
  close();
  return segments;
}
