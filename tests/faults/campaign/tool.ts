import { type Io, runCli } from "../../../src/cli/cli.ts";
import { createTool, type Surroundings } from "../../../src/wiring.ts";

/** The tool within this process; an entry of its own, so that the build makes it too. Resolves with the exit status. */
export function perform(argv: readonly string[], io: Io, surroundings: Surroundings): Promise<number> {
  return runCli(argv, io, createTool(surroundings));
}
