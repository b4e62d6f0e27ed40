import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseBackupFile } from "../../src/domain/backups/backup-file.ts";
import type { Manifest } from "../../src/domain/backups/manifest.ts";
import { parseManifest } from "../../src/domain/backups/manifest-text.ts";
import { failureTable } from "../../src/domain/failure-table.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { MemoryStore } from "../fakes/memory-destination.ts";
import { dumpText } from "../fakes/plain-postgres.ts";
import type { Machine } from "./machine.ts";
import type { Told } from "./verbs.ts";

/** Of every whole backup: the bytes of its files, by destination and name. */
export type Shelf = ReadonlyMap<string, string>;

/** What must stay, whatever breaks: so many of the newest whole backups of each job at each destination. */
export function shelfOf({ stores }: Machine, count: number): Shelf {
  return new Map(
    [...stores].flatMap(([place, store]) => {
      const byJob = Map.groupBy(wholeOf(store), (manifest) => manifest.job);
      const newest = [...byJob.values()].flatMap((all) => all.toSorted(byAge).slice(-count));
      return newest.flatMap((manifest) =>
        namesOf(manifest).map((name) => [`${place}/${name}`, hashOf(store, name)] as const),
      );
    }),
  );
}

function byAge(a: Manifest, b: Manifest): number {
  return a.startedAt < b.startedAt ? -1 : 1;
}

export function assertNothingLost({ stores }: Machine, before: Shelf): void {
  for (const [path, sha256] of before) {
    const [place = "", name = ""] = path.split("/");
    const store = stores.get(place);
    assert.equal(store?.files.has(name) ? hashOf(store, name) : "gone", sha256, path);
  }
}

/** Nothing half-written bears a final name: whatever has a backup's name has the bytes that some manifest says. */
export function assertNothingHalf({ stores }: Machine): void {
  for (const [place, store] of stores) {
    const manifests = manifestsOf(store);
    for (const manifest of manifests)
      for (const file of manifest.files)
        assert.equal(hashOf(store, file.path), file.sha256, `${place}/${file.path}`);
  }
}

/** Words of what is backed up; of an encrypted backup, none of them stands anywhere. */
const content = /audit_logs|CREATE ROLE|CREATE DATABASE|some replays/;

/** Whatever bears a name of the encrypted jobs, be it half or whole. */
export function assertNothingPlain({ stores }: Machine): void {
  for (const { files, staged } of stores.values())
    for (const [name, { bytes }] of [...files, ...staged])
      if (/(sealed|tree)_/.test(name)) assert.doesNotMatch(bytes.toString("latin1"), content, name);
}

/** A storage that says "done" and did nothing: what lacks now is found by looking. */
export async function assertFound(machine: Machine): Promise<void> {
  const lacking = [...machine.stores.values()].flatMap((store) =>
    manifestsOf(store).filter(({ files }) => !files.every(({ path }) => store.files.has(path))),
  );
  const { context } = machine.boot();
  const problems = await createOperations(context).checkCatalog(new AbortController().signal);
  for (const { id } of lacking)
    assert.ok(
      problems.some(({ backup }) => backup === id),
      `${id} lacks files`,
    );
}

/** Beyond that: nothing staged, nothing unexplained, nothing in the work directory, and the catalog tells the same. */
export async function assertSound(machine: Machine): Promise<void> {
  assertNothingHalf(machine);
  for (const [place, store] of machine.stores) {
    assert.deepEqual([...store.staged.keys()], [], `staged at ${place}`);
    const ids = new Set(manifestsOf(store).map(({ id }) => id));
    const stray = [...store.files.keys()].filter((name) => {
      const parsed = parseBackupFile(name);
      return parsed !== null && !ids.has(parsed.base);
    });
    assert.deepEqual(stray, [], `without a manifest at ${place}`);
  }
  assert.deepEqual(
    machine.leftWork().filter((name) => name !== "proofs" && !isFetched(name)),
    [],
  );
  const { context } = machine.boot();
  assert.deepEqual(await createOperations(context).checkCatalog(new AbortController().signal), []);
}

/** A copy of a remote file, which bears no run's name since checks fetch it too: it goes after two days. */
function isFetched(name: string): boolean {
  return name.startsWith("fetched-");
}

/** A program that did not do its work is never taken for one that did; and no half of a database has the name asked for. */
export function assertTrue(
  { databases }: Machine,
  { kind, told }: { readonly kind: string; readonly told: Told | null },
): void {
  assert.ok(told === null || !told.isWell, `it is told that all is well, although a program did "${kind}"`);
  for (const [name, text] of databases)
    if (name === "copy") assert.equal(text.toString(), dumpText, `what "${name}" holds`);
}

/** What went wrong is told with a code of the table, and by the name of the thing. */
export function assertTold(told: Told): void {
  const said = [...told.failures.map(({ message }) => message), ...told.lines];
  assert.ok(said.length > 0, "something is told");
  for (const { code, message } of told.failures) {
    assert.ok(Object.hasOwn(failureTable, code), code);
    assert.notEqual(code, "run.internal", message);
    assert.match(message, /^Cannot [a-z]/);
    assert.match(message, /"[^"]+"/, `names the thing: ${message}`);
  }
}

function manifestsOf(store: MemoryStore): readonly Manifest[] {
  return [...store.files]
    .filter(([name]) => name.endsWith(".manifest.json"))
    .map(([name, { bytes }]) => parseManifest(bytes, name));
}

function wholeOf(store: MemoryStore): readonly Manifest[] {
  return manifestsOf(store).filter(({ files }) =>
    files.every((file) => store.files.has(file.path) && hashOf(store, file.path) === file.sha256),
  );
}

function namesOf({ id, files }: Manifest): readonly string[] {
  return [...files.map(({ path }) => path), `${id}.sha256`, `${id}.manifest.json`];
}

function hashOf(store: MemoryStore, name: string): string {
  const bytes = store.files.get(name)?.bytes;
  return bytes === undefined ? "gone" : createHash("sha256").update(bytes).digest("hex");
}
