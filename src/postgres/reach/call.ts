import type { Readable } from "node:stream";
import type { Secret } from "../../domain/secret.ts";

/** A PostgreSQL program (or a plain one like `ls`) to run where the clients are. */
export interface ProgramCall {
  /** An absolute path there, or a bare name for the PATH there. */
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin?: "none" | "pipe" | Readable;
  readonly stdout?: "none" | "pipe" | number;
  /** Whether it logs in: only then is it given the password. */
  readonly login: boolean;
}

/** What the pure builders need beside the call. */
export interface CallContext {
  /** Our own environment, already cleaned; engine and ssh clients find their sockets and keys by it. */
  readonly ownEnv: Readonly<Record<string, string>>;
  readonly password: Secret | null;
  /** Path, on the far side, of a password file; only where the password cannot travel by environment. */
  readonly passfile: string | null;
}

/**
 * Our environment without what libpq and the C library would obey: the operator's PGUSER or PGOPTIONS must
 * not decide what a nightly backup connects to, and messages must be in English.
 */
export function cleanEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || /^(PG|LC_|LANGUAGE$)/.test(name) ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(kept), LC_ALL: "C" };
}
