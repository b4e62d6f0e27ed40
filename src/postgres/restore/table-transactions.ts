import { quoteName } from "../sql/literal.ts";
import type { DumpEvent } from "../tap/dump-events.ts";

/** Stands before the COPY of a partition whose rows are loaded through its root. */
const viaRoot = "-- load via partition root ";

/**
 * Rewrites a dump for a restore without a transaction round all of it: each COPY gets one of its own, in which its
 * table is truncated first, because only then are rows laid down in their order (PROOF 4.5). A table that several
 * COPYs fill is not truncated: they are its partitions' rows, and have no order. Asked of each event once.
 */
export function inTableTransactions(fillsAlone: (schema: string, name: string) => boolean) {
  let isViaRoot = false;
  return (event: DumpEvent): DumpEvent => {
    if (event.kind === "comment") isViaRoot ||= event.bytes.toString("latin1", 0, viaRoot.length) === viaRoot;
    if (event.kind === "copy-end")
      return { ...event, bytes: Buffer.concat([event.bytes, Buffer.from("COMMIT;\n")]) };
    if (event.kind !== "copy-start") return event;
    const { schema, name } = event.target;
    const isWhole = !isViaRoot && fillsAlone(schema, name);
    isViaRoot = false;
    const truncate = isWhole ? `TRUNCATE ONLY ${quoteName(schema)}.${quoteName(name)};\n` : "";
    return { ...event, bytes: Buffer.concat([Buffer.from(`BEGIN;\n${truncate}`), event.bytes]) };
  };
}
