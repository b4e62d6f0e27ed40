import { Readable } from "node:stream";
import type { Context } from "../../src/operations/context.ts";
import type { Throwaway } from "../../src/postgres/postgres.ts";
import { createPlainPostgres } from "./plain-postgres.ts";

export interface PlainThrowaways {
  /** The same context with one plain database, and servers for proofs without any process. */
  readonly context: Context;
  /** How many were opened, restored into, and closed. */
  readonly counts: { opened: number; restored: number; closed: number; swept: number };
}

export interface PlainThrowawayOptions {
  /** What the restored database dumps back of what it was given; default: the same. */
  readonly dumpedBack?: (text: string) => string;
  /** Answers to assertions, by their SQL; an Error is thrown. */
  readonly answers?: Readonly<Record<string, string | null | Error>>;
  /** Instead of restoring. */
  readonly restore?: Throwaway["restore"];
}

/** A server that remembers the dump it was given; what it dumps back is really read. */
export function withPlainThrowaways(context: Context, options: PlainThrowawayOptions = {}): PlainThrowaways {
  const counts = { opened: 0, restored: 0, closed: 0, swept: 0 };
  const real = context.postgres;
  const postgres: Context["postgres"] = {
    ...createPlainPostgres(real),
    openThrowaway: async ({ signal }) => {
      counts.opened += 1;
      let text = "";
      return {
        description: "PostgreSQL 15.20, plain",
        versionNum: 150020,
        clientVersion: "15.20",
        unproven: [],
        async restore(dump) {
          counts.restored += 1;
          if (options.restore) return options.restore(dump);
          text = Buffer.concat(await (await dump.openDump()).toArray()).toString();
          return { warnings: ["a notice"] };
        },
        readBack: () => {
          const back = options.dumpedBack?.(text) ?? text;
          return real.readDump(Readable.from([Buffer.from(back)], { objectMode: false }), { signal });
        },
        fingerprintTable: () => Promise.reject(new Error("not part of this fake")),
        async ask(sql) {
          const answer = options.answers?.[sql] ?? null;
          if (answer instanceof Error) throw answer;
          return answer;
        },
        async close() {
          counts.closed += 1;
        },
      };
    },
    sweepThrowaways: async () => {
      counts.swept += 1;
      return [];
    },
  };
  return { context: { ...context, postgres }, counts };
}
