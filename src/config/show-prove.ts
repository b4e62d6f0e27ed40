import { formatDuration } from "../domain/duration.ts";
import { neverProven, type ProveSettings } from "../domain/jobs/prove-settings.ts";
import { formatThrowaway } from "../domain/jobs/throwaway-text.ts";
import type { ShowSecret } from "./show-alerts.ts";
import { sourceOf } from "./show-source.ts";

type Yaml = Readonly<Record<string, unknown>>;

/** The `prove` key of a job; nothing where every setting is the default. */
export function proveOf(settings: ProveSettings, show: ShowSecret): Yaml {
  if (JSON.stringify(settings) === JSON.stringify(neverProven)) return {};
  const { schedule, afterEach, server, timeoutMs, identityFile, drillMs } = settings;
  return {
    prove: defined({
      schedule,
      after: afterEach ? "each" : null,
      server:
        server.kind === "scratch"
          ? { postgres: defined(sourceOf(server.source, show)) }
          : formatThrowaway(server),
      timeout: timeoutMs === null ? "none" : formatDuration(timeoutMs),
      identityFile,
      drill: drillMs === null ? null : formatDuration(drillMs),
    }),
  };
}

function defined(all: Yaml): Yaml {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null && value !== undefined));
}
