import type { TelemetrySettings } from "../domain/jobs/telemetry-settings.ts";
import type { SecretContext } from "./secret-key.ts";
import type { Settings } from "./settings.ts";

/** Null where no traces are wanted. Secrets that cannot be opened are reported. */
export async function buildTelemetry(
  { telemetry }: Settings,
  { opener }: SecretContext,
): Promise<TelemetrySettings | null> {
  if (telemetry === null) return null;
  const headers: TelemetrySettings["headers"][number][] = [];
  for (const [name, setting] of Object.entries(telemetry.otlp.headers)) {
    const value = await opener.open({ setting, path: ["telemetry", "otlp", "headers", name] });
    headers.push({ name, value });
  }
  return { url: telemetry.otlp.url, headers };
}
