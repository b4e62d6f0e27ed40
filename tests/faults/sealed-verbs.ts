import assert from "node:assert/strict";
import type { Context } from "../../src/operations/context.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { Machine } from "./machine.ts";
import {
  dropReceipts,
  newest,
  nothing,
  ofReports,
  runJobs,
  type Told,
  type Verb,
  well,
  why,
} from "./verbs.ts";

const sealed = { jobs: ["sealed", "tree"], stock: ["sealed", "tree", "sealed", "tree"] } as const;

/** The newest capsule becomes one that nobody could compare with those before it. */
async function makeSuspect(machine: Machine): Promise<void> {
  machine.clock.leap(60_000);
  const fault = { kind: "fail", call: 1, among: /^profiles$/ } as const;
  await runJobs(machine.boot({ at: "catalog", fault }).context, ["capsule"]);
  const [row] = machine.boot().context.catalog.backups({ job: "capsule", limit: 1 });
  assert.deepEqual(
    row?.anomalies.map(({ kind }) => kind),
    ["uncompared"],
  );
}

async function verifySealed(context: Context, signal: AbortSignal, { identity }: Machine): Promise<Told> {
  const backups = [newest(context, "sealed"), newest(context, "tree")];
  const reports = await createOperations(context).verify({
    backups,
    level: "read",
    sinceMs: null,
    identity,
    signal,
  });
  const lines = reports.flatMap(({ differences, warnings }) => [...differences, ...warnings]);
  const isRead = reports.every(({ level }) => level === "read");
  return { ...ofReports(reports, lines), isWell: isRead && reports.every(({ exit }) => exit === 0) };
}

/** Encrypted jobs of one set, with hooks; and what vouches for backups. */
export const sealedVerbs: readonly Verb[] = [
  {
    name: "run set",
    ...sealed,
    doors: ["near", "catalog", "programs"],
    isPatient: true,
    isSampled: true,
    prepare: nothing,
    act: (context, signal) => runJobs(context, ["sealed", "tree"], signal),
  },
  {
    name: "verify --identity",
    ...sealed,
    doors: ["near", "programs"],
    // So that each step finds the receipt of an earlier check, which gives way to its own.
    async prepare(machine) {
      await verifySealed(machine.boot().context, new AbortController().signal, machine);
      machine.clock.leap(60_000);
    },
    act: verifySealed,
  },
  {
    name: "restore --identity",
    ...sealed,
    doors: ["near", "programs"],
    prepare: nothing,
    async act(context, signal, { identity }) {
      const request = { backup: newest(context, "sealed"), to: "copy", overwrite: null, only: [], job: null };
      const how = { roles: "none", withoutOwners: false, check: "full", identity, dryRun: false } as const;
      await createOperations(context).restore({ ...request, ...how, signal });
      return well;
    },
  },
  {
    name: "prove --identity",
    ...sealed,
    doors: ["near", "catalog", "programs"],
    prepare: dropReceipts,
    async act(context, signal, { identity }) {
      const backups = [newest(context, "sealed"), newest(context, "tree")];
      const which = { backups, job: null, latest: false, all: false, destination: "near" };
      const how = { identityFile: identity, server: null, waitMs: 0 };
      const proofs = await createOperations(context).prove({ ...which, ...how, signal });
      const lines = proofs.flatMap(({ differences, warnings }) => [...differences, ...warnings]);
      return ofReports(proofs, lines);
    },
  },
  {
    name: "accept",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    prepare: makeSuspect,
    async act(context) {
      const request = { backup: newest(context, "capsule"), ...why };
      const { failed } = await createOperations(context).accept(request);
      return { ...well, isWell: failed.length === 0, lines: failed.map(({ message }) => message) };
    },
  },
  {
    name: "verify --signatures",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    prepare: nothing,
    async act(context, signal) {
      const reports = await createOperations(context).verifySignatures({ backups: [], job: null, signal });
      const lines = reports.flatMap(({ findings }) => findings.map(({ message }) => message));
      return ofReports(reports, lines);
    },
  },
];
