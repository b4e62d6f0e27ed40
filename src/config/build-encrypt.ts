import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { recipientFault } from "../domain/encryption/recipient.ts";
import { errnoOf, messageOf } from "../domain/failure.ts";
import type { EncryptSettings } from "../domain/jobs/job.ts";
import { describePath, type Path, type Problem } from "./problem.ts";
import type { EncryptSettingsWritten } from "./schema/encrypt.ts";

interface Place {
  readonly path: Path;
  /** Of the config file. */
  readonly directory: string;
  readonly report: (problem: Problem) => void;
}

/** Null: stored in the clear. Problems are reported. Each recipient once, in the order written. */
export function buildEncrypt(
  settings: EncryptSettingsWritten | undefined,
  place: Place,
): EncryptSettings | null {
  if (settings === undefined) return null;
  const { recipients, recipientsFile } = settings;
  const all = [
    ...new Set([...recipients, ...(recipientsFile === undefined ? [] : readFrom(recipientsFile, place))]),
  ];
  if (all.length === 0) {
    const message = `${describePath(place.path)}: names no recipient`;
    place.report({ path: place.path, at: "value", message });
  }
  return { recipients: all };
}

function readFrom(file: string, { path, directory, report }: Place): readonly string[] {
  const here = [...path, "recipientsFile"];
  const refuse = (seen: string) =>
    report({ path: here, at: "value", message: `${describePath(here)}: ${seen}` });
  try {
    const lines = readFileSync(resolve(directory, file), "utf8").split(/\r?\n/);
    const written = lines.map((line, index) => ({ text: line.trim(), line: index + 1 }));
    const found = written.filter(({ text }) => text !== "" && !text.startsWith("#"));
    if (found.length === 0) refuse(`"${file}" names no recipient`);
    for (const { text, line } of found) {
      const fault = recipientFault(text);
      if (fault !== null) refuse(`line ${line} of "${file}" is no recipient of age: ${fault}`);
    }
    return found.map(({ text }) => text);
  } catch (error) {
    refuse(`"${file}" cannot be read: ${errnoOf(error) ?? messageOf(error)}`);
    return [];
  }
}
