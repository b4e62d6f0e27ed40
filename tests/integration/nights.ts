/** What tests that live through many nights share: a clock that is set, what stands, what simulate had said. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BackupRow } from "../../src/catalog/catalog.ts";
import { type Instant, instant } from "../../src/domain/instant.ts";
import type { SimulationReport } from "../../src/domain/simulation/simulation-report.ts";
import { type Clock, createSystemClock } from "../../src/platform/clock.ts";
import type { Scene } from "./run-scene.ts";

export const dayMs = 86_400_000;
/** By the true time, the first night. */
export const firstNight = Date.parse("2026-11-20T02:00:00Z");

/** Its wall shows what it is set to; timers are real. */
export function createWallClock(): { readonly clock: Clock; set(at: Instant): void } {
  let now: Instant = instant(firstNight);
  return {
    clock: { ...createSystemClock(), now: () => now },
    set(at) {
      now = at;
    },
  };
}

/** The names of all manifests at a destination: what exists, as the disk has it. */
export function standing({ home }: Scene, destination: string): readonly string[] {
  return readdirSync(join(home, destination))
    .filter((name) => name.endsWith(".manifest.json"))
    .map((name) => name.slice(0, -".manifest.json".length))
    .sort();
}

/** What simulate says will stand at each destination on each day. */
export function foretold(
  report: SimulationReport,
  scene: Scene,
): readonly ReadonlyMap<string, readonly string[]>[] {
  const here = new Map(
    scene.directories.map((path) => [nameOf(path), new Set(standing(scene, nameOf(path)))]),
  );
  return report.days.map(({ made, removed }) => {
    for (const { destination, backup } of made) here.get(destination)?.add(backup);
    for (const { destination, backup } of removed) here.get(destination)?.delete(backup);
    return new Map([...here].map(([name, ids]) => [name, [...ids].sort()]));
  });
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function latest({ context }: Scene, job: string | undefined): BackupRow {
  const [row] = context.catalog.backups({ ...(job !== undefined && { job }), limit: 1 });
  assert.ok(row);
  return row;
}
