import type { Destination, DestinationFacts } from "../../destinations/destination.ts";
import type { StorageCheck, StorageCheckName, StorageTest } from "../../domain/copies/storage-test.ts";
import { asFailure, reportOf } from "../../domain/failure.ts";
import { type Context, destinationNamed } from "../context.ts";
import { tellImmutability, tellSpace } from "./tell-facts.ts";
import { type Trial, tries } from "./tries.ts";

/**
 * Tries a destination out as runs use it: writes, lists, reads back whole and in part, tries to overwrite, gives a file
 * up half-way, removes. Everything bears a name of its own that no backup can have, and is removed again, also when
 * the signal ends it. Throws "usage.unknown-destination" and the signal's reason.
 */
export async function testDestination(
  context: Context,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<StorageTest> {
  const destination = destinationNamed(context, name);
  const token = context.randomToken(12);
  const trial: Trial = { destination, token, signal, bytes: bytesOf(token), made: new Set() };
  let checks: readonly StorageCheck[];
  let leftBehind: readonly string[] = [];
  try {
    checks = await tryAll(trial);
  } finally {
    leftBehind = await removeMade(trial);
  }
  signal.throwIfAborted();
  const isBroken = checks.some(({ outcome }) => outcome === "broken");
  return { destination: name, location: destination.location, checks, leftBehind, exit: isBroken ? 1 : 0 };
}

/** More than the least part of every object store, so that a file in parts is tried too; no two blocks are equal. */
function bytesOf(token: string): Buffer {
  const bytes = Buffer.alloc(6 * 1024 * 1024 + 17, `written by codex-backup destination test, ${token}\n`);
  for (let at = 0; at + 4 <= bytes.length; at += 512) bytes.writeUInt32LE(at, at);
  return bytes;
}

async function tryAll(trial: Trial): Promise<readonly StorageCheck[]> {
  const { destination, signal } = trial;
  const found: StorageCheck[] = [];
  const facts = await askFacts(destination, found);
  if (facts === null) return found; // nothing is written to a place that is not marked as ours
  if (!destination.traits.isReadOnly) {
    for (const { check, run } of tries) {
      signal.throwIfAborted();
      const one = await settle(destination, check, () => run(trial));
      found.push(one);
      if (one.outcome === "broken" && check === "write") return found; // what follows reads it
    }
  }
  return [...found, tellSpace(facts), tellImmutability(facts)];
}

/** Null when it cannot be used; that is told. */
async function askFacts(destination: Destination, found: StorageCheck[]): Promise<DestinationFacts | null> {
  const { isReadOnly } = destination.traits;
  try {
    const facts = isReadOnly ? await destination.look() : await destination.ready();
    if (isReadOnly) await destination.list();
    const message = isReadOnly
      ? "it answers, and its files can be listed; it is readOnly, so that nothing more is tried"
      : "it answers, is marked as ours, and can be written";
    found.push({ check: "ready", outcome: "kept", message, failure: null });
    for (const warning of facts.warnings)
      found.push({ check: "ready", outcome: "told", message: warning, failure: null });
    return facts;
  } catch (error) {
    found.push(brokenOff(destination, "ready", error));
    return null;
  }
}

async function settle(
  destination: Destination,
  check: StorageCheckName,
  work: () => Promise<Pick<StorageCheck, "outcome" | "message">>,
): Promise<StorageCheck> {
  try {
    return { check, ...(await work()), failure: null };
  } catch (error) {
    return brokenOff(destination, check, error);
  }
}

function brokenOff({ location }: Destination, check: StorageCheckName, error: unknown): StorageCheck {
  const failure = reportOf(asFailure(error, "destination.io", `Cannot use "${location}"`));
  return { check, outcome: "broken", message: failure.message, failure };
}

/** What cannot be removed is named; why was told by the checks. */
async function removeMade({ destination, made }: Trial): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of made) {
    const removed = await destination.remove(name).catch(() => "retained");
    if (removed === "retained") left.push(name);
  }
  return left.sort();
}
