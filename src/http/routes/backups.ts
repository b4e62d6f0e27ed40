import { Failure } from "../../domain/failure.ts";
import { json, type Route, route } from "../route.ts";
import type { RouteParts } from "../route-parts.ts";
import { backgroundWork, backup, backupId, documentOf, jobName, limit, shownBackup, z } from "../schema.ts";

const place = z.strictObject({ job: jobName, id: backupId });

const hold = z.strictObject({
  backup: z.string(),
  job: z.string(),
  destinations: z.array(z.string()),
  failed: z.array(z.strictObject({ destination: z.string(), message: z.string() })),
  stillSuspect: z.string().nullable().optional(),
});

export function backupRoutes(parts: RouteParts): readonly Route[] {
  return [
    listBackups(parts),
    showBackup(parts),
    verifyBackup(parts),
    proveBackup(parts),
    holdBackup(parts),
    releaseBackup(parts),
    acceptBackup(parts),
  ];
}

function listBackups({ operations }: RouteParts): Route {
  const query = z.strictObject({
    job: jobName.optional(),
    limit,
    after: z.string().max(310).optional().describe("`next` of the page before"),
  });
  return route({
    method: "get",
    path: "/api/v1/backups",
    summary: "Backups, newest first, page by page",
    access: "read",
    query,
    answers: {
      200: {
        description: "A page; `next` is null on the last one",
        schema: documentOf({ backups: z.array(backup), next: z.string().nullable() }),
      },
    },
    async answer({ query: { job = null, limit: most, after } }) {
      const from = after === undefined ? {} : { after: placeOf(after) };
      const backups = await operations.list({ job, limit: most, ...from });
      const last = backups.at(-1);
      const next = backups.length < most || !last ? null : `${last.job}/${last.id}`;
      return json({ schemaVersion: 1, backups, next });
    },
  });
}

function placeOf(text: string): z.output<typeof place> {
  const slash = text.indexOf("/");
  const found = place.safeParse({ job: text.slice(0, slash), id: text.slice(slash + 1) });
  if (slash >= 0 && found.success) return found.data;
  throw new Failure("usage.invalid-value", "Cannot go on: after is no place in the list", {
    hint: "Give `next` of the page before.",
  });
}

function showBackup({ operations }: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/backups/{job}/{id}",
    summary: "One backup with its manifest, its proofs and who protects it",
    access: "read",
    params: place,
    answers: { 200: { description: "The backup", schema: documentOf({ backup: shownBackup }) } },
    answer: async ({ params: { job, id } }) =>
      json({ schemaVersion: 1, backup: await operations.show(`${job}/${id}`) }),
  });
}

function verifyBackup({ operations, background }: RouteParts): Route {
  return route({
    method: "post",
    path: "/api/v1/backups/{job}/{id}/verify",
    summary: "Reads every copy again; how far it is: /api/v1/operations/{id}",
    access: "operate",
    params: place,
    body: z.strictObject({ level: z.enum(["stored", "hashed", "read"]).default("read") }),
    answers: { 202: { description: "Begun", schema: documentOf({ operation: backgroundWork }) } },
    change: ({ params: { job, id } }) => ({ action: "verify", target: `${job}/${id}` }),
    async answer({ params: { job, id }, body: { level } }) {
      const target = `${job}/${id}`;
      await operations.show(target); // an unknown one is told at once
      const work = (signal: AbortSignal) =>
        operations.verify({ backups: [target], level, sinceMs: null, signal });
      const { operation, ended } = background.start({ kind: "verify", target, work });
      return { ...json({ schemaVersion: 1, operation }, 202), ended };
    },
  });
}

function proveBackup({ operations, background }: RouteParts): Route {
  return route({
    method: "post",
    path: "/api/v1/backups/{job}/{id}/prove",
    summary: "Restores it into a throwaway server and compares; how far it is: /api/v1/operations/{id}",
    access: "operate",
    params: place,
    body: z.strictObject({
      destination: z.string().max(48).nullable().default(null).describe("Whose copy; default: the best one"),
    }),
    answers: { 202: { description: "Begun", schema: documentOf({ operation: backgroundWork }) } },
    change: ({ params: { job, id } }) => ({ action: "prove", target: `${job}/${id}` }),
    async answer({ params: { job, id }, body: { destination } }) {
      const target = `${job}/${id}`;
      await operations.show(target); // an unknown one is told at once
      const { operation, ended } = background.start({
        kind: "prove",
        target,
        work: (signal) =>
          operations.prove({
            ...{ backups: [target], job: null, latest: false, all: false, destination },
            ...{ identityFile: null, server: null, waitMs: 0, signal },
          }),
      });
      return { ...json({ schemaVersion: 1, operation }, 202), ended };
    },
  });
}

function holdBackup({ operations }: RouteParts): Route {
  return route({
    method: "post",
    path: "/api/v1/backups/{job}/{id}/hold",
    summary: "Protects a backup from retention",
    access: "operate",
    params: place,
    body: z.strictObject({ why: z.string().max(1000).default("") }),
    answers: { 200: { description: "Where the mark stands now", schema: documentOf({ hold }) } },
    change: ({ params: { job, id } }) => ({ action: "hold", target: `${job}/${id}` }),
    answer: async ({ params: { job, id }, body: { why }, caller }) =>
      json({
        schemaVersion: 1,
        hold: await operations.hold({ backup: `${job}/${id}`, who: caller.who, why }),
      }),
  });
}

function releaseBackup({ operations }: RouteParts): Route {
  return route({
    method: "delete",
    path: "/api/v1/backups/{job}/{id}/hold",
    summary: "Ends the protection: retention may remove the backup again",
    access: "admin",
    params: place,
    answers: { 200: { description: "Where the mark was removed", schema: documentOf({ release: hold }) } },
    change: ({ params: { job, id } }) => ({ action: "release", target: `${job}/${id}` }),
    answer: async ({ params: { job, id }, caller }) =>
      json({
        schemaVersion: 1,
        release: await operations.release({ backup: `${job}/${id}`, who: caller.who }),
      }),
  });
}

function acceptBackup({ operations }: RouteParts): Route {
  return route({
    method: "post",
    path: "/api/v1/backups/{job}/{id}/accept",
    summary: "What is suspect of the backup is as it should be: pruning goes on",
    access: "admin",
    params: place,
    body: z.strictObject({ why: z.string().trim().min(1).max(1000) }),
    answers: { 200: { description: "Where the mark stands now", schema: documentOf({ accept: hold }) } },
    change: ({ params: { job, id } }) => ({ action: "accept", target: `${job}/${id}` }),
    answer: async ({ params: { job, id }, body: { why }, caller }) =>
      json({
        schemaVersion: 1,
        accept: await operations.accept({ backup: `${job}/${id}`, who: caller.who, why }),
      }),
  });
}
