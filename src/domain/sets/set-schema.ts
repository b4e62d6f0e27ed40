import { z } from "zod";
import { parseInstant } from "../instant.ts";

const count = z.int().nonnegative();
const moment = z.string().refine((text) => parseInstant(text) !== null, "not a moment with a zone");
const named = z.looseObject({ count, first: z.array(z.string()) });

/** Of a manifest, as SetFacts. */
export const setFactsSchema = z.looseObject({
  name: z.string(),
  snapshotAt: moment.exactOptional(),
  point: z
    .looseObject({
      id: z.string(),
      members: z.array(
        z.looseObject({
          job: z.string(),
          database: z.string().nullable(),
          backup: z.string().nullable(),
          snapshotAt: moment.nullable(),
          reason: z.string().nullable(),
        }),
      ),
      walk: z.looseObject({ startedAt: moment, finishedAt: moment }),
      driftMs: z.int().nullable(),
    })
    .exactOptional(),
});

/** Of a capsule's facts, as Drift. */
export const driftSchema = z.looseObject({ files: count, folders: count, first: z.array(z.string()) });

/** Of a capsule's facts, as ReferencesFacts. */
export const referencesSchema = z.looseObject({
  queries: z.array(
    z.looseObject({
      job: z.string(),
      database: z.string().nullable(),
      backup: z.string().nullable(),
      sql: z.string(),
      root: z.string(),
      unchecked: z.string().nullable(),
      named: count,
      missing: named,
    }),
  ),
  unreferenced: z.array(named.extend({ root: z.string() })),
});
