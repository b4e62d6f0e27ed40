import { Failure, messageOf } from "../../../domain/failure.ts";
import type { FailureCode } from "../../../domain/failure-table.ts";
import { statusOf } from "./session.ts";

/** Of the protocol's third version, which all servers speak. */
export const status = { noSuchFile: 2, permissionDenied: 3, failure: 4 } as const;

export interface Attempt {
  readonly verb: string;
  /** With its server. */
  readonly path: string;
}

/** A status in our words. Failures pass unchanged. */
export function translateStatus(thrown: unknown, { verb, path }: Attempt): Failure {
  if (thrown instanceof Failure) return thrown;
  const { code, seen, hint } = meanings[statusOf(thrown) ?? -1] ?? unknown;
  const said = seen ?? `the server says "${messageOf(thrown)}"`;
  return new Failure(code, `Cannot ${verb} "${path}": ${said}`, { hint, cause: thrown });
}

interface Meaning {
  readonly code: FailureCode;
  /** Null: the server's own word. */
  readonly seen: string | null;
  readonly hint: string;
}

const unknown: Meaning = {
  code: "destination.io",
  seen: null,
  hint: "The protocol tells no more: look into the server's log, its disk and its quota.",
};

const meanings: Readonly<Record<number, Meaning>> = {
  [status.noSuchFile]: {
    code: "destination.not-found",
    seen: "there is no such file",
    hint: "Compare the folder with: codex-backup list.",
  },
  [status.permissionDenied]: {
    code: "destination.denied",
    seen: "permission denied",
    hint: "Give the folder on the server to the user that signs in: chown USER FOLDER && chmod 700 FOLDER.",
  },
};
