import type { HookMoment } from "../../jobs/job-hooks.ts";
import { type Diagnosis, diagnose, octal, shellWord } from "../finding.ts";

/** A hook's program as it lies on this machine. */
export interface HookLook {
  readonly moment: HookMoment;
  /** As configured. */
  readonly program: string;
  /** Null: it is not there. */
  readonly found: string | null;
  readonly isExecutable: boolean;
  /** The program, or a folder above it, that every user of this machine may change; null: none. */
  readonly openTo: { readonly path: string; readonly mode: number } | null;
}

/** Whether a job's hooks can start, and whether a stranger could put another program in their place. */
export function judgeHooks(job: string, user: string, looks: readonly HookLook[]): readonly Diagnosis[] {
  const found = looks.flatMap((look) => [...judgeStart(job, user, look), ...judgeRights(job, look)]);
  if (found.length > 0 || looks.length === 0) return found;
  const programs = [...new Set(looks.map((look) => look.found ?? look.program))].join(", ");
  return [diagnose("hooks.ok", job, `${programs} can be started, and only their owners may change them`)];
}

/** Without a `before` the run fails; without the others the backup is made, and told with a warning. */
function judgeStart(
  job: string,
  user: string,
  { moment, program, found, isExecutable }: HookLook,
): readonly Diagnosis[] {
  if (found !== null && isExecutable) return [];
  const code = moment === "before" ? "hooks.before-missing" : "hooks.program-missing";
  if (found === null) {
    const commands = [
      program.includes("/") ? `ls -l ${shellWord(program)}` : `command -v ${shellWord(program)}`,
    ];
    return [
      diagnose(code, job, {
        message: `its hook "${moment}" needs "${program}", which is not there`,
        commands,
      }),
    ];
  }
  const message = `its hook "${moment}" needs "${found}", which "${user}" cannot execute`;
  return [diagnose(code, job, { message, commands: [`chmod a+x ${shellWord(found)}`] })];
}

function judgeRights(job: string, { moment, openTo }: HookLook): readonly Diagnosis[] {
  if (openTo === null) return [];
  const message = `every user of this machine may change what its hook "${moment}" runs: "${openTo.path}" has the mode ${octal(openTo.mode)}`;
  return [
    diagnose("hooks.world-writable", job, { message, commands: [`chmod o-w ${shellWord(openTo.path)}`] }),
  ];
}
