import type { FailureReport } from "../../failure.ts";
import { type Diagnosis, diagnose, octal, shellWord } from "../finding.ts";

export interface ConfigFacts {
  /** Where it was looked for, or found. */
  readonly path: string;
  /** Why it cannot be used; null when it can. */
  readonly failure: FailureReport | null;
  /** Null where it cannot be looked at. */
  readonly mode: number | null;
  readonly counts: string;
}

/** Whether the configuration can be used, and who can read it. */
export function judgeConfig(facts: ConfigFacts): readonly Diagnosis[] {
  const { path, failure, counts } = facts;
  const opened = judgeMode(facts);
  if (failure === null) {
    return [diagnose("config.ok", path, `it is right: ${counts}`), ...opened];
  }
  return [judgeFailure(path, failure), ...opened];
}

function judgeFailure(path: string, failure: FailureReport): Diagnosis {
  const message = [failure.message, failure.hint].filter((line) => line !== null).join("\n");
  const check = `codex-backup --config ${shellWord(path)} config check`;
  switch (failure.code) {
    case "config.missing":
      return diagnose("config.missing", path, { message, commands: ["codex-backup init --preset codex"] });
    case "config.secret":
      return diagnose("config.secret", path, { message, commands: [check] });
    default:
      return diagnose("config.invalid", path, { message, commands: [check] });
  }
}

/** A secret in such a file is refused by the loader; what else stands in it tells a thief where to look. */
function judgeMode({ path, mode }: ConfigFacts): readonly Diagnosis[] {
  if (mode === null || (mode & 0o004) === 0) return [];
  return [
    diagnose("config.readable", path, {
      message: `every user of this machine can read it (mode ${octal(mode)})`,
      commands: [`chmod o-rwx ${shellWord(path)}`],
    }),
  ];
}
