import { asFailure, Failure } from "../../domain/failure.ts";
import type { ContainerSelector } from "../../domain/jobs/source.ts";
import { startChild, succeeded } from "../../platform/child.ts";
import { describeSelector, type ListedContainer, listArgs, matching, parseList } from "./container-list.ts";
import { finish, lastWords } from "./finished.ts";

export interface ContainerSearch {
  readonly engine: string;
  readonly select: ContainerSelector;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * The id of the one running container that is meant, asked anew at each connect: a redeployed container has
 * another id, and a remembered one would be somebody else's or nobody's. Throws "postgres.container-*".
 */
export async function findContainer(search: ContainerSearch): Promise<string> {
  const found = matching(await listContainers(search, search.select), search.select);
  const running = found.filter((container) => container.isRunning);
  const [only, second] = running;
  if (only && !second) return only.id;
  const wanted = describeSelector(search.select);
  if (second) throw ambiguous(wanted, running);
  const [stopped] = found;
  if (stopped) throw notRunning(search.engine, wanted, stopped);
  throw await missing(search, wanted);
}

async function listContainers(
  search: ContainerSearch,
  select: ContainerSelector,
): Promise<readonly ListedContainer[]> {
  const { engine, env, signal } = search;
  const child = await startChild({ program: engine, args: listArgs(select), env, stdout: "pipe" }).catch(
    (error) => {
      const seen = asFailure(error, "platform.child", "").context.errno === "ENOENT" ? "not installed" : "";
      throw unusable(engine, seen || asFailure(error, "platform.child", "").message);
    },
  );
  const run = await finish(child, signal);
  if (!succeeded(run.end)) throw unusable(engine, lastWords(run.end));
  return parseList(run.stdout.toString("utf8"));
}

function unusable(engine: string, seen: string): Failure {
  return new Failure("postgres.container-engine", `Cannot use ${engine}: ${seen}`, {
    hint: `Check that "${engine} ps" works for the user that runs codex-backup.`,
    context: { engine },
  });
}

function ambiguous(wanted: string, running: readonly ListedContainer[]): Failure {
  const names = running.map(nameOf).join(", ");
  return new Failure("postgres.container-ambiguous", `Cannot choose the ${wanted}: ${names} are running`, {
    hint: "Name one of them in postgres.container.",
  });
}

function notRunning(engine: string, wanted: string, stopped: ListedContainer): Failure {
  const name = stopped.names[0] ?? stopped.id;
  return new Failure(
    "postgres.container-stopped",
    `Cannot reach PostgreSQL in the ${wanted}: ${nameOf(stopped)} is not running (${stopped.status})`,
    { hint: `Start it: ${engine} start ${name}` },
  );
}

async function missing(search: ContainerSearch, wanted: string): Promise<Failure> {
  const all = await listContainers(search, { by: "name", name: "" });
  const listed = all.map((one) => `${nameOf(one)}${one.isRunning ? "" : " (not running)"}`);
  const seen = listed.length === 0 ? "there are no containers" : `there are ${listed.join(", ")}`;
  const { select, engine } = search;
  const start =
    select.by === "compose"
      ? `Start it: ${engine} compose -p ${select.project} up -d ${select.service}`
      : `Create and start it with ${engine} run or compose, or correct postgres.container.`;
  return new Failure("postgres.container-missing", `Cannot find the ${wanted}: ${seen}`, { hint: start });
}

function nameOf(container: ListedContainer): string {
  return `"${container.names[0] ?? container.id}"`;
}
