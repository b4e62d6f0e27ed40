import type { ChildSpec } from "../../platform/child.ts";
import type { CallContext, ProgramCall } from "./call.ts";

/** The program on this host; the password travels in its environment. */
export function localSpec(call: ProgramCall, context: CallContext): ChildSpec {
  const { login, ...rest } = call;
  const password = login && context.password ? { PGPASSWORD: context.password.reveal() } : {};
  return { ...rest, env: { ...context.ownEnv, ...password } };
}
