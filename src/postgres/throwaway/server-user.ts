import { Failure } from "../../domain/failure.ts";
import { currentUser, findRecord, lookUpOwner, type OwnerIds } from "../../platform/owner.ts";

/** Above the numbers that people and packages have, below those that the kernel keeps for itself. */
const groups = { from: 61_184, to: 65_500 } as const;

/**
 * Whom a throwaway server runs as: null, ourselves; for root, which PostgreSQL refuses, "nobody" (never "postgres",
 * which may read the live cluster), with a group that no other process has: by it alone the server gets to its own
 * directory, and other programs of "nobody" do not.
 */
export async function serverUser(newToken: () => string): Promise<OwnerIds | null> {
  if (currentUser().uid !== 0) return null;
  const nobody = await lookUpOwner({ user: "nobody", group: null });
  if (nobody.kind === "unknown") {
    throw new Failure(
      "postgres.throwaway",
      'Cannot start a server for the proof: there is no user "nobody"',
      {
        hint: "Make one (useradd --system nobody), or prove in a container: set prove.server.",
      },
    );
  }
  return { uid: nobody.ids.uid, gid: await freeGroup(newToken) };
}

async function freeGroup(newToken: () => string): Promise<number> {
  for (;;) {
    // Letters and digits are a number to the base of 36; ten of them are below 2^53.
    const random = Number.parseInt(newToken().toLowerCase().slice(0, 10), 36);
    const gid = groups.from + (random % (groups.to - groups.from));
    if ((await findRecord("group", String(gid))) === null) return gid;
  }
}

/** How to become that user, as the beginning of an argv. The server is ended by the kernel when we are gone. */
export function asUser(user: OwnerIds | null): readonly string[] {
  const become = user === null ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  return ["setpriv", ...become, "--pdeathsig=QUIT", "--"];
}
