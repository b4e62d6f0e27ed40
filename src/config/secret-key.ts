import type { Secret } from "../domain/secret.ts";
import { describePath, type Path, type Problem } from "./problem.ts";
import type { SecretSetting } from "./schema/secret.ts";
import type { SecretOpener } from "./secret-opener.ts";

/** What the builders of sections with secrets share. */
export interface SecretContext {
  /** Of the config file. */
  readonly directory: string;
  readonly report: (problem: Problem) => void;
  readonly opener: SecretOpener;
}

/** The two ways to write one secret: `key` itself, and `keyFile`. */
export interface SecretKey {
  /** Of the group that holds the key. */
  readonly path: Path;
  readonly key: string;
  readonly value: SecretSetting | undefined;
  readonly file: string | undefined;
  /** Several lines are fine. */
  readonly isText?: boolean;
}

/** Null when neither is written. Reports both at once. */
export async function openOptional(
  secret: SecretKey,
  { report, opener }: SecretContext,
): Promise<Secret | null> {
  const { key, value, file, isText = false } = secret;
  const at = (name: string): Path => [...secret.path, name];
  if (value !== undefined && file !== undefined) {
    const path = at(`${key}File`);
    report({
      path,
      at: "key",
      message: `${describePath(path)} is given beside ${key}; allowed: one of them`,
    });
  }
  if (value !== undefined) return opener.open({ setting: value, path: at(key), isText });
  return file === undefined ? null : opener.open({ setting: { file }, path: at(`${key}File`), isText });
}

/** As openOptional; reports a missing one, and returns null then too. */
export async function openRequired(secret: SecretKey, context: SecretContext): Promise<Secret | null> {
  const { path, key, value, file } = secret;
  if (value === undefined && file === undefined) {
    const message = `${describePath([...path, key])} is missing; needed: ${key} or ${key}File`;
    context.report({ path: [...path, key], at: "key", message });
  }
  return openOptional(secret, context);
}
