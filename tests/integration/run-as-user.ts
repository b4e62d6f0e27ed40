/** Runs one capsule job as whoever this process is: run-as-user.ts HOME DESTINATION ROOT. Prints its report. */
import { createLocalDestination } from "../../src/destinations/local/local-destination.ts";
import { run } from "../../src/operations/run/run.ts";
import { plainTraits } from "../fakes/plain-traits.ts";
import { capsuleJob, createRealContext } from "../fakes/real-context.ts";

const [home = "", path = "", root = ""] = process.argv.slice(2);
const context = createRealContext({ home, jobs: [capsuleJob(root, { to: ["backups"] })], destinations: [] });
const { clock, log, host, randomToken } = context;
const destination = createLocalDestination(
  { name: "backups", path, owner: null, fileMode: 0o600, directoryMode: 0o700, traits: plainTraits },
  { clock, log, host, randomToken, tool: "codex-backup 0.0.0" },
);
const [report] = await run(
  { ...context, destinations: new Map([["backups", destination]]) },
  { jobs: ["capsule"], all: false, waitMs: 0, slot: null, signal: new AbortController().signal },
);
process.stdout.write(JSON.stringify(report));
