import { spawn } from "node:child_process";

/**
 * Starts a program that goes on without us: in a session of its own, with no stream of ours, and not waited
 * for. Never throws; what goes wrong is told to `onError`.
 */
export function startDetached(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  onError: (error: Error) => void,
): void {
  const [program = "", ...args] = argv;
  // Of the root directory, so that it keeps no other from being unmounted.
  const child = spawn(program, args, { cwd: "/", env: { ...env }, detached: true, stdio: "ignore" });
  child.on("error", onError);
  child.unref();
}
