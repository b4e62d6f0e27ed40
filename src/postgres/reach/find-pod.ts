import { asFailure, Failure } from "../../domain/failure.ts";
import type { ContainerSelector } from "../../domain/jobs/source.ts";
import { startChild, succeeded } from "../../platform/child.ts";
import { finish, lastWords } from "./finished.ts";
import { type PodPlace, parsePodName } from "./kubectl.ts";

/** Reads the pod's name and asks the cluster whether it runs. Throws "postgres.container-*". */
export async function findPod(
  select: ContainerSelector,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<PodPlace> {
  const place = select.by === "name" ? parsePodName(select.name) : null;
  if (!place) {
    throw new Failure("postgres.container-missing", "Cannot find the pod: kubectl needs its name", {
      hint: 'Write postgres.container as "pod", "namespace/pod" or "namespace/pod/container".',
    });
  }
  const namespace = place.namespace === null ? [] : [`--namespace=${place.namespace}`];
  const args = ["get", "pod", place.pod, ...namespace, "--output=jsonpath={.status.phase}"];
  const child = await startChild({ program: "kubectl", args, env, stdout: "pipe" }).catch((error) => {
    throw unusable(asFailure(error, "platform.child", "Cannot start kubectl").message);
  });
  const run = await finish(child, signal);
  const phase = run.stdout.toString("utf8").trim();
  if (!succeeded(run.end)) throw refused(place, lastWords(run.end));
  if (phase === "Running") return place;
  throw new Failure("postgres.container-stopped", `Cannot reach pod "${place.pod}": it is ${phase}`, {
    hint: `See why: kubectl describe pod ${place.pod}`,
  });
}

/** kubectl is not translated, so "NotFound" is its API's reason and not prose. */
function refused(place: PodPlace, seen: string): Failure {
  if (!/\(NotFound\)/.test(seen)) return unusable(seen);
  return new Failure("postgres.container-missing", `Cannot find pod "${place.pod}": ${seen}`, {
    hint: "List what is there: kubectl get pods --all-namespaces",
  });
}

function unusable(seen: string): Failure {
  return new Failure("postgres.container-engine", `Cannot use kubectl: ${seen}`, {
    hint: 'Check that "kubectl get pods" works for the user that runs codex-backup.',
  });
}
