import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import type { Destination } from "../../src/destinations/destination.ts";
import { instant } from "../../src/domain/instant.ts";
import type { Job } from "../../src/domain/jobs/job.ts";
import type { Context } from "../../src/operations/context.ts";
import { exportIdentities, generateIdentity } from "../../src/operations/custody/keys.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { createDrivenClock, type DrivenClock } from "../fakes/driven-clock.ts";
import { type CatalogFault, createFaultyCatalog, type FaultyCatalog } from "../fakes/faulty-catalog.ts";
import {
  createFaultyDestination,
  createPower,
  type Fault,
  type FaultyDestination,
  type Power,
} from "../fakes/faulty-destination.ts";
import { createPrograms, type ProgramFault, type Programs } from "../fakes/faulty-programs.ts";
import { noRule } from "../fakes/keep-policy.ts";
import {
  createMemoryDestination,
  createMemoryStore,
  losePower,
  type MemoryStore,
} from "../fakes/memory-destination.ts";
import { createPlainCapsules } from "../fakes/plain-capsules.ts";
import { createPlainPostgres } from "../fakes/plain-postgres.ts";
import type { PlainDatabases } from "../fakes/plain-restorer.ts";
import { capsuleJob, createRealContext, localSource, postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";

// Locks and journals are real files; in memory, a thousand of them cost seconds.
if (existsSync("/dev/shm")) process.env.TMPDIR = "/dev/shm";

/** What breaks: at a destination's door, at the catalog's, or in a program that is started; null: nothing. */
export type Broken =
  | { readonly at: "near" | "far"; readonly fault: Fault }
  | { readonly at: "catalog"; readonly fault: CatalogFault }
  | { readonly at: "programs"; readonly fault: ProgramFault }
  | null;

export type Door = "near" | "far" | "catalog" | "programs";

export interface Booted {
  readonly context: Context;
  /** The call that was broken, "publish codexdb.sql"; null: it never came. */
  struck(): string | null;
  /** False after a cut. */
  isOn(): boolean;
  /** Nobody waits for it any more: it is ended by force. */
  cut(): void;
  /** It has told everything, and its process ends. */
  end(): void;
  /** Of this start, in order. */
  callsAt(door: Door): readonly string[];
}

/** Jobs, two destinations and a catalog in memory, which outlive each start of the tool. */
export interface Machine {
  readonly stores: ReadonlyMap<string, MemoryStore>;
  readonly clock: DrivenClock;
  /** What was restored, by the names of databases. */
  readonly databases: PlainDatabases;
  /** A file with the secret key that the job "sealed" encrypts for. */
  readonly identity: string;
  /** What the state directory holds for the next run: journals, spools. */
  leftWork(): readonly string[];
  /** A start of the tool, with a fault in it. After a cut of the power, the next start finds what stood then. */
  boot(broken?: Broken): Booted;
}

/**
 * "near" has a directory with checksums.txt, "far" is as an object store. The job "capsule" goes to both. "sealed" and
 * "tree" are encrypted, form a set, and have hooks.
 */
export async function createMachine(): Promise<Machine> {
  const home = temporaryDirectory("faults");
  const stores = new Map(["near", "far"].map((name) => [name, initialised(name)] as const));
  const clock = createDrivenClock(instant(Date.UTC(2026, 10, 23, 1, 0, 0)));
  const databases: PlainDatabases = new Map();
  const catalog = openCatalog(":memory:");
  const base = createRealContext({ home, jobs: [], destinations: [], clock });
  base.catalog.close();
  await base.signatures.generate();
  const identity = join(home, "identity.txt");
  let boots = 0;
  let state = newState(join(home, "boot-0"));
  const jobs = jobsFor(await escrow({ ...base, statePath: state }, identity));
  return {
    stores,
    clock,
    databases,
    identity,
    leftWork: () => readdirSync(join(state, "work")),
    boot(broken = null) {
      boots += 1;
      const bootId = `boot-${boots}`;
      const pid = boots;
      const from = state;
      const power = createPower(() => {
        state = join(home, bootId);
        cpSync(from, state, { recursive: true });
        if (broken?.fault.kind === "crash") for (const store of stores.values()) losePower(store);
      });
      let hasEnded = false;
      // Nobody who is dead, or has ended, is woken any more.
      const own: Clock = {
        ...clock,
        after: (delayMs, call) =>
          clock.after(delayMs, () => {
            if (power.isOn() && !hasEnded) call();
          }),
      };
      const doors = openDoors({ broken, power, catalog, stores, clock });
      const context: Context = {
        ...base,
        clock: own,
        jobs,
        statePath: from,
        catalog: doors.catalog.catalog,
        destinations: new Map([
          ["near", doors.near],
          ["far", doors.far],
        ]),
        capsules: createPlainCapsules(Buffer.from("some replays")),
        postgres: createPlainPostgres(base.postgres, { programs: doors.programs, databases }),
        host: { name: "host", bootId, pid, isAlive: (other) => other === boots },
      };
      return {
        context,
        isOn: power.isOn,
        cut: power.cut,
        end() {
          hasEnded = true;
        },
        struck: () => (broken === null ? null : struckIn(doors[broken.at].calls, broken.fault)),
        callsAt: (door) => doors[door].calls,
      };
    },
  };
}

interface Doors {
  readonly near: FaultyDestination;
  readonly far: FaultyDestination;
  readonly catalog: FaultyCatalog;
  readonly programs: Programs;
}

interface Parts extends Pick<Machine, "stores" | "clock"> {
  readonly broken: Broken;
  readonly power: Power;
  readonly catalog: Catalog;
}

function openDoors({ broken, power, catalog, stores, clock }: Parts): Doors {
  const place = (name: "near" | "far") => {
    const store = stores.get(name) ?? createMemoryStore();
    const options = { name, store, now: clock.now, hasChecksums: name === "near" };
    const faults = broken?.at === name ? [broken.fault] : [];
    return createFaultyDestination(placed(createMemoryDestination(options)), faults, { power });
  };
  return {
    near: place("near"),
    far: place("far"),
    catalog: createFaultyCatalog(catalog, broken?.at === "catalog" ? broken.fault : null, power),
    programs: createPrograms(broken?.at === "programs" ? broken.fault : null, power),
  };
}

function struckIn(
  calls: readonly string[],
  { among = /./, call }: { readonly among?: Pick<RegExp, "test">; readonly call: number },
): string | null {
  return calls.filter((one) => among.test(one))[call - 1] ?? null;
}

/** A key pair whose secret half somebody outside holds, in a file. Returns the recipient. */
async function escrow(context: Context, path: string): Promise<string> {
  const { recipient } = await generateIdentity(context);
  await exportIdentities(context, {
    who: "tester",
    keep: false,
    async deliver(identities) {
      writeFileSync(path, identities.reveal(), { mode: 0o600 });
      return "kept";
    },
  });
  return recipient;
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

function jobsFor(recipient: string): readonly Job[] {
  const keep = { ...noRule, last: 4, minimum: 2 };
  const source = localSource({ socketDirectory: "/nowhere", port: 1, user: "codex" });
  const nameTemplate = "{database}_{timestamp}";
  const program = ["/bin/true"] as const;
  const hooks = { before: [program], after: [program], failed: [program], timeoutMs: 60_000 };
  const sealed = { keep, encrypt: { recipients: [recipient] }, set: "nightly", hooks } as const;
  return [
    capsuleJob("/tree", { to: ["near", "far"], keep }),
    postgresJob(source, { to: ["near"], keep, nameTemplate }),
    postgresJob(source, {
      ...sealed,
      name: "sealed",
      to: ["near"],
      format: "custom",
      nameTemplate: "sealed_{timestamp}",
    }),
    capsuleJob("/tree", { ...sealed, name: "tree", to: ["near", "far"] }),
  ];
}
