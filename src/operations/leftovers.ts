import type { Destination, StoredFile } from "../destinations/destination.ts";
import { formatBackupFile, parseBackupFile } from "../domain/backups/backup-file.ts";
import { messageOf } from "../domain/failure.ts";
import type { Context } from "./context.ts";
import type { CatalogProblem } from "./operation.ts";
import { readOwnHash } from "./own-hash.ts";
import { readJournals } from "./run/journal.ts";

/**
 * What lies at a destination as if it were a backup and has no manifest: nobody lists, checks, restores or
 * removes it. Only where a NAME.sha256 speaks of a manifest of that name: other tools write NAME.sha256 as
 * well. What a journal will finish, and removals that are still under way, are no leftovers.
 */
export async function findLeftovers(
  context: Context,
  destination: Destination,
  files: readonly StoredFile[],
): Promise<readonly CatalogProblem[]> {
  const names = new Set(files.map(({ name }) => name));
  const awaited = await awaitedIds(context, destination);
  const problems: CatalogProblem[] = [];
  for (const name of names) {
    const parsed = parseBackupFile(name);
    if (parsed?.file.kind !== "sha256" || awaited.has(parsed.base)) continue;
    if (names.has(formatBackupFile(parsed.base, { kind: "manifest" }))) continue;
    const message = await messageAbout(destination, parsed.base);
    if (message !== null) problems.push({ destination: destination.name, backup: parsed.base, message });
  }
  return problems;
}

/** Null for what another tool left; a file that cannot be read may be ours, and keeps no rebuild from being made. */
async function messageAbout(destination: Destination, base: string): Promise<string | null> {
  try {
    const { lines } = await readOwnHash(destination, formatBackupFile(base, { kind: "sha256" }));
    const manifest = formatBackupFile(base, { kind: "manifest" });
    if (!lines.some(({ path }) => path === manifest)) return null;
    return `"${base}" has files but no manifest: not a backup; describe it with adopt, or remove it`;
  } catch (error) {
    return messageOf(error);
  }
}

async function awaitedIds(
  { catalog, statePath }: Context,
  { name }: Destination,
): Promise<ReadonlySet<string>> {
  const { journals } = await readJournals(statePath);
  const begun = journals.filter(({ destinations }) => destinations.some((one) => one.name === name));
  const going = catalog
    .backups()
    .filter(({ copies }) => copies.some((copy) => copy.destination === name && copy.state === "removing"));
  return new Set([...begun, ...going].map(({ id }) => id));
}
