import type { PresetRequest } from "../config/config.ts";
import { isTimezone } from "../domain/local-time.ts";
import type { Prompt } from "./cli.ts";

const sources = [
  { value: "container", label: "PostgreSQL in a container (docker, podman, nerdctl)" },
  { value: "postgres", label: "PostgreSQL on a host or socket" },
  { value: "codex", label: "The three cron lines of the Super-Codex-AI host" },
] as const;

/** Asks for what a config to start from needs; everything else is edited in the file. */
export async function askPreset(prompt: Prompt, hostTimezone: string): Promise<PresetRequest> {
  const kind = await prompt.select("What is to be backed up?", sources);
  const source = await askSource(prompt, kind);
  const timezone = await prompt.text("Zone of the schedules", {
    initial: hostTimezone,
    findProblem: (typed) =>
      isTimezone(typed) ? null : "No zone of this name is known, such as Europe/Berlin or UTC",
  });
  return { ...source, timezone };
}

type Source =
  | { readonly kind: "codex" }
  | {
      readonly kind: "container";
      readonly container: string;
      readonly user: string;
      readonly database: string | null;
    }
  | { readonly kind: "postgres"; readonly url: string };

async function askSource(prompt: Prompt, kind: string): Promise<Source> {
  if (kind === "codex") return { kind };
  if (kind === "postgres") {
    return {
      kind,
      url: await prompt.text("Its URL, without the password", {
        initial: "postgres://postgres@localhost:5432/postgres",
        findProblem: emptyProblem,
      }),
    };
  }
  const container = await prompt.text("Name of the container", { findProblem: emptyProblem });
  const user = await prompt.text("Database user", { initial: "postgres", findProblem: emptyProblem });
  const database = await prompt.text("Database (empty: all of them)", {});
  return { kind: "container", container, user, database: database === "" ? null : database };
}

function emptyProblem(typed: string): string | null {
  return typed === "" ? "Something must stand here" : null;
}
