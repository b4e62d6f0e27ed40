import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import type { Destination } from "../../src/destinations/destination.ts";
import { instant } from "../../src/domain/instant.ts";
import type { Job } from "../../src/domain/jobs/job.ts";
import type { Context } from "../../src/operations/context.ts";
import { createDrivenClock, type DrivenClock } from "../fakes/driven-clock.ts";
import { type CatalogFault, createFaultyCatalog, type FaultyCatalog } from "../fakes/faulty-catalog.ts";
import {
  createFaultyDestination,
  createPower,
  type Fault,
  type FaultyDestination,
} from "../fakes/faulty-destination.ts";
import { noRule } from "../fakes/keep-policy.ts";
import { createMemoryDestination, createMemoryStore, type MemoryStore } from "../fakes/memory-destination.ts";
import { createPlainCapsules } from "../fakes/plain-capsules.ts";
import { createPlainPostgres } from "../fakes/plain-postgres.ts";
import { capsuleJob, createRealContext, localSource, postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";

// Locks and journals are real files; in memory, a thousand of them cost seconds.
if (existsSync("/dev/shm")) process.env.TMPDIR = "/dev/shm";

/** What breaks: at a destination's door, or at the catalog's; null: nothing. */
export type Broken =
  | { readonly at: "near" | "far"; readonly fault: Fault }
  | { readonly at: "catalog"; readonly fault: CatalogFault }
  | null;

export interface Booted {
  readonly context: Context;
  /** The call that was broken, "publish codexdb.sql"; null: it never came. */
  struck(): string | null;
  /** False after a cut. */
  isOn(): boolean;
  /** Nobody waits for it any more: it is ended by force. */
  cut(): void;
  /** True once a call is waiting for ever. */
  hangs(): boolean;
}

/** Jobs, two destinations and a catalog in memory, which outlive each start of the tool. */
export interface Machine {
  readonly stores: ReadonlyMap<string, MemoryStore>;
  readonly clock: DrivenClock;
  /** What the state directory holds for the next run: journals, spools. */
  leftWork(): readonly string[];
  /** A start of the tool, with a fault in it. After a cut of the power, the next start finds what stood then. */
  boot(broken?: Broken): Booted;
}

/** "near" has a directory with checksums.txt, "far" is as an object store. The job "capsule" goes to both. */
export async function createMachine(): Promise<Machine> {
  const home = temporaryDirectory("faults");
  const stores = new Map(["near", "far"].map((name) => [name, initialised(name)] as const));
  const clock = createDrivenClock(instant(Date.UTC(2026, 10, 23, 1, 0, 0)));
  const catalog = openCatalog(":memory:");
  const base = createRealContext({ home, jobs: jobs(), destinations: [], clock });
  base.catalog.close();
  await base.signatures.generate();
  const postgres = createPlainPostgres(base.postgres);
  let boots = 0;
  let state = newState(join(home, "boot-0"));
  return {
    stores,
    clock,
    leftWork: () => readdirSync(join(state, "work")),
    boot(broken = null) {
      boots += 1;
      const bootId = `boot-${boots}`;
      const path = join(home, bootId);
      const from = state;
      const power = createPower(() => {
        cpSync(from, path, { recursive: true });
        state = path;
      });
      const faulty = createFaultyCatalog(catalog, broken?.at === "catalog" ? broken.fault : null, power);
      const destinations = [...stores].map(([name, store]) => {
        const inner = placed(
          createMemoryDestination({ name, store, now: clock.now, hasChecksums: name === "near" }),
        );
        const isBroken = broken !== null && broken.at !== "catalog" && broken.at === name;
        return createFaultyDestination(inner, isBroken ? [broken.fault] : [], { power });
      });
      const door = destinations.find(({ name }) => name === broken?.at) ?? null;
      return {
        power,
        isOn: power.isOn,
        cut: power.cut,
        hangs: () => broken?.fault.kind === "hang" && struckAt(broken, door, faulty) !== null,
        struck: () => struckAt(broken, door, faulty),
        context: {
          ...base,
          statePath: from,
          catalog: faulty.catalog,
          destinations: new Map(destinations.map((destination) => [destination.name, destination])),
          capsules: createPlainCapsules(Buffer.from("some replays")),
          postgres,
          host: { name: "host", bootId, pid: boots, isAlive: (pid) => pid === boots },
        },
      };
    },
  };
}

function struckAt(broken: Broken, door: FaultyDestination | null, { calls }: FaultyCatalog): string | null {
  if (broken === null) return null;
  const { among = /./, call } = broken.fault;
  const made = broken.at === "catalog" ? calls : (door?.calls ?? []);
  return made.filter((one) => among.test(one))[call - 1] ?? null;
}

function newState(path: string): string {
  mkdirSync(join(path, "work"), { recursive: true });
  return path;
}

function initialised(name: string): MemoryStore {
  const store = createMemoryStore();
  store.id = `id-of-${name}`;
  return store;
}

/** Files of the memory have no path, but a directory that can be named on a command line. */
function placed(inner: Destination): Destination {
  return { ...inner, localPath: (file) => (file === "x" ? `/${inner.name}/x` : null) };
}

function jobs(): readonly Job[] {
  const keep = { ...noRule, last: 4, minimum: 2 };
  const source = localSource({ socketDirectory: "/nowhere", port: 1, user: "codex" });
  return [
    capsuleJob("/tree", { to: ["near", "far"], keep }),
    postgresJob(source, { to: ["near"], keep, nameTemplate: "{database}_{timestamp}" }),
  ];
}
