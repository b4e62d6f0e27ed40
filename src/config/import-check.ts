import { buildDirectories } from "./build-destination.ts";
import { buildJob } from "./build-job.ts";
import { crossCheck } from "./cross-check.ts";
import { crossCheckDestinations } from "./cross-check-destinations.ts";
import { createProblemList } from "./problem.ts";
import { readSettings } from "./settings.ts";

/** The first thing that load() would find wrong in a config of these settings, secrets aside; null: nothing. */
export function findSettingsProblem(written: Readonly<Record<string, unknown>>): string | null {
  const { settings, problems } = readSettings(written);
  const list = createProblemList();
  for (const problem of problems) list.add(problem);
  if (settings !== null) {
    const shared = { directory: "/", report: list.add };
    const destinations = buildDirectories({ settings, ...shared });
    const jobs = [...settings.jobs].map(([name, job]) =>
      buildJob(job, {
        ...shared,
        name,
        timezone: settings.timezone,
        destinations,
        password: null,
        scratchPassword: null,
      }),
    );
    crossCheck({ jobs, destinations, report: list.add });
    crossCheckDestinations({ jobs, destinations, report: list.add });
  }
  return list.all[0]?.message ?? null;
}
