import { type Diagnosis, diagnose } from "../finding.ts";

export interface ToolFacts {
  readonly version: string;
  /** Of the Node that runs us: "26.10.0". */
  readonly nodeVersion: string;
}

const leastMajor = 24;

/** Whether this program runs on what it needs. */
export function judgeTool({ version, nodeVersion }: ToolFacts): readonly Diagnosis[] {
  const subject = `codex-backup ${version}`;
  if (Number.parseInt(nodeVersion, 10) >= leastMajor)
    return [diagnose("tool.ok", subject, `it runs on Node ${nodeVersion}`)];
  const message = `it runs on Node ${nodeVersion}, and needs ${leastMajor} or newer`;
  return [diagnose("tool.old-node", subject, { message, commands: ["npm ci"] })];
}
