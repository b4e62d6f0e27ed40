import type { Clock } from "../platform/clock.ts";
import type { Installer } from "../scheduler/scheduler.ts";
import { ownAccount } from "./account.ts";
import { childEnvironment } from "./child-environment.ts";
import { systemTimezone } from "./system-timezone.ts";

/** See Tool.installer. */
export async function installerAt(
  root: string,
  { clock, env }: { readonly clock: Clock; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Installer> {
  const { createInstaller } = await import("../scheduler/installed-units.ts");
  const childEnv = childEnvironment(env, ownAccount());
  return createInstaller({ root, hostTimezone: systemTimezone(), clock, childEnv });
}
