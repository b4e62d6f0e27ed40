import type { ChildSpec } from "../../platform/child.ts";
import type { CallContext, ProgramCall } from "./call.ts";
import { farArgv } from "./far-argv.ts";

export interface PodPlace {
  readonly namespace: string | null;
  readonly pod: string;
  readonly container: string | null;
}

/** Reads "pod", "namespace/pod" or "namespace/pod/container"; null when it is none of these. */
export function parsePodName(text: string): PodPlace | null {
  const parts = text.split("/");
  if (parts.some((part) => !/^[a-z0-9][a-z0-9.-]*$/i.test(part))) return null;
  const [first, second, third, more] = parts;
  if (first === undefined || more !== undefined) return null;
  if (second === undefined) return { namespace: null, pod: first, container: null };
  return { namespace: first, pod: second, container: third ?? null };
}

/** `kubectl exec -i`, never with a TTY. */
export function kubectlSpec(place: PodPlace, call: ProgramCall, context: CallContext): ChildSpec {
  const namespace = place.namespace === null ? [] : [`--namespace=${place.namespace}`];
  const container = place.container === null ? [] : [`--container=${place.container}`];
  const { login: _login, program: _program, args: _args, ...streams } = call;
  return {
    ...streams,
    program: "kubectl",
    args: ["exec", "-i", ...namespace, place.pod, ...container, "--", ...farArgv(call, context)],
    env: context.ownEnv,
  };
}
