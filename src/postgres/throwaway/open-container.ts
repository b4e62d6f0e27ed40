import type { PostgresSource } from "../../domain/jobs/source.ts";
import { type Child, startChild, succeeded } from "../../platform/child.ts";
import type { PostgresDeps } from "../access.ts";
import { underDeadline } from "../deadline.ts";
import type { ThrowawayWish } from "../postgres.ts";
import { cleanEnvironment } from "../reach/call.ts";
import { openReach } from "../reach/reach.ts";
import { openClusterHost } from "./cluster-host.ts";
import type { ContainerImage } from "./container-image.ts";
import { recordContainer, removeContainer } from "./container-record.ts";
import { demandEngine } from "./demand-engine.ts";
import { findServerPrograms, type ServerPrograms } from "./find-programs.ts";
import { cannotStart } from "./local-cluster.ts";
import { noServerPrograms } from "./open-programs.ts";
import { initdbArgs, locksFor, serverSettings, settingArgs } from "./server-settings.ts";
import type { ThrowawayHost } from "./throwaway-host.ts";
import { tryToRemove } from "./try-to-remove.ts";
import { wantedMajor } from "./wanted-major.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

/** A volume of its own, removed with the container. */
const volume = "/codex-backup-proof";
const removeLimitMs = 60_000;
/** Every PostgreSQL image has this user, and no mount of ours through which it could reach the live cluster. */
const inside = "postgres";

/** A running container and how to run something in it. */
interface Box {
  readonly engine: string;
  readonly name: string;
  /** Its first process; the container ends, and is removed, when the input of this ends, so also with us. */
  readonly first: Child;
  /** As root, or as the user that the server is. */
  start(user: "root" | typeof inside, argv: readonly string[]): Promise<Child>;
}

/** A server from a container image: no network, no mount of ours, clients used inside. */
export async function openInContainer(
  deps: PostgresDeps,
  wish: ThrowawayWish,
  image: ContainerImage,
): Promise<ThrowawayHost> {
  await demandEngine(deps, image.engine, wish.signal);
  const place = await openWorkplace(deps, wish.workPath, wish.label);
  const record = { engine: image.engine, name: `codex-backup-proof-${place.token}` };
  let box: Box | null = null;
  const remove = async () => {
    try {
      box?.first.stdin?.end();
      await underDeadline(deps.clock, removeLimitMs, (signal) => removeContainer(deps, record, signal));
      await place.close();
    } catch (error) {
      place.leave(); // for the sweep of the next proof
      throw error;
    }
  };
  try {
    await recordContainer(place, record);
    box = await startBox(deps, { ...record, image: image.image, signal: wish.signal });
    const source = sourceIn(record, place);
    const programs = await programsIn(deps, source, wish);
    await startServer(box, { place, programs, wish });
    const clientDirectory = programs.directory === "" ? null : programs.directory;
    const description = `PostgreSQL ${programs.version.text}, a container of ${image.image.slice(0, 60)}`;
    return await openClusterHost(deps, { description, source: { ...source, clientDirectory }, remove }, wish);
  } catch (error) {
    await tryToRemove(deps, remove);
    throw error;
  }
}

function sourceIn(
  { engine, name }: { readonly engine: string; readonly name: string },
  place: Workplace,
): PostgresSource {
  // Whichever engine it was started by runs its exec in the same way.
  const known = engine === "podman" || engine === "nerdctl" ? engine : "docker";
  return {
    transport: { kind: "container", engine: known, select: { by: "name", name } },
    host: volume,
    port: 5432,
    user: superuserOf(place),
    password: null,
    parameters: {},
    clientDirectory: null,
  };
}

function superuserOf(place: Workplace): string {
  return `proof_${place.token}`;
}

interface BoxOrder {
  readonly engine: string;
  readonly name: string;
  readonly image: string;
  readonly signal: AbortSignal;
}

/** Its first process is `cat`: it answers when the container is up, and ends with its input. */
async function startBox(deps: PostgresDeps, order: BoxOrder): Promise<Box> {
  const { engine, name, image, signal } = order;
  const env = cleanEnvironment(deps.env);
  const wall = ["--network=none", "--security-opt=no-new-privileges", `--volume=${volume}`, "--user=0"];
  const naming = [`--name=${name}`, "--label=codex-backup=proof", "--stop-timeout=0"];
  const args = ["run", "--rm", "--interactive", ...naming, ...wall, "--entrypoint=cat", image];
  const first = await startChild({ program: engine, args, env, stdin: "pipe", stdout: "pipe" });
  const onAbort = () => first.stdin?.end();
  signal.addEventListener("abort", onAbort, { once: true });
  void first.ended.then(() => signal.removeEventListener("abort", onAbort));
  first.stdin?.write("up\n");
  if (!(await hasAnswered(first))) {
    signal.throwIfAborted();
    throw cannotStart(`the container of "${image}" ended: ${(await first.ended).stderr.trim()}`);
  }
  return {
    engine,
    name,
    first,
    start(user, argv) {
      const as = ["--user", user, "--env", "LC_ALL=C", "--env", "TZ=UTC", "--workdir", "/"];
      return startChild({ program: engine, args: ["exec", ...as, name, ...argv], env });
    },
  };
}

function hasAnswered(first: Child): Promise<boolean> {
  return new Promise((resolve) => {
    first.stdout?.once("data", () => resolve(true));
    void first.ended.then(() => resolve(false));
    first.stdout?.resume();
  });
}

async function programsIn(
  deps: PostgresDeps,
  source: PostgresSource,
  wish: ThrowawayWish,
): Promise<ServerPrograms> {
  const reach = await openReach(source, deps.env, wish.signal);
  const search = { major: wantedMajor(wish.facts), configured: null, embedded: false, signal: wish.signal };
  const programs = await findServerPrograms(reach, search);
  if (programs === null) throw noServerPrograms(wish, "the image has no server programs of that version");
  return programs;
}

interface ServerOrder {
  readonly place: Workplace;
  readonly programs: ServerPrograms;
  readonly wish: ThrowawayWish;
}

async function startServer(box: Box, { place, programs, wish }: ServerOrder): Promise<void> {
  const { fingerprint } = wish.facts;
  const data = `${volume}/data`;
  await runIn(box, "root", ["chown", inside, volume]);
  const cluster = initdbArgs({ data, superuser: superuserOf(place) });
  await runIn(box, inside, [`${programs.directory}initdb`, ...cluster]);
  const { major } = programs.version;
  const settings = serverSettings({ major, socketDirectory: volume, locks: locksFor(fingerprint) });
  const server = await box.start(inside, [
    `${programs.directory}postgres`,
    "-D",
    data,
    ...settingArgs(settings),
  ]);
  const isReady = await server.hasSaid(/ready to accept connections/);
  wish.signal.throwIfAborted();
  if (!isReady) throw cannotStart(server.stderr().trim());
}

async function runIn(box: Box, user: "root" | typeof inside, argv: readonly string[]): Promise<void> {
  const end = await (await box.start(user, argv)).ended;
  if (!succeeded(end)) throw cannotStart(`"${argv[0]}" in the container failed: ${end.stderr.trim()}`);
}
