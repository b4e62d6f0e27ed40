import { Failure } from "../../domain/failure.ts";
import { succeeded } from "../../platform/child.ts";
import { finish, lastWords } from "../reach/finished.ts";
import { clientMissing, type Reach } from "../reach/reach.ts";
import {
  type ClientDirectory,
  installationRoots,
  parseDirectories,
  pathDirectory,
  preferenceFor,
} from "./directories.ts";
import { type ClientVersion, parseClientVersion } from "./version.ts";

export interface ChosenClient {
  /** With its slash; "": the PATH. */
  readonly directory: string;
  readonly version: ClientVersion;
}

/** The directories of client programs there; a configured one stands alone. */
export async function listClients(
  reach: Reach,
  configured: string | null,
  signal: AbortSignal,
): Promise<readonly ClientDirectory[]> {
  if (configured !== null) return [{ path: `${configured.replace(/\/+$/, "")}/`, major: null }];
  const args = ["-1", ...installationRoots];
  const child = await reach.start({ program: "ls", args, stdout: "pipe", login: false });
  // A directory that is missing is said on stderr and in the status; the other one is listed all the same.
  const run = await finish(child, signal);
  return [...parseDirectories(run.stdout.toString("utf8")), pathDirectory];
}

export interface ServerVersion {
  readonly database: string;
  readonly major: number;
  readonly text: string;
}

/**
 * The client to dump with: never older than the server, since pg_dump refuses that. Throws
 * "postgres.client-too-old", "postgres.client-missing", "postgres.client-unfit".
 */
export async function chooseClient(
  reach: Reach,
  choice: { readonly directories: readonly ClientDirectory[]; readonly server: ServerVersion },
  signal: AbortSignal,
): Promise<ChosenClient> {
  const [first] = choice.directories;
  const isConfigured = first !== undefined && first.major === null && first.path !== "";
  const order = isConfigured ? [first] : preferenceFor(choice.directories, choice.server.major);
  let unfit: Failure | null = null;
  let tooOld: ClientVersion | null = null;
  for (const directory of order) {
    const asked = await askVersion(reach, directory, signal);
    if (typeof asked === "string") unfit = clientUnfit(directory, reach, asked);
    else if (asked === null) continue;
    else if (asked.major >= choice.server.major) return { directory: directory.path, version: asked };
    else tooOld = asked;
  }
  if (tooOld) throw clientTooOld(tooOld, choice.server);
  if (unfit) throw unfit;
  const [tried = pathDirectory] = order;
  throw clientMissing(`${tried.path}pg_dump`, reach.place, "not found");
}

/** The version; null when it is not there; else what was seen instead of a version. */
async function askVersion(
  reach: Reach,
  directory: ClientDirectory,
  signal: AbortSignal,
): Promise<ClientVersion | string | null> {
  const program = `${directory.path}pg_dump`;
  try {
    const child = await reach.start({ program, args: ["--version"], stdout: "pipe", login: false });
    const run = await finish(child, signal);
    // Containers, pods and ssh say so with these statuses, as a shell does.
    if (run.end.kind === "exited" && [126, 127].includes(run.end.code)) return null;
    if (!succeeded(run.end)) return lastWords(run.end);
    return parseClientVersion(run.stdout.toString("utf8")) ?? "it is not PostgreSQL's pg_dump";
  } catch (error) {
    if (error instanceof Failure && error.code === "postgres.client-missing") return null;
    throw error;
  }
}

function clientUnfit(directory: ClientDirectory, reach: Reach, seen: string): Failure {
  return new Failure(
    "postgres.client-unfit",
    `Cannot use "${directory.path}pg_dump" on ${reach.place}: ${seen}`,
    { hint: "Set postgres.clientDirectory to PostgreSQL's own programs." },
  );
}

function clientTooOld(client: ClientVersion, server: ServerVersion): Failure {
  return new Failure(
    "postgres.client-too-old",
    `Cannot dump "${server.database}": pg_dump ${client.text} cannot read a server of version ${server.text}`,
    {
      hint: `Use the client inside the container: set postgres.container, or install postgresql-client-${server.major}.`,
      context: { client: client.text, server: server.text },
    },
  );
}
