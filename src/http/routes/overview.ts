import { describeSchedule } from "../../domain/slots/schedule.ts";
import { json, type Route, route } from "../route.ts";
import type { RouteParts } from "../route-parts.ts";
import { destination, documentOf, jobStatus, z } from "../schema.ts";

/** Parts of the status, for those who want no more. */
export function overviewRoutes(parts: RouteParts): readonly Route[] {
  return [jobs(parts), schedule(parts), disk(parts), destinations(parts)];
}

function jobs({ statusOnce }: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/jobs",
    summary: "Each job, and each of its databases, as in the status",
    access: "read",
    answers: { 200: { description: "Jobs", schema: documentOf({ jobs: z.array(jobStatus) }) } },
    answer: async () => json({ schemaVersion: 1, jobs: (await statusOnce()).report.jobs }),
  });
}

const planned = z.strictObject({
  job: z.string(),
  schedule: z.string().nullable().describe("In words; null: only by hand"),
  timezone: z.string(),
  nextSlot: z.string().nullable(),
  missedSlots: z.array(z.unknown()),
});

function schedule({ jobs: configured, scheduleOf, statusOnce }: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/schedule",
    summary: "When each job is due, and what was missed in the last 7 days",
    access: "read",
    answers: { 200: { description: "Schedule", schema: documentOf({ jobs: z.array(planned) }) } },
    async answer() {
      const { report } = await statusOnce();
      const told = configured.map((configuredJob) => {
        const { name, timezone } = configuredJob;
        const one = report.jobs.find(({ job }) => job === name);
        const times = scheduleOf(configuredJob);
        return {
          job: name,
          schedule: times === null ? null : describeSchedule(times),
          timezone: times?.timezone ?? timezone,
          nextSlot: one?.nextSlot ?? null,
          missedSlots: one?.missedSlots ?? [],
        };
      });
      return json({ schemaVersion: 1, jobs: told });
    },
  });
}

function disk({ statusOnce }: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/disk",
    summary: "Space at each destination, and when it will be full",
    access: "read",
    answers: { 200: { description: "Disks", schema: documentOf({ disk: z.array(destination) }) } },
    answer: async () => json({ schemaVersion: 1, disk: (await statusOnce()).report.disk }),
  });
}

function destinations({ statusOnce }: RouteParts): Route {
  const one = z.strictObject({
    name: z.string(),
    location: z.string(),
    usable: z.boolean(),
    reason: z.string().nullable(),
  });
  return route({
    method: "get",
    path: "/api/v1/destinations",
    summary: "Whether each destination can be used now",
    access: "read",
    answers: { 200: { description: "Destinations", schema: documentOf({ destinations: z.array(one) }) } },
    async answer() {
      const told = (await statusOnce()).report.disk.map(({ name, location, failure }) => {
        return { name, location, usable: failure === null, reason: failure?.message ?? null };
      });
      return json({ schemaVersion: 1, destinations: told });
    },
  });
}
