import type { DiskSample } from "../../domain/health/disk-forecast.ts";
import { instant } from "../../domain/instant.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";
import type { Row } from "../row.ts";

const ofDisk = "destination = $destination AND destination_id = $destinationId";

const select = `
  SELECT at_ms, free_bytes, total_bytes FROM disk_samples WHERE ${ofDisk} AND at_ms >= $since ORDER BY at_ms`;

/** The hour is counted both ways, so that a clock that was ahead for a while does not end the measuring. */
const insert = `
  INSERT INTO disk_samples (destination, destination_id, at_ms, free_bytes, total_bytes)
  SELECT $destination, $destinationId, $at, $freeBytes, $totalBytes
  WHERE NOT EXISTS (SELECT 1 FROM disk_samples WHERE ${ofDisk} AND at_ms > $at - $apart AND at_ms < $at + $apart)`;

/** By their number and not by their age: a clock that jumps must not cost the history. */
const removeSurplus = `
  DELETE FROM disk_samples WHERE ${ofDisk} AND at_ms <= (
    SELECT at_ms FROM disk_samples WHERE ${ofDisk} ORDER BY at_ms DESC LIMIT 1 OFFSET $kept)`;

const apart = 3_600_000;
/** 120 days of hours. */
const kept = 120 * 24;

export function diskSampleStatements(connection: Connection): Pick<Catalog, "putDiskSample" | "diskSamples"> {
  return {
    putDiskSample: ({ destination, destinationId, at, freeBytes, totalBytes }) =>
      connection.atomically(() => {
        connection.change(insert, { destination, destinationId, at, freeBytes, totalBytes, apart });
        connection.change(removeSurplus, { destination, destinationId, kept });
      }),
    diskSamples: (destination, destinationId, since) =>
      connection.all(select, { destination, destinationId, since: since ?? instant(0) }, readSample),
  };
}

function readSample(row: Row): DiskSample {
  return {
    at: row.instant("at_ms"),
    freeBytes: row.count("free_bytes"),
    totalBytes: row.count("total_bytes"),
  };
}
