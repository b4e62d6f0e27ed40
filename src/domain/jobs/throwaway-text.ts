import type { ThrowawayChoice } from "./prove-settings.ts";

/** What such a text may be, for messages. */
export const throwawayForms =
  "auto, programs, programs:DIRECTORY, container:IMAGE, docker:IMAGE or podman:IMAGE";

type TextChoice = Exclude<ThrowawayChoice, { readonly kind: "scratch" }>;

/** Where to restore for proof, as it is typed; null when the text says nothing of the kind. */
export function parseThrowaway(text: string): TextChoice | null {
  if (text === "auto") return { kind: "auto" };
  if (text === "programs") return { kind: "programs", directory: null };
  const [, word = "", value = ""] = /^(programs|container|docker|podman):(.+)$/s.exec(text) ?? [];
  if (word === "programs") return value.startsWith("/") ? { kind: "programs", directory: value } : null;
  // A name that begins with a dash would be an option of the engine.
  if (word === "" || !/^[A-Za-z0-9][\w.@/:-]*$/.test(value)) return null;
  return { kind: "container", engine: word === "podman" ? "podman" : "docker", image: value };
}

/** As parseThrowaway reads it. */
export function formatThrowaway(choice: TextChoice): string {
  switch (choice.kind) {
    case "auto":
      return "auto";
    case "programs":
      return choice.directory === null ? "programs" : `programs:${choice.directory}`;
    case "container":
      return `${choice.engine}:${choice.image}`;
    default:
      return choice satisfies never;
  }
}
