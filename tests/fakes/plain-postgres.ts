import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { Failure } from "../../src/domain/failure.ts";
import { instant } from "../../src/domain/instant.ts";
import type { Postgres, PostgresServer, Snapshot, Throwaway } from "../../src/postgres/postgres.ts";

/** As pg_dump writes it, of one table with two rows. */
const dumpText = `--
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

/** One database and its server without any process: for tests of everything round them. What a real one reads is read. */
export function createPlainPostgres(real: Postgres): Postgres {
  return { ...real, connect: async () => plainServer(), openThrowaway: async () => plainThrowaway(real) };
}

/** What was sent to it comes back. */
function plainThrowaway(real: Postgres): Throwaway {
  const { signal } = new AbortController();
  let text: Buffer = Buffer.alloc(0);
  return {
    description: "PostgreSQL 15.20, in memory",
    versionNum: 150020,
    clientVersion: "15.20",
    unproven: [],
    async restore({ openDump, expected }) {
      text = Buffer.concat(await (await openDump()).toArray());
      if (text.length !== expected.sizeBytes || sha256Of(text) !== expected.sha256)
        throw new Failure("postgres.restore-failed", 'Cannot restore "codexdb": other bytes than expected');
      return { warnings: [] };
    },
    readBack: () => real.readDump(Readable.from([text], { objectMode: false }), { signal }),
    fingerprintTable: () => Promise.reject(new Error("not part of this fake")),
    ask: async () => "t",
    close: async () => undefined,
  };
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function plainServer(): PostgresServer {
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
    listDatabases: async () => ["codexdb"],
    examine: unused,
    sizeOf: async () => dumpText.length,
    dumpGlobals: async () => ({ text: Buffer.from("CREATE ROLE codex;\n"), warnings: [] }),
    openSnapshot: async () => plainSnapshot(),
    terminateOurs: async () => true,
    restore: {
      preflight: async () => [],
      async restore({ openDump, expected, database }) {
        const text = Buffer.concat(await (await openDump()).toArray());
        if (expected !== null && text.length !== expected.sizeBytes)
          throw new Failure(
            "postgres.restore-failed",
            `Cannot restore "${database}": other bytes than expected`,
          );
        return { warnings: [], createdRoles: [] };
      },
      survey: unused,
      countRows: async (_database, tables) => tables.map(() => 2),
      dumpBack: unused,
      fingerprintTable: unused,
      listReplaced: async () => [],
      swap: unused,
      name: async () => undefined,
      drop: async () => undefined,
    },
    close: async () => undefined,
  };
}

function plainSnapshot(): Snapshot {
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
    dumpHeader: async () => ({ text: Buffer.from("CREATE DATABASE codexdb;\n"), warnings: [] }),
    startDump: async () => ({
      stream: Readable.from([Buffer.from(dumpText)], { objectMode: false }),
      finish: async () => [],
      cancel: async () => undefined,
    }),
    fingerprintTables: () => Promise.reject(new Error("not part of this fake")),
    blockedDdl: () => [],
    async *texts() {},
    broken: new Promise(() => undefined),
    close: async () => undefined,
  };
}
