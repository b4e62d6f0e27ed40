import { z } from "zod";
import { encrypt } from "./encrypt.ts";
import { hooks } from "./hooks.ts";
import { keep } from "./keep.ts";
import { ping } from "./pings.ts";
import { postgres } from "./postgres.ts";
import { assertions, prove } from "./prove.ts";
import {
  count,
  cron,
  duration,
  durationOrNone,
  fileMode,
  innerFolder,
  nameRule,
  nameRuleText,
  nameTemplate,
  owner,
  plainText,
  quotedText,
  relativeGlob,
  size,
  timezone,
} from "./scalar.ts";
import { dueKeys } from "./scheduler.ts";

const basis = {
  schedule: cron
    .optional()
    .describe(
      "Five cron fields (minute hour day month weekday), read in the job's zone; default: only by hand",
    ),
  timezone: timezone
    .optional()
    .describe("Zone of the schedule and of {date} and {time}; default: the file's"),
  timeout: durationOrNone.prefault("6h").describe("Wall-clock limit of a run; none for no limit"),
  maxAge: duration
    .optional()
    .describe("Stale when the newest good backup is older; default: by the schedule alone"),
  grace: duration
    .optional()
    .describe(
      "How long after its due time a run may be missing; default: 2h, or three times the usual duration",
    ),
  ...dueKeys,
  ping: ping.optional(),
  hooks: hooks.optional().describe("Programs that are run before and after each run of the job"),
};

const setName = z.string({ error: () => nameRuleText }).regex(nameRule, { error: () => nameRuleText });

const to = z.union([plainText, z.array(plainText).min(1, { error: () => "at least one destination" })]);

const backupBasis = {
  ...basis,
  to: to.describe("Names of the destinations"),
  owner: owner.optional().describe("User and group that the files are given to; default: the destination's"),
  mode: fileMode.optional().describe("Permissions of the files; default: the destination's, else 0600"),
  copies: z
    .strictObject({
      required: count(1)
        .optional()
        .describe("So many copies must have been read back for the run to be complete; default: all of them"),
    })
    .prefault({})
    .describe("When a run with several destinations is complete"),
  spool: size
    .prefault("256 MB")
    .describe("A destination further behind than this leaves the live stream and is brought up afterwards"),
  keep: keep.prefault({}).describe("What is kept; with none of the rules, everything"),
  prove: prove.optional(),
  rto: duration
    .optional()
    .describe("A restore must be done within so long; told when what proofs measure comes close to it"),
  set: setName
    .optional()
    .describe(
      "Jobs with the same one form one restore point: a capsule is packed after its databases' snapshots",
    ),
  encrypt: encrypt
    .optional()
    .describe(
      "Encrypts every file of a backup on its way; this host then cannot read it. Default: stored in the clear",
    ),
  labels: z
    .record(z.string(), quotedText)
    .default({})
    .describe("Free texts for the manifest, such as the application's version"),
  stall: durationOrNone
    .prefault("15m")
    .describe("No byte from the source for so long: the run is given up; none for no limit"),
};

const reference = z
  .strictObject({
    sql: plainText.describe("Returns one column of paths; read only, in the dump's own snapshot"),
    root: innerFolder
      .default("")
      .describe("The folder of the capsule that they are relative to; default: its root"),
    timeout: duration.prefault("5m").describe("Limit of the query"),
  })
  .describe("A query, and where its paths lie");

export type PostgresJobSettings = z.output<typeof postgresJob>;
export type CapsuleJobSettings = z.output<typeof capsuleJob>;
export type ChecksumsJobSettings = z.output<typeof checksumsJob>;
export type CommandJobSettings = z.output<typeof commandJob>;

const postgresJob = z
  .strictObject({
    ...backupBasis,
    postgres: postgres.describe("The server and its databases"),
    name: nameTemplate
      .prefault("{database}_{date}")
      .describe(
        "Base name of the files, from {date}, {time}, {timestamp}, {database}, {job}; a second run on a day gets _{time}",
      ),
    format: z.enum(["sql", "custom"]).default("sql").describe("Plain SQL, or pg_dump's custom archive"),
    compress: z.enum(["none", "zstd", "gzip"]).default("none").describe("Compression of the dump file"),
    fingerprint: z
      .enum(["stream", "independent"])
      .default("stream")
      .describe("Contents are recorded from the dump's own stream, or read once more from the database"),
    assertions,
    references: z
      .array(reference)
      .default([])
      .describe("Paths that the database names, looked for in the capsules of the job's set"),
  })
  .describe("Backs up databases of a PostgreSQL server");

const capsuleJob = z
  .strictObject({
    ...backupBasis,
    capsule: z
      .strictObject({
        root: plainText.describe("The directory"),
        include: z
          .array(relativeGlob)
          .default([])
          .describe('Globs relative to the root, such as "ledger/**"; none: everything'),
        exclude: z.array(relativeGlob).default([]).describe("Globs relative to the root that are left out"),
      })
      .describe("A directory tree, as one zip"),
    name: nameTemplate
      .prefault("{job}_{timestamp}")
      .describe("Base name of the zip, from {date}, {time}, {timestamp}, {job}"),
  })
  .describe("Packs a directory into a zip");

const checksumsJob = z
  .strictObject({
    ...basis,
    checksums: z
      .strictObject({ destination: plainText.describe("Name of the destination") })
      .describe("A destination's checksums.txt"),
  })
  .describe("Verifies every file of a directory against its checksums.txt");

const commandJob = z
  .strictObject({
    ...basis,
    command: z
      .strictObject({
        argv: z
          .array(plainText)
          .min(1, { error: () => "a program and its arguments" })
          .describe("The program and its arguments; no shell"),
        cwd: plainText.optional().describe("Directory to run in"),
        env: z
          .record(z.string(), quotedText)
          .default({})
          .describe("Environment, added to PATH, HOME and LANG"),
      })
      .describe("Any other program"),
  })
  .describe("Runs a program, with log, lock, time limit and alert");

/** The four kinds of job, by the key that makes a job one of them. */
export const jobKinds = {
  postgres: postgresJob,
  capsule: capsuleJob,
  checksums: checksumsJob,
  command: commandJob,
};

export type JobKind = keyof typeof jobKinds;
