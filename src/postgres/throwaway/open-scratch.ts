import { Failure } from "../../domain/failure.ts";
import type { PostgresSource } from "../../domain/jobs/source.ts";
import type { PostgresDeps } from "../access.ts";
import { majorOf } from "../client/version.ts";
import { closeReach, reachServer } from "../connect.ts";
import { underDeadline } from "../deadline.ts";
import type { ThrowawayWish } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import type { Session } from "../session/session.ts";
import { prepareScratch } from "./prepare-scratch.ts";
import { withQuietConnections } from "./quiet-connections.ts";
import { removeScratch } from "./remove-scratch.ts";
import { guardScratch } from "./scratch-guard.ts";
import { scratchDatabase } from "./scratch-names.ts";
import type { ThrowawayHost } from "./throwaway-host.ts";
import { wantedMajor } from "./wanted-major.ts";

/** Removing also happens after the proof's own signal was raised, and then with a limit of its own. */
const removeLimitMs = 120_000;

/** A database of a random name on a server that somebody else runs. */
export async function openScratch(
  deps: PostgresDeps,
  wish: ThrowawayWish,
  source: PostgresSource,
): Promise<ThrowawayHost> {
  const { label, signal, facts } = wish;
  const context = withQuietConnections(
    await reachServer(deps, source, { database: "postgres", label, signal }),
  );
  const token = deps.newToken().toLowerCase().slice(0, 20);
  try {
    checkMajor(context, wantedMajor(facts));
    const guard = await guardScratch(context, token);
    if (guard === null)
      throw new Failure("postgres.throwaway", "Cannot guard the proof on the scratch server");
    return {
      description: `PostgreSQL ${context.facts.version}, a database on the scratch server`,
      isOurs: false,
      context,
      database: scratchDatabase(token),
      prepare: (needs) => prepareScratch(context, { ...needs, token, signal }),
      close: () => closeScratch(deps, { context, token, guard }),
    };
  } catch (error) {
    await closeReach(context.access.reach, deps);
    throw error;
  }
}

/** Text of another major's dump differs, and an older server does not take it. */
function checkMajor(context: ServerContext, wanted: number): void {
  if (majorOf(context.facts.versionNum) === wanted) return;
  throw new Failure(
    "postgres.throwaway",
    `Cannot restore for proof on the scratch server: it is PostgreSQL ${context.facts.version}, and the dump needs ${wanted}`,
    { hint: `Give a scratch server of PostgreSQL ${wanted}, or leave prove.server out.` },
  );
}

interface OpenScratch {
  readonly context: ServerContext;
  readonly token: string;
  readonly guard: Session;
}

async function closeScratch(deps: PostgresDeps, { context, token, guard }: OpenScratch): Promise<void> {
  try {
    await underDeadline(deps.clock, removeLimitMs, (signal) => removeScratch(context, token, signal));
  } finally {
    await guard.close();
    await closeReach(context.access.reach, deps);
  }
}
