import { parse, stringify } from "yaml";
import type { ProgramRun } from "../servers/run-program.ts";
import type { SystemdHost } from "../servers/systemd.ts";
import { type GuideBlock, missingLines, statusOf } from "./guide-page.ts";

/** What a shell says of a line that was typed wrong, also where a pipe or "!" hides its exit status. */
const misspelt = /command not found|syntax error|(unknown|invalid|unrecognized) (option|command)/;

/**
 * Does on a host what a block of a guide tells: types its commands as root into a fresh shell that stops at the
 * first one that fails, or adds its YAML to the file that its note names. Returns what was not as the page says.
 */
export async function tryBlock(host: SystemdHost, block: GuideBlock): Promise<string | null> {
  if (block.language === "yaml") return addYaml(host, block);
  if (block.note.startsWith("shown: ")) return null;
  const run = await host.try("bash", "-e", "-o", "pipefail", "-c", `cd\n${block.text}`);
  const fault = faultOf(block, run);
  return fault && `${block.place} (${block.heading}): ${fault}\n${block.text}\n${run.stdout}${run.stderr}`;
}

function faultOf(block: GuideBlock, run: ProgramRun): string | null {
  if (run.code !== statusOf(block)) return `ended with ${run.code}, not ${statusOf(block)}`;
  if (misspelt.test(run.stderr)) return "a command is misspelt";
  const missing = missingLines(block.output ?? "", `${run.stdout}${run.stderr}`);
  return missing.length > 0 ? `did not print:\n${missing.join("\n")}\nbut:` : null;
}

async function addYaml(host: SystemdHost, block: GuideBlock): Promise<string | null> {
  const path = /^into (\/\S+)$/.exec(block.note)?.[1];
  if (path === undefined) return `${block.place}: is not told into which file it belongs`;
  const { stdout } = await host.try("cat", path);
  const merged = merge(parse(stdout) ?? {}, parse(block.text));
  await host.write(path, stringify(merged));
  return null;
}

/** As a person adds lines to a file: maps grow, anything else is replaced. */
function merge(old: unknown, more: unknown): unknown {
  if (!isMap(old) || !isMap(more)) return more;
  const keys = [...new Set([...Object.keys(old), ...Object.keys(more)])];
  return Object.fromEntries(keys.map((key) => [key, key in more ? merge(old[key], more[key]) : old[key]]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
