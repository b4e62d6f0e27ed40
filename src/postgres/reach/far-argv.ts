import type { CallContext, ProgramCall } from "./call.ts";

/**
 * The call as `env … PROGRAM ARGS`, for places that hand no environment over (kubectl, ssh). The password is
 * in a file there; a PGPASSWORD that happens to be set there would win over it, so it is taken away.
 */
export function farArgv(call: ProgramCall, context: CallContext): readonly string[] {
  const file = call.login ? context.passfile : null;
  const secret = file === null ? [] : ["-u", "PGPASSWORD", `PGPASSFILE=${file}`];
  return ["env", ...secret, "LC_ALL=C", call.program, ...call.args];
}
