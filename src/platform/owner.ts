import { readFile } from "node:fs/promises";
import { startChild, succeeded } from "./child.ts";
import { readToEnd } from "./read-to-end.ts";

/** Names or numeric ids, as written; without a group, the user's own. */
export interface OwnerNames {
  readonly user: string;
  readonly group: string | null;
}

export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/** The user and groups that this process acts as. */
export interface CurrentUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** The effective one. Root where the system has no such thing. */
export function currentUser(): CurrentUser {
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
  };
}

/** Whether the kernel will let this user give files to that owner. */
export function mayGiveTo(user: CurrentUser, owner: OwnerIds): boolean {
  if (user.uid === 0) return true;
  return user.uid === owner.uid && (user.gid === owner.gid || user.groups.includes(owner.gid));
}

export type OwnerLookup =
  | { readonly kind: "found"; readonly ids: OwnerIds }
  | { readonly kind: "unknown"; readonly what: "user" | "group"; readonly name: string };

/**
 * Turns names or numeric ids into ids: from /etc/passwd and /etc/group, else by `getent` (LDAP and its
 * like). Without a group it is the user's own; for a bare number that no user has, the group of that number.
 */
export async function lookUpOwner(owner: OwnerNames): Promise<OwnerLookup> {
  const user = await findRecord("passwd", owner.user);
  const uid = user?.[2] ?? (isNumber(owner.user) ? owner.user : null);
  if (uid === null) return { kind: "unknown", what: "user", name: owner.user };
  if (owner.group === null) return found(uid, user?.[3] ?? uid);
  const group = await findRecord("group", owner.group);
  const gid = group?.[2] ?? (isNumber(owner.group) ? owner.group : null);
  return gid === null ? { kind: "unknown", what: "group", name: owner.group } : found(uid, gid);
}

function found(uid: string, gid: string): OwnerLookup {
  return { kind: "found", ids: { uid: Number(uid), gid: Number(gid) } };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** The fields of a record, by name or by number (the third field); null when nobody knows it. */
export async function findRecord(
  database: "passwd" | "group",
  key: string,
): Promise<readonly string[] | null> {
  const column = isNumber(key) ? 2 : 0;
  const local = (await readFile(`/etc/${database}`, "utf8")).split("\n").map((line) => line.split(":"));
  return local.find((fields) => fields[column] === key) ?? (await askNameService(database, key));
}

async function askNameService(database: string, key: string): Promise<readonly string[] | null> {
  try {
    const child = await startChild({
      program: "getent",
      args: ["--", database, key],
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
      stdout: "pipe",
    });
    const text = child.stdout === null ? "" : (await readToEnd(child.stdout)).toString("utf8");
    return succeeded(await child.ended) ? text.trimEnd().split(":") : null;
  } catch {
    return null; // no getent here (musl): then the files are all there is
  }
}
