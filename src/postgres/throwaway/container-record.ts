import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, Failure } from "../../domain/failure.ts";
import { startChild, succeeded } from "../../platform/child.ts";
import type { PostgresDeps } from "../access.ts";
import { cleanEnvironment } from "../reach/call.ts";
import { finish, lastWords } from "../reach/finished.ts";
import type { Workplace } from "./workplace.ts";

/** A container of one proof, by the name that it bears or will bear. */
export interface ContainerRecord {
  readonly engine: string;
  readonly name: string;
}

function recordPath(place: Workplace): string {
  return join(place.path, "container.json");
}

/** Written before the container is made, so that a later proof can find it whatever happens in between. */
export async function recordContainer(place: Workplace, record: ContainerRecord): Promise<void> {
  await writeFile(recordPath(place), JSON.stringify(record), { mode: 0o600 });
}

/** Removes the container that a dead proof had recorded, if it had. Throws "postgres.throwaway" when it stays. */
export async function removeRecordedContainer(
  deps: PostgresDeps,
  place: Workplace,
  signal: AbortSignal,
): Promise<void> {
  const record = await readRecord(place);
  if (record !== null) await removeContainer(deps, record, signal);
}

async function readRecord(place: Workplace): Promise<ContainerRecord | null> {
  try {
    const { engine, name } = JSON.parse(
      await readFile(recordPath(place), "utf8"),
    ) as Partial<ContainerRecord>; // checked below
    return typeof engine === "string" && typeof name === "string" ? { engine, name } : null;
  } catch (error) {
    // Without a whole record, no container was made yet.
    if (error instanceof SyntaxError || errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** With its volumes. One that is gone is fine, and so is an engine that is not there: it cannot have made one. */
export async function removeContainer(
  deps: PostgresDeps,
  { engine, name }: ContainerRecord,
  signal: AbortSignal,
): Promise<void> {
  const env = cleanEnvironment(deps.env);
  const args = ["rm", "-f", "-v", name];
  const removing = await startChild({ program: engine, args, env, stdout: "pipe" }).catch(orMissing);
  if (removing === null) return;
  const { end } = await finish(removing, signal);
  if (succeeded(end)) return;
  const asking = await startChild({
    program: engine,
    args: ["ps", "--all", "--quiet", `--filter=name=^${name}$`],
    env,
    stdout: "pipe",
  });
  const left = await finish(asking, signal);
  if (succeeded(left.end) && left.stdout.toString("utf8").trim() === "") return;
  throw new Failure("postgres.throwaway", `Cannot remove container "${name}": ${lastWords(end)}`, {
    hint: `Remove it: ${engine} rm -f -v ${name}`,
  });
}

function orMissing(error: unknown): null {
  if (error instanceof Failure && error.context.errno === "ENOENT") return null;
  throw error;
}
