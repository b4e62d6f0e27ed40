import type { ConfigCopySettings } from "../domain/jobs/config-copy-settings.ts";
import { buildEncrypt } from "./build-encrypt.ts";
import type { DestinationConfig } from "./destination-config.ts";
import { describePath, type Path, type Problem, unknownName } from "./problem.ts";
import type { ConfigCopyWritten } from "./schema/config-copy.ts";

interface Place {
  readonly destinations: readonly DestinationConfig[];
  /** Of the config file. */
  readonly directory: string;
  readonly report: (problem: Problem) => void;
}

/** Null when no copies are asked for. Problems are reported. */
export function buildConfigCopy(
  written: ConfigCopyWritten | null,
  { destinations, directory, report }: Place,
): ConfigCopySettings | null {
  if (written === null) return null;
  const path = ["configCopy"];
  const names = destinations.map(({ name }) => name);
  const writable = destinations.filter(({ traits }) => !traits.isReadOnly).map(({ name }) => name);
  for (const [index, name] of (written.to ?? []).entries()) {
    const at = [...path, "to", index];
    if (!names.includes(name)) report(unknownName(at, name, { kind: "destination", names }));
    else if (!writable.includes(name)) report(readOnlyAt(at, name));
  }
  const { recipients } = buildEncrypt(written, { path, directory, report }) ?? { recipients: [] };
  return { recipients, to: [...new Set(written.to ?? writable)] };
}

function readOnlyAt(path: Path, name: string): Problem {
  return { path, at: "value", message: `${describePath(path)} names "${name}", which is readOnly` };
}
