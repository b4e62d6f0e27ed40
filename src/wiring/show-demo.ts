import { tmpdir } from "node:os";
import type { DemoShown, DemoWish } from "../cli/cli.ts";
import type { DemoParts } from "../demo/demo.ts";
import { describeDemo, runDemo } from "../demo/run-demo.ts";
import { ownAccount } from "./account.ts";
import { childEnvironment } from "./child-environment.ts";

/** What the demo is given beside the wish. */
export interface DemoOutside extends Pick<DemoParts, "clock" | "openTool"> {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Plays the demo with the tool itself. */
export async function showDemo(wish: DemoWish, { env, clock, openTool }: DemoOutside): Promise<DemoShown> {
  const { keep, onStep, signal } = wish;
  const childEnv = childEnvironment(env, ownAccount());
  const report = await runDemo(
    { openTool, clock, childEnv, temporaryPath: tmpdir(), onStep, signal },
    { keep },
  );
  return { report, lines: describeDemo(report) };
}
