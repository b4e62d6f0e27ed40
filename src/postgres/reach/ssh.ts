import type { ChildSpec } from "../../platform/child.ts";
import type { CallContext, ProgramCall } from "./call.ts";
import { farArgv } from "./far-argv.ts";

export interface SshPlace {
  readonly host: string;
  /** Further arguments of ssh itself, as configured. */
  readonly args: readonly string[];
}

/** `ssh` without TTY and without questions; the far shell parses the line, hence the quoting. */
export function sshSpec(place: SshPlace, call: ProgramCall, context: CallContext): ChildSpec {
  const line = farArgv(call, context).map(quoteForShell).join(" ");
  const { login: _login, program: _program, args: _args, ...streams } = call;
  return {
    ...streams,
    program: "ssh",
    args: ["-T", "-o", "BatchMode=yes", ...place.args, "--", place.host, line],
    env: context.ownEnv,
  };
}

/** One word for a POSIX shell, whatever it holds. */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_/.,:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
