import type { ChildSpec } from "../../platform/child.ts";
import type { CallContext, ProgramCall } from "./call.ts";

export interface ContainerPlace {
  /** docker, podman or nerdctl; their exec takes the same flags. */
  readonly engine: string;
  readonly id: string;
}

/**
 * `docker exec -i`, never with a TTY (it would turn each LF into CRLF). `--env NAME` without a value makes
 * the engine's client take it from its own environment, so that the password is in no argv.
 */
export function containerSpec(place: ContainerPlace, call: ProgramCall, context: CallContext): ChildSpec {
  const password = call.login ? context.password : null;
  const secretArgs = password ? ["--env", "PGPASSWORD"] : [];
  const { login: _login, program, args, ...streams } = call;
  return {
    ...streams,
    program: place.engine,
    args: ["exec", "-i", "--env", "LC_ALL=C", ...secretArgs, place.id, program, ...args],
    env: { ...context.ownEnv, ...(password ? { PGPASSWORD: password.reveal() } : {}) },
  };
}
