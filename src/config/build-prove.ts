import { resolve } from "node:path";
import { neverProven, type ProveSettings, type ThrowawayChoice } from "../domain/jobs/prove-settings.ts";
import type { Secret } from "../domain/secret.ts";
import { buildSource, type SourceContext, secretOf } from "./build-source.ts";
import type { ProveKeys } from "./schema/prove.ts";
import type { SecretContext } from "./secret-key.ts";

/** Where the server for proofs stands in a job. */
function serverPath(job: string): readonly string[] {
  return ["jobs", job, "prove", "server", "postgres"];
}

/** The password of a job's scratch server; null when it has none. What cannot be opened is reported. */
export async function openScratchPassword(
  keys: ProveKeys | undefined,
  job: string,
  { directory, report, opener }: SecretContext,
): Promise<Secret | null> {
  if (keys === undefined || !("postgres" in keys.server)) return null;
  const found = secretOf(keys.server.postgres, { path: serverPath(job), directory, report });
  return found === null ? null : opener.open(found);
}

export interface ProveContext extends Pick<SourceContext, "directory" | "report"> {
  readonly name: string;
  /** Of a scratch server; null when it has none. */
  readonly scratchPassword: Secret | null;
}

/** A job without the key is never proven. Paths are taken from the config's directory. */
export function buildProve(keys: ProveKeys | undefined, context: ProveContext): ProveSettings {
  if (keys === undefined) return neverProven;
  return {
    schedule: keys.schedule ?? null,
    afterEach: keys.after === "each",
    server: serverOf(keys.server, context),
    timeoutMs: keys.timeout.limitMs,
    identityFile: keys.identityFile === undefined ? null : resolve(context.directory, keys.identityFile),
    drillMs: keys.drill ?? null,
  };
}

function serverOf(server: ProveKeys["server"], context: ProveContext): ThrowawayChoice {
  if (!("postgres" in server)) return server;
  const { name, directory, report, scratchPassword } = context;
  const source = { path: serverPath(name), directory, report };
  return { kind: "scratch", source: buildSource(server.postgres, scratchPassword, source) };
}
