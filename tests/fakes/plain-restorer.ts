import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { describeTable } from "../../src/domain/backups/fingerprint.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { Postgres, ProofDump, Throwaway } from "../../src/postgres/postgres.ts";
import type { PostgresRestorer } from "../../src/postgres/restore/restorer.ts";
import type { Programs } from "./faulty-programs.ts";

/** What was restored: the text that arrived, by the name of the database. */
export type PlainDatabases = Map<string, Buffer>;

interface Parts {
  readonly real: Postgres;
  readonly programs: Programs;
  readonly databases: PlainDatabases;
}

/** Remembers what was restored, and tells of that and of nothing else. */
export function createPlainRestorer(
  { real, programs, databases }: Parts,
  signal: AbortSignal,
): PostgresRestorer {
  const unused = () => Promise.reject(new Error("not part of this fake"));
  return {
    preflight: async () => [],
    async restore({ openDump, expected, database }) {
      const text = await textOf(openDump, expected);
      try {
        await programs.run("psql restore", text, { signal, take: (bytes) => databases.set(database, bytes) });
      } catch (error) {
        databases.delete(database);
        throw error;
      }
      return { warnings: [], createdRoles: [] };
    },
    survey: unused,
    async countRows(database, tables) {
      const text = databases.get(database) ?? Buffer.alloc(0);
      await programs.run("psql query of counts", text, { signal });
      const { fingerprint } = await read(real, text);
      const rows = new Map(fingerprint.tables.map((table) => [describeTable(table), table.rows]));
      return tables.map((table) => rows.get(describeTable(table)) ?? "missing");
    },
    dumpBack: async (database) =>
      read(real, await programs.run("pg_dump back", databases.get(database) ?? Buffer.alloc(0), { signal })),
    fingerprintTable: unused,
    listReplaced: async () => [],
    swap: unused,
    async name({ database, restored }) {
      await programs.run("psql query that renames", Buffer.alloc(0), { signal });
      databases.set(database, databases.get(restored) ?? Buffer.alloc(0));
      databases.delete(restored);
    },
    drop: async (database) => void databases.delete(database),
  };
}

/** A server for one proof. */
export function plainThrowaway({ real, programs }: Parts, signal: AbortSignal): Throwaway {
  let held: Buffer = Buffer.alloc(0);
  return {
    description: "PostgreSQL 15.20, in memory",
    versionNum: 150020,
    clientVersion: "15.20",
    unproven: [],
    async restore({ openDump, expected }) {
      const text = await textOf(openDump, expected);
      const take = (bytes: Buffer) => {
        held = bytes;
      };
      await programs.run("psql restore for proof", text, { signal, take });
      return { warnings: [] };
    },
    readBack: async () => read(real, await programs.run("pg_dump for proof", held, { signal })),
    fingerprintTable: () => Promise.reject(new Error("not part of this fake")),
    ask: async () =>
      (await programs.run("psql query of an assertion", Buffer.from("t"), { signal })).toString(),
    close: async () => undefined,
  };
}

function read(real: Postgres, text: Buffer) {
  const { signal } = new AbortController();
  return real.readDump(Readable.from([text], { objectMode: false }), { signal });
}

/** As the room does: nothing is committed that has another hash. */
async function textOf(
  openDump: ProofDump["openDump"],
  expected: ProofDump["expected"] | null,
): Promise<Buffer> {
  const text = Buffer.concat(await (await openDump()).toArray());
  const sha256 = createHash("sha256").update(text).digest("hex");
  if (expected === null || (text.length === expected.sizeBytes && sha256 === expected.sha256)) return text;
  throw new Failure("postgres.dump-unreadable", 'Cannot restore "codexdb": other bytes than expected', {
    context: { isOtherBytes: true },
  });
}
