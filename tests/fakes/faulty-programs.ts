import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";
import { createPower, type Power } from "./faulty-destination.ts";

/**
 * start: ends at once with an error. late: does it all, then ends with an error. early: does half of it and ends well.
 * garbage: hands on other bytes, and ends well. altered: the same with one value of a row. hang: does half of it and waits for
 * its end. kill: the power goes.
 */
export type ProgramFaultKind = "start" | "late" | "early" | "garbage" | "altered" | "hang" | "kill";

export interface ProgramFault {
  readonly kind: ProgramFaultKind;
  /** 1 is the first program that is called so. */
  readonly call: number;
  readonly among: Pick<RegExp, "test">;
}

/** Stands for PostgreSQL's programs where none is started. */
export interface Programs {
  /** In order: "pg_dump", "psql restore". */
  readonly calls: readonly string[];
  /**
   * One program from its start to its end, with what it hands on: to standard output, or to a server. Rejects when it
   * ends with an error; with the signal's reason when it is ended.
   */
  run(name: string, bytes: Buffer, how?: ProgramRun): Promise<Buffer>;
}

export interface ProgramRun {
  readonly signal?: AbortSignal;
  /** Takes what it hands on, as far as it comes. */
  readonly take?: (bytes: Buffer) => void;
}

/** Passes everything on, and breaks the n-th program of those that are meant. */
export function createPrograms(fault: ProgramFault | null = null, power: Power = createPower()): Programs {
  const calls: string[] = [];
  let left = fault?.call ?? 0;
  return {
    calls,
    run(name, bytes, { signal, take = () => undefined } = {}) {
      calls.push(name);
      if (fault?.among.test(name)) left -= 1;
      const kind = left === 0 && fault?.among.test(name) ? fault.kind : null;
      if (kind === "kill") power.cut();
      if (!power.isOn()) return new Promise(() => undefined);
      return broken(kind, { name, bytes, take, signal: signal ?? null });
    },
  };
}

interface Running {
  readonly name: string;
  readonly bytes: Buffer;
  readonly take: (bytes: Buffer) => void;
  readonly signal: AbortSignal | null;
}

async function broken(kind: ProgramFaultKind | null, running: Running): Promise<Buffer> {
  const { name, bytes, take, signal } = running;
  if (kind === "start") throw died(name);
  const handed = handedOn(kind, bytes);
  take(handed);
  if (kind === "late") throw died(name);
  if (kind === "hang") await endOf(signal);
  return handed;
}

function handedOn(kind: ProgramFaultKind | null, bytes: Buffer): Buffer {
  const middle = Math.floor(bytes.length / 2);
  switch (kind) {
    case "early":
    case "hang":
      return bytes.subarray(0, middle);
    case "garbage":
      return Buffer.from(bytes).reverse();
    case "altered": {
      const altered = Buffer.from(bytes);
      const at = bytes.lastIndexOf("\t") + 1; // in a value of the last row, so that it is still a dump
      if (altered.length > 0) altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      return altered;
    }
    default:
      return bytes;
  }
}

function endOf(signal: AbortSignal | null): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** As the room of each tells it. */
const codes: readonly (readonly [RegExp, FailureCode])[] = [
  [/login|query/, "postgres.query"],
  [/throwaway/, "postgres.throwaway"],
  [/restore/, "postgres.restore-failed"],
  [/./, "postgres.dump-failed"],
];

function died(name: string): Failure {
  const code = codes.find(([pattern]) => pattern.test(name))?.[1] ?? "postgres.dump-failed";
  return new Failure(code, `Cannot run "${name}": it ended with status 1`, { hint: "This is a test." });
}
