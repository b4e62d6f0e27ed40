import { dirname } from "node:path";
import { statIfThere } from "./files.ts";
import { currentUser, mayGiveTo, type OwnerIds } from "./owner.ts";

/**
 * Whose a file in this directory of the state should be: root's hand must not leave what the account that runs the jobs
 * cannot read. Null: ours, or nobody to whom we could give it.
 */
export async function ownerOfState(directory: string): Promise<OwnerIds | null> {
  const found = (await statIfThere(directory)) ?? (await statIfThere(dirname(directory)));
  if (found === null) return null;
  const { uid, gid } = found;
  return mayGiveTo(currentUser(), { uid, gid }) ? { uid, gid } : null;
}
