import { Readable } from "node:stream";
import { instant } from "../../src/domain/instant.ts";
import type { Postgres, PostgresServer, RunningDump, Snapshot } from "../../src/postgres/postgres.ts";
import { createPrograms, type Programs } from "./faulty-programs.ts";
import { createPlainRestorer, type PlainDatabases, plainThrowaway } from "./plain-restorer.ts";

/** As pg_dump writes it, of one table with two rows. */
export const dumpText = `--
-- PostgreSQL database dump
--

CREATE TABLE public.audit_logs (
    id integer,
    message text
);

COPY public.audit_logs (id, message) FROM stdin;
1\tone
2\ttwo
\\.

--
-- PostgreSQL database dump complete
--

`;

export interface PlainPostgresOptions {
  /** What stands for programs; default: sound ones. */
  readonly programs?: Programs;
  /** What was restored, by the names of databases. */
  readonly databases?: PlainDatabases;
}

/** One database and its server without any process: for tests of everything round them. What a real one reads is read. */
export function createPlainPostgres(real: Postgres, options: PlainPostgresOptions = {}): Postgres {
  const parts = {
    real,
    programs: options.programs ?? createPrograms(),
    databases: options.databases ?? new Map<string, Buffer>(),
  };
  const { programs } = parts;
  return {
    ...real,
    async connect(_source, _database, { signal }) {
      await programs.run("psql login", Buffer.alloc(0), { signal });
      return plainServer(parts, signal);
    },
    archiveText: async (_source, archive, { signal }) => {
      const text = await programs.run("pg_restore text", Buffer.concat(await archive.toArray()), { signal });
      return Readable.from([text], { objectMode: false });
    },
    async openThrowaway({ signal }) {
      await programs.run("throwaway server", Buffer.alloc(0), { signal });
      return plainThrowaway(parts, signal);
    },
    sweepThrowaways: async () => [],
  };
}

interface Parts {
  readonly real: Postgres;
  readonly programs: Programs;
  readonly databases: PlainDatabases;
}

function plainServer(parts: Parts, signal: AbortSignal): PostgresServer {
  const unused = () => Promise.reject(new Error("not part of this fake"));
  return {
    facts: {
      version: "15.20",
      versionNum: 150020,
      clientVersion: "15.20",
      systemIdentifier: "1",
      isSuperuser: true,
      inRecovery: false,
    },
    listDatabases: async () => ["codexdb", ...parts.databases.keys()],
    examine: unused,
    sizeOf: async () => dumpText.length,
    async dumpGlobals() {
      const text = await parts.programs.run("pg_dumpall", Buffer.from("CREATE ROLE codex;\n"), { signal });
      return { text, warnings: [] };
    },
    async openSnapshot() {
      await parts.programs.run("psql query of the snapshot", Buffer.alloc(0), { signal });
      return plainSnapshot(parts.programs, signal);
    },
    terminateOurs: async () => true,
    restore: createPlainRestorer(parts, signal),
    close: async () => undefined,
  };
}

/** Its bytes come from a program that may end otherwise than well. */
async function runningDump(programs: Programs, signal: AbortSignal): Promise<RunningDump> {
  const cancelled = new AbortController();
  const either = AbortSignal.any([signal, cancelled.signal]);
  let isStarted = false;
  const stream = new Readable({ read: () => undefined });
  const ended = programs.run("pg_dump", Buffer.from(dumpText), {
    signal: either,
    take: (bytes) => {
      isStarted = true;
      stream.push(bytes);
    },
  });
  ended.then(
    () => stream.push(null),
    () => stream.push(null), // finish() tells
  );
  if (!isStarted) await ended;
  return {
    stream,
    async finish() {
      await ended;
      return [];
    },
    async cancel() {
      cancelled.abort(new Error("it was cancelled"));
      stream.destroy();
    },
  };
}

function plainSnapshot(programs: Programs, signal: AbortSignal): Snapshot {
  return {
    database: "codexdb",
    name: "00000003-00000001-1",
    takenAt: instant(0),
    facts: {
      systemIdentifier: "1",
      serverVersionNum: 150020,
      serverVersion: "15.20",
      clientVersion: "15.20",
      encoding: "UTF8",
      locale: { provider: "libc", collate: "C", ctype: "C", icuLocale: null, collationVersion: null },
      databaseSizeBytes: dumpText.length,
      extensions: [],
      collations: [],
      roles: ["codex"],
      snapshot: {
        name: "00000003-00000001-1",
        lsn: "0/1",
        xmin: "1",
        takenAt: "2026-11-23T01:00:00.000Z",
      },
      leftOut: [],
    },
    dumpable: [{ schema: "public", name: "audit_logs", loadsViaRoot: false }],
    async dumpHeader() {
      const header = Buffer.from("CREATE DATABASE codexdb;\n");
      return { text: await programs.run("pg_dump header", header, { signal }), warnings: [] };
    },
    startDump: () => runningDump(programs, signal),
    fingerprintTables: () => Promise.reject(new Error("not part of this fake")),
    blockedDdl: () => [],
    async *texts() {},
    broken: new Promise(() => undefined),
    close: async () => undefined,
  };
}
