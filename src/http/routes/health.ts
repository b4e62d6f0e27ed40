import { messageOf } from "../../domain/failure.ts";
import { json, type Route, route } from "../route.ts";
import type { RouteParts } from "../route-parts.ts";
import { destination, documentOf, jobStatus, z } from "../schema.ts";

/** Is the process there, can it work, are the backups fresh: three questions with three answers. */
export function healthRoutes(parts: RouteParts): readonly Route[] {
  return [healthz(parts), readyz(parts), status(parts), metrics(parts)];
}

function healthz({ version }: RouteParts): Route {
  return route({
    method: "get",
    path: "/healthz",
    summary: "The process answers; nothing is said of backups",
    access: null,
    answers: {
      200: { description: "Alive", schema: documentOf({ alive: z.boolean(), version: z.string() }) },
    },
    answer: async () => json({ schemaVersion: 1, alive: true, version }),
  });
}

function readyz(parts: RouteParts): Route {
  const schema = documentOf({ ready: z.boolean(), reasons: z.array(z.string()) });
  return route({
    method: "get",
    path: "/readyz",
    summary: "The next run could work: the catalog opens, the scheduler ticks, every destination can be used",
    access: "read",
    answers: {
      200: { description: "Ready", schema },
      503: { description: "Not ready, and why", schema },
    },
    async answer() {
      const reasons = await reasonsAgainst(parts);
      return json(
        { schemaVersion: 1, ready: reasons.length === 0, reasons },
        reasons.length === 0 ? 200 : 503,
      );
    },
  });
}

async function reasonsAgainst({ schedulerTrouble, statusOnce }: RouteParts): Promise<readonly string[]> {
  const trouble = schedulerTrouble();
  const scheduler = trouble === null ? [] : [trouble];
  try {
    const { disk } = (await statusOnce()).report;
    return [...scheduler, ...disk.flatMap(({ failure }) => failure?.message ?? [])];
  } catch (error) {
    return [...scheduler, messageOf(error)];
  }
}

function status({ statusOnce }: RouteParts): Route {
  const schema = documentOf({ jobs: z.array(jobStatus), disk: z.array(destination) });
  return route({
    method: "get",
    path: "/status",
    summary: "The document of `status --json`; fresh or stale by its HTTP status",
    access: "read",
    answers: {
      200: { description: "Every job is well and every destination can be used", schema },
      503: { description: "Something is not; the document says what", schema },
    },
    async answer() {
      const { report, text } = await statusOnce();
      return { kind: "text", status: report.exit === 0 ? 200 : 503, text, type: "application/json" };
    },
  });
}

const prometheusText = "text/plain; version=0.0.4; charset=utf-8";

function metrics({ metricsOnce }: RouteParts): Route {
  return route({
    method: "get",
    path: "/metrics",
    summary: "Prometheus' text format, at most a second old",
    access: "metrics",
    answers: { 200: { description: "Metrics", schema: z.string(), type: prometheusText } },
    answer: async () => ({ kind: "text", status: 200, text: await metricsOnce(), type: prometheusText }),
  });
}
