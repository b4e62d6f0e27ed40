import { resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import { Failure } from "../../domain/failure.ts";
import type { ApartFrom } from "../cli.ts";
import type { Session } from "../session.ts";

export interface SecretText {
  /** A file; "-": the standard output. */
  readonly to: string;
  readonly text: string;
  readonly document: Readonly<Record<string, unknown>>;
  /** For whoever sees it on a terminal. */
  readonly warning: string;
}

/** Takes a secret key to its place; settles only when all of it is there, and throws when it is not. */
export async function deliverKey(
  { io, tool, screen }: Session,
  config: Pick<Config, "statePath" | "destinations">,
  { to, text, document, warning }: SecretText,
): Promise<void> {
  if (to !== "-") {
    const beside = await tool.createSecretFile(resolve(io.cwd, to), text, placesOf(config));
    if (beside !== null)
      screen.complain(
        `Warning: "${to}" is on the same disk as "${beside}": who loses that disk loses both. Move it to another one now.`,
      );
    return;
  }
  if (io.stdout.isTerminal) screen.warn(warning);
  screen.answer(text, document);
  if (await io.outputTaken()) return;
  throw new Failure("platform.file", "Cannot export to the standard output: nobody has taken all of it", {
    hint: "It does not count as exported. Write it into a file with --to, or to a pipe whose reader lives.",
  });
}

function placesOf({
  statePath,
  destinations,
}: Pick<Config, "statePath" | "destinations">): readonly ApartFrom[] {
  return [
    { path: statePath, why: "it is lost together with this machine" },
    ...destinations.flatMap((one) =>
      one.kind === "local" ? [{ path: one.path, why: "whoever takes the backups would take their key" }] : [],
    ),
  ];
}
