import { resolve } from "node:path";
import type { StorageKind, StorageTraits } from "../domain/copies/storage-traits.ts";
import type { FileOwner } from "../domain/jobs/job.ts";
import { buildKeep } from "./build-keep.ts";
import { buildS3 } from "./build-s3.ts";
import { buildAzure, buildRclone, buildSftp, buildWebdav, type StorageContext } from "./build-storage.ts";
import type { DestinationConfig, LocalDestinationConfig, SwornImmutability } from "./destination-config.ts";
import { describePath, type Problem } from "./problem.ts";
import { type DestinationSettings, destinationKindKeys } from "./schema/destination.ts";
import type { SecretContext } from "./secret-key.ts";
import type { Settings } from "./settings.ts";

export interface DestinationContext extends SecretContext {
  readonly settings: Settings;
}

/** What a job asks of the destinations that it writes to. */
interface Wish {
  readonly job: string;
  readonly owner: FileOwner | undefined;
  readonly mode: number | undefined;
}

const dayMs = 86_400_000;

/**
 * The destinations, with owner and mode from their own keys or from the jobs that write to them. Jobs that
 * ask for different things of one directory are reported: only one of them could get its way.
 */
export async function buildDestinations(context: DestinationContext): Promise<readonly DestinationConfig[]> {
  const built: DestinationConfig[] = [];
  for (const [name, own] of context.settings.destinations) {
    const destination = await buildDestination(name, own, context);
    if (destination !== null) built.push(destination);
  }
  return built;
}

/** Those of this host, for settings that are made from a crontab and name no other. */
export function buildDirectories(
  context: Omit<DestinationContext, "opener">,
): readonly LocalDestinationConfig[] {
  return [...context.settings.destinations].flatMap(([name, own]) =>
    own.path === undefined ? [] : [buildDirectory(name, own, { ...context, path: own.path })],
  );
}

/** Null when it is not said where it is; that is reported. */
async function buildDestination(
  name: string,
  own: DestinationSettings,
  context: DestinationContext,
): Promise<DestinationConfig | null> {
  const kind = kindOf(name, own, context.report);
  if (kind === null) return null;
  const inner = (key: string): StorageContext => ({ ...context, path: ["destinations", name, key] });
  if (own.path !== undefined) return buildDirectory(name, own, { ...context, path: own.path });
  const basis = basisOf(name, own, kind);
  refuseRights(name, own, context.report);
  if (own.s3) return { kind: "s3", ...basis, ...(await buildS3(own.s3, inner("s3"))) };
  if (own.sftp) return { kind: "sftp", ...basis, ...(await buildSftp(own.sftp, inner("sftp"))) };
  if (own.azure) return { kind: "azure", ...basis, ...(await buildAzure(own.azure, inner("azure"))) };
  if (own.webdav) return { kind: "webdav", ...basis, ...(await buildWebdav(own.webdav, inner("webdav"))) };
  if (own.rclone) return { kind: "rclone", ...basis, ...(await buildRclone(own.rclone, inner("rclone"))) };
  return null;
}

/** Reports and returns null when none or several are written. */
function kindOf(
  name: string,
  own: DestinationSettings,
  report: DestinationContext["report"],
): StorageKind | null {
  const [key, ...others] = destinationKindKeys.filter((one) => own[one] !== undefined);
  if (key !== undefined && others.length === 0) return key === "path" ? "local" : key;
  const found = key === undefined ? "says not where it is" : `has both ${[key, ...others].join(" and ")}`;
  const path = ["destinations", name];
  const message = `${describePath(path)} ${found}; needed: exactly one of ${destinationKindKeys.join(", ")}`;
  report({ path, at: "key", message });
  return null;
}

function basisOf(name: string, own: DestinationSettings, kind: StorageKind) {
  const traits: StorageTraits = {
    kind,
    isOffSite: own.offSite ?? kind !== "local",
    medium: own.medium ?? kind,
    readBack: own.readBack,
    isReadOnly: own.readOnly,
  };
  const bandwidth = own.bandwidth.map(({ from = 0, to = 0, limit }) => ({
    fromMinute: from,
    toMinute: to,
    bytesPerSecond: limit,
  }));
  return { name, traits, bandwidth, sworn: swornOf(own), keep: own.keep ? buildKeep(own.keep) : null };
}

function swornOf({ immutable }: DestinationSettings): SwornImmutability | null {
  if (immutable === undefined) return null;
  return { days: immutable === true ? null : Math.floor(immutable / dayMs) };
}

/** There are no such rights elsewhere: a setting that does nothing is worse than none. */
function refuseRights(name: string, own: DestinationSettings, report: DestinationContext["report"]): void {
  for (const key of ["owner", "mode", "directoryMode"] as const) {
    if (own[key] === undefined) continue;
    const path = ["destinations", name, key];
    const message = `${describePath(path)} is of no use there; allowed: only beside path, for a directory of this host`;
    report({ path, at: "key", message });
  }
}

function buildDirectory(
  name: string,
  own: DestinationSettings,
  { settings, directory, report, path }: Omit<DestinationContext, "opener"> & { readonly path: string },
): LocalDestinationConfig {
  const wishes = wishesFor(name, settings);
  const owner = agree("owner", own.owner, { name, wishes, report });
  const fileMode = agree("mode", own.mode, { name, wishes, report }) ?? 0o600;
  return {
    kind: "local",
    ...basisOf(name, own, "local"),
    path: resolve(directory, path),
    owner: owner ?? null,
    fileMode,
    directoryMode: own.directoryMode ?? searchable(fileMode),
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
