import { resolve } from "node:path";
import type { FileOwner } from "../domain/jobs/job.ts";
import { buildKeep } from "./build-keep.ts";
import type { DestinationConfig } from "./config.ts";
import { describePath, type Problem } from "./problem.ts";
import type { DestinationSettings } from "./schema/document.ts";
import type { Settings } from "./settings.ts";

export interface DestinationContext {
  readonly settings: Settings;
  /** Of the config file. */
  readonly directory: string;
  readonly report: (problem: Problem) => void;
}

/** What a job asks of the destinations that it writes to. */
interface Wish {
  readonly job: string;
  readonly owner: FileOwner | undefined;
  readonly mode: number | undefined;
}

/**
 * The destinations, with owner and mode from their own keys or from the jobs that write to them. Jobs that
 * ask for different things of one directory are reported: only one of them could get its way.
 */
export function buildDestinations(context: DestinationContext): readonly DestinationConfig[] {
  const built = [...context.settings.destinations].map(([name, own]) => buildDestination(name, own, context));
  reportSharedPaths(built, context.report);
  return built;
}

function buildDestination(
  name: string,
  own: DestinationSettings,
  context: DestinationContext,
): DestinationConfig {
  const wishes = wishesFor(name, context.settings);
  const owner = agree("owner", own.owner, { name, wishes, report: context.report });
  const fileMode = agree("mode", own.mode, { name, wishes, report: context.report }) ?? 0o600;
  return {
    kind: "local",
    name,
    path: resolve(context.directory, own.path),
    owner: owner ?? null,
    fileMode,
    directoryMode: own.directoryMode ?? searchable(fileMode),
    traits: { kind: "local", isOffSite: false, medium: "local", readBack: "full", isReadOnly: false },
    keep: own.keep === undefined ? null : buildKeep(own.keep),
  };
}

/** With an x bit wherever there is an r bit. */
function searchable(fileMode: number): number {
  return fileMode | ((fileMode & 0o444) >> 2);
}

function wishesFor(destination: string, settings: Settings): readonly Wish[] {
  return [...settings.jobs].flatMap(([job, { kind, value }]) => {
    if (kind !== "postgres" && kind !== "capsule") return [];
    const to = typeof value.to === "string" ? [value.to] : value.to;
    return to.includes(destination) ? [{ job, owner: value.owner, mode: value.mode }] : [];
  });
}

interface Agreement {
  readonly name: string;
  readonly wishes: readonly Wish[];
  readonly report: (problem: Problem) => void;
}

/** The destination's own value, else the first wish; reports each wish that contradicts it. */
function agree<Key extends "owner" | "mode">(
  key: Key,
  own: Wish[Key],
  { name, wishes, report }: Agreement,
): Wish[Key] {
  const chosen = own ?? wishes.find((wish) => wish[key] !== undefined)?.[key];
  for (const wish of wishes) {
    if (wish[key] === undefined || JSON.stringify(wish[key]) === JSON.stringify(chosen)) continue;
    const path = ["jobs", wish.job, key];
    const message = `${describePath(path)} differs from what else holds for the destination "${name}"; allowed: one ${key} for each destination`;
    report({ path, at: "value", message });
  }
  return chosen;
}

/** One directory under two names would count as two copies. */
function reportSharedPaths(built: readonly DestinationConfig[], report: (problem: Problem) => void): void {
  for (const [index, one] of built.entries()) {
    const other = built.slice(0, index).find((earlier) => earlier.path === one.path);
    if (!other) continue;
    const path = ["destinations", one.name, "path"];
    const message = `${describePath(path)} is the directory of "${other.name}" too; allowed: each directory once`;
    report({ path, at: "value", message });
  }
}
