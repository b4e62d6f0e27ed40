import { createHash } from "node:crypto";
import {
  type ConfigCopyName,
  formatConfigCopy,
  newestConfigCopy,
  parseConfigCopy,
} from "../../domain/backups/config-copy-name.ts";
import { asFailure, Failure, type FailureReport, reportOf } from "../../domain/failure.ts";
import { type Instant, instant } from "../../domain/instant.ts";
import type { ConfigCopySettings } from "../../domain/jobs/config-copy-settings.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import { type Context, destinationNamed } from "../context.ts";

/** What became of the config's copy at one destination. */
export interface KeptConfig {
  readonly destination: string;
  /** Of the copy that holds what the file says now; null when there is none. */
  readonly name: string | null;
  /** Put there just now. */
  readonly isNew: boolean;
  readonly failure: FailureReport | null;
}

/**
 * Keeps what the config file says now, encrypted, at every destination that is to have it and whose newest copy is another one. Nothing
 * older is removed. A destination that fails is told and stops no other; empty when no copies are asked for.
 */
export async function keepConfig(context: Context): Promise<readonly KeptConfig[]> {
  const { configFile } = context;
  if (configFile.copy === null) return [];
  const { to, recipients } = configFile.copy;
  const text = await configFile.read();
  const mark = markOf(text, recipients);
  return Promise.all(to.map((destination) => keepAt(context, { destination, text, mark, recipients })));
}

/** Also of the recipients: a copy that a new key cannot open is not the same. */
function markOf(text: Buffer, recipients: readonly string[]): string {
  const hash = createHash("sha256").update(text);
  for (const recipient of [...recipients].sort()) hash.update(`\0${recipient}`);
  return hash.digest("hex").slice(0, 12);
}

interface Keeping extends Pick<ConfigCopySettings, "recipients"> {
  readonly destination: string;
  readonly text: Buffer;
  readonly mark: string;
}

async function keepAt(context: Context, keeping: Keeping): Promise<KeptConfig> {
  const { destination, text, mark, recipients } = keeping;
  try {
    const newest = await newestAt(context, destination);
    if (newest?.mark === mark)
      return { destination, name: formatConfigCopy(newest), isNew: false, failure: null };
    const name = formatConfigCopy({ at: after(newest?.at ?? null, context.clock.now()), mark });
    const through = await context.encryption.encryptor(recipients);
    through.end(text);
    const bytes = await readToEnd(through);
    const storage = destinationNamed(context, destination);
    await storage.put(name, bytes, context.newRunId());
    await storage.sync();
    if (!(await storage.read(name)).equals(bytes)) throw readOtherwise(name, destination);
    return { destination, name, isNew: true, failure: null };
  } catch (error) {
    return { destination, name: null, isNew: false, failure: cannotKeep(destination, error) };
  }
}

function readOtherwise(name: string, destination: string): Failure {
  return new Failure(
    "destination.read-back",
    `Cannot keep the config at "${destination}": "${name}" reads back otherwise than it was written`,
    { hint: "Check the storage under this destination." },
  );
}

async function newestAt(context: Context, destination: string): Promise<ConfigCopyName | null> {
  const files = await destinationNamed(context, destination).list();
  const newest = newestConfigCopy(files.map(({ name }) => name));
  return newest === null ? null : parseConfigCopy(newest);
}

/** The newest copy sorts last, also where the clock went back. */
function after(newest: Instant | null, now: Instant): Instant {
  return newest === null || newest < now ? now : instant(newest + 1000);
}

function cannotKeep(destination: string, error: unknown): FailureReport {
  return reportOf(asFailure(error, "destination.io", `Cannot keep the config at "${destination}"`));
}
