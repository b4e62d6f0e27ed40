import { userInfo } from "node:os";
import type { Account } from "./child-environment.ts";

/** The user we act as; a uid without a name (as in containers) is its own name. */
export function ownAccount(): Account {
  try {
    const { username, homedir } = userInfo();
    return { name: username, home: homedir };
  } catch {
    return { name: "unknown", home: "/" }; // no entry in the password file
  }
}
