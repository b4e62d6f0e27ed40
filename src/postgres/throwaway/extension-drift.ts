import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import type { Unproven } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";

/** Extensions that were restored in another version: a dump names none, so the server's newest one was made. */
export async function extensionDrift(
  context: ServerContext,
  order: { readonly database: string; readonly facts: PostgresFacts; readonly signal: AbortSignal },
): Promise<readonly Unproven[]> {
  const { database, facts, signal } = order;
  if (facts.extensions.length === 0) return [];
  const session = await logIn(context.access, { database, purpose: "query", signal });
  try {
    const rows = await session.rows<{ readonly name: string; readonly version: string }>(
      "SELECT extname AS name, extversion AS version FROM pg_extension",
    );
    const restored = new Map(rows.map((row) => [row.name, row.version]));
    return facts.extensions.flatMap(({ name, version }) => {
      const here = restored.get(name);
      if (here === undefined || here === version) return [];
      return [
        { object: `extension ${name}`, reason: `restored as version ${here}; the source had ${version}` },
      ];
    });
  } finally {
    await session.close();
  }
}
