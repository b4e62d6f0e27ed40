import { createHash } from "node:crypto";
import type { Instant } from "../domain/instant.ts";
import type { RunTrace } from "../domain/runs/run-trace.ts";

interface Attribute {
  readonly key: string;
  readonly value:
    | { readonly stringValue: string }
    | { readonly intValue: string }
    | { readonly doubleValue: number };
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number; readonly message?: string };
}

/** Where traces come from. */
export interface TraceOrigin {
  readonly version: string;
  readonly host: string;
}

/** Numbers of OTLP's enumerations: span kind "internal", status "ok" and "error". */
const [internal, ok, failed] = [1, 1, 2];

/**
 * A request of OTLP/HTTP in its JSON encoding (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"): ids
 * in hexadecimal, 64-bit numbers as text. Ids are made from the run's id: sent twice, a trace stays one.
 */
export function otlpBody(traces: readonly RunTrace[], origin: TraceOrigin): string {
  const resource = [
    text("service.name", "codex-backup"),
    text("service.version", origin.version),
    text("host.name", origin.host),
  ];
  const scope = { name: "codex-backup", version: origin.version };
  const spans = traces.flatMap(spansOf);
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope, spans }] }],
  });
}

function spansOf({ report, startedAt, endedAt, steps }: RunTrace): readonly Span[] {
  const traceId = idOf(`trace ${report.runId}`, 32);
  const root = idOf(`run ${report.runId}`, 16);
  const isFailed = report.outcome === "failed";
  return [
    {
      traceId,
      spanId: root,
      name: `run ${report.job}`,
      kind: internal,
      ...timesOf(startedAt, endedAt),
      attributes: attributesOf(report),
      status: isFailed ? { code: failed, message: report.failure?.message ?? report.summary } : { code: ok },
    },
    ...steps.map((step) => ({
      traceId,
      spanId: idOf(`step ${step.name} ${report.runId}`, 16),
      parentSpanId: root,
      name: step.name,
      kind: internal,
      ...timesOf(step.startedAt, step.endedAt),
      attributes: [whole("codex_backup.bytes", step.doneBytes)],
      status: { code: ok },
    })),
  ];
}

function attributesOf(report: RunTrace["report"]): readonly Attribute[] {
  const size = report.backup?.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return [
    text("codex_backup.run_id", report.runId),
    text("codex_backup.job", report.job),
    ...(report.database === null ? [] : [text("db.namespace", report.database)]),
    text("codex_backup.outcome", report.outcome),
    text("codex_backup.level", report.level),
    ...(report.slot === null ? [] : [text("codex_backup.slot", report.slot)]),
    ...(report.backup === null ? [] : [text("codex_backup.backup", report.backup.id)]),
    ...(size === undefined ? [] : [whole("codex_backup.size", size)]),
    ...(report.windowMs === null ? [] : [whole("codex_backup.window_ms", Math.round(report.windowMs))]),
    ...(report.failure === null ? [] : [text("error.type", report.failure.code)]),
  ];
}

function timesOf(startedAt: Instant, endedAt: Instant) {
  const nanosOf = (at: Instant) => String(BigInt(at) * 1_000_000n);
  return { startTimeUnixNano: nanosOf(startedAt), endTimeUnixNano: nanosOf(endedAt) };
}

function text(key: string, value: string): Attribute {
  return { key, value: { stringValue: value } };
}

function whole(key: string, value: number): Attribute {
  return { key, value: { intValue: String(value) } };
}

function idOf(seed: string, digits: number): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, digits);
}
