import { exampleOf, templateOf } from "./import-name.ts";
import type { ShellLine } from "./import-shell.ts";
import { absolute, parentOf, type Recognised } from "./import-task.ts";

/** zip, or the Super-Codex-AI script that writes the replay capsule; null for others. */
export function recogniseArchive(line: ShellLine): Recognised | null {
  return recogniseScript(line) ?? recogniseZip(line);
}

const scriptNotes = [
  "the script is no longer run: its work (audit.log, ledger/, annals/ as a zip) is done here, with sub-folders kept apart",
];

/** What that script reads and writes lies beside it: its layout is that of DESIGN 1. */
function recogniseScript({ pipe, directory }: ShellLine): Recognised | null {
  const [words = []] = pipe;
  const script = words.find((word) => /(^|\/)generate_replay_capsule\.py$/.test(word));
  const path = script === undefined ? null : absolute(directory, script);
  if (path === null || pipe.length !== 1) return null;
  const home = parentOf(path).endsWith("/scripts") ? parentOf(parentOf(path)) : parentOf(path);
  return {
    kind: "capsule",
    root: `${home}/storage`,
    include: ["audit.log", "ledger/**", "annals/**"],
    directory: `${home}/storage/replays`,
    file: "codex_replay_20261123T021500Z.zip",
    name: "codex_replay_{timestamp}",
    notes: scriptNotes,
  };
}

/** cd ROOT && zip -r ARCHIVE MEMBER… */
function recogniseZip({ pipe, directory, output }: ShellLine): Recognised | null {
  const [words = []] = pipe;
  if (pipe.length !== 1 || output !== null || !/(^|\/)zip$/.test(words[0] ?? "") || directory === null)
    return null;
  const options = words.slice(1).filter((word) => word.startsWith("-"));
  const [archive = "", ...members] = words.slice(1).filter((word) => !word.startsWith("-"));
  const path = absolute(directory, archive);
  const root = absolute(null, directory);
  const isPlain =
    members.length > 0 && members.every((word) => /^[\w.][\w./-]*$/.test(word) && !word.includes(".."));
  const file = path?.slice(path.lastIndexOf("/") + 1) ?? "";
  const name = path === null ? null : templateOf(file, ["zip"]);
  if (
    path === null ||
    root === null ||
    name === null ||
    !isPlain ||
    !options.every((one) => /^-[rqyX9]+$/.test(one))
  )
    return null;
  const include = members.some((one) => one === ".") ? [] : members.flatMap(globsOf);
  return {
    kind: "capsule",
    root,
    include,
    directory: parentOf(path),
    file: exampleOf(file),
    name,
    notes: [],
  };
}

/** A folder is named with a slash, or has no dot; a name with a dot is a file. */
function globsOf(member: string): readonly string[] {
  const plain = member.replace(/^\.\//, "").replace(/\/$/, "");
  return member.endsWith("/") || !plain.includes(".") ? [`${plain}/**`] : [plain];
}
