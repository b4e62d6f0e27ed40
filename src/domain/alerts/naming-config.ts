import { shellWord } from "../doctor/finding.ts";
import type { AlertMessage } from "./alert-message.ts";

/** Where the program looks by itself. */
const usualPath = "/etc/codex-backup/config.yaml";

const bare = /(?<![\w/.-])codex-backup (?=[a-z])/g;

/**
 * The message with commands that find this config: whoever reads it types them in some directory, where another
 * config, or none, would answer.
 */
export function namingConfig(message: AlertMessage, configPath: string): AlertMessage {
  if (configPath === usualPath || message.nextStep === null) return message;
  const { nextStep } = message;
  const named = nextStep.replace(bare, `codex-backup --config ${shellWord(configPath)} `);
  const lines = message.lines.map((line) => line.replaceAll(nextStep, named));
  return { ...message, nextStep: named, lines };
}
