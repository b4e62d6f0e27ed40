import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Failure, messageOf } from "../../domain/failure.ts";
import type { PostgresSource } from "../../domain/jobs/source.ts";
import { type Child, succeeded } from "../../platform/child.ts";
import type { PostgresDeps } from "../access.ts";
import { isBrokenPipe } from "../broken-pipe.ts";
import { listClients } from "../client/choose-client.ts";
import { lastWords } from "../reach/finished.ts";
import { openReach, type Reach } from "../reach/reach.ts";
import { parseMessages } from "./judge.ts";

/** See Postgres.archiveText. */
export async function archiveText(
  deps: PostgresDeps,
  source: PostgresSource,
  request: { readonly archive: Readable; readonly signal: AbortSignal },
): Promise<Readable> {
  const { archive, signal } = request;
  // No login takes place, so no password file is needed either.
  const reach = await openReach({ ...source, password: null }, deps.env, signal);
  const child = await startPgRestore(reach, await listClients(reach, source.clientDirectory, signal));
  return archiveTextOf(child, archive, signal);
}

/** The newest pg_restore there is: it reads the archives of all older ones. */
async function startPgRestore(
  reach: Reach,
  directories: readonly { readonly path: string }[],
): Promise<Child> {
  let missing: unknown = null;
  for (const { path } of directories) {
    try {
      return await startIn(reach, path);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "postgres.client-missing") throw error;
      missing ??= error;
    }
  }
  throw missing;
}

function startIn(reach: Reach, directory: string): Promise<Child> {
  const program = `${directory}pg_restore`;
  return reach.start({ program, args: ["--file=-"], stdin: "pipe", stdout: "pipe", login: false });
}

/** What a pg_restore, started with pipes, makes of the archive. It is ended when the stream is destroyed. */
export function archiveTextOf(child: Child, archive: Readable, signal: AbortSignal): Readable {
  return Readable.from(convert(child, archive, signal), { objectMode: false, highWaterMark: 256 * 1024 });
}

async function* convert(child: Child, archive: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const onAbort = () => child.kill();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  let broken: unknown = null;
  const fed = feed(child, archive).catch((error) => {
    broken = error;
  });
  try {
    for await (const chunk of child.stdout ?? []) yield chunk as Buffer; // no encoding is set on it
    const end = await child.ended;
    await fed;
    signal.throwIfAborted();
    const { errors } = parseMessages(end.stderr);
    if (succeeded(end) && errors.length === 0 && broken === null) return;
    throw unreadable(errors[0] ?? (succeeded(end) ? messageOf(broken) : lastWords(end)));
  } finally {
    signal.removeEventListener("abort", onAbort);
    archive.destroy();
    child.kill();
  }
}

/**
 * pg_restore ends as soon as it has the last block, without waiting for the end of its input, or when it gave
 * up: how it ended tells which, so the pipe that breaks then is no error of the archive's stream.
 */
async function feed(child: Child, archive: Readable): Promise<void> {
  if (!child.stdin) return;
  try {
    await pipeline(archive, child.stdin);
  } catch (error) {
    if (!isBrokenPipe(error)) throw error;
  }
}

function unreadable(seen: string): Failure {
  return new Failure("postgres.dump-unreadable", `Cannot read the archive: ${seen}`, {
    hint: "Restore from another copy or an older backup; verify tells which are whole.",
  });
}
