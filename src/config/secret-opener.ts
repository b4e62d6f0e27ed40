import { Secret } from "../domain/secret.ts";
import type { Clock } from "../platform/clock.ts";
import type { SecretAccess } from "./config.ts";
import type { ConfigText } from "./config-file.ts";
import { openSecret } from "./open-secret.ts";
import { describePath, type Path, type Problem } from "./problem.ts";
import type { SecretSetting } from "./schema/secret.ts";
import type { SecretOrigins } from "./show-effective.ts";

/** A secret as written, and the key that names it. */
export interface FoundSecret {
  readonly setting: SecretSetting;
  readonly path: Path;
  /** Several lines are fine: a private key. */
  readonly isText?: boolean;
}

/** Opens the secrets of one file, and knows all that it opened. */
export interface SecretOpener {
  /** What cannot be opened is reported, and is then an empty Secret; so is every reference while secrets are closed. */
  open(found: FoundSecret): Promise<Secret>;
  /** For redaction: every secret so far, and what was noted beside them. */
  readonly opened: readonly Secret[];
  /** A form of a secret that must not be printed either, such as a URL made from it. */
  note(secret: Secret): void;
  /** What a secret holds beside other things; shown as that secret is. */
  part(of: Secret, value: string): Secret;
}

export interface SecretOpenerParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly file: ConfigText;
  readonly secrets: SecretAccess;
  readonly origins: SecretOrigins;
  readonly report: (problem: Problem) => void;
}

/**
 * Opens what a secret is to be read from; what cannot be opened is reported, never thrown. `opened` is what logs must
 * hide.
 */
export function createSecretOpener(parts: SecretOpenerParts): SecretOpener {
  const opened: Secret[] = [];
  const note = (secret: Secret) => {
    if (secret.reveal() !== "") opened.push(secret);
  };
  return {
    opened,
    note,
    part(of, value) {
      const inner = new Secret(value);
      const origin = parts.origins.get(of);
      if (origin !== undefined) parts.origins.set(inner, origin);
      note(inner);
      return inner;
    },
    async open(found) {
      const secret = await openOne(found, parts);
      parts.origins.set(secret, found.setting);
      note(secret);
      return secret;
    },
  };
}

async function openOne({ setting, path, isText }: FoundSecret, parts: SecretOpenerParts): Promise<Secret> {
  const isClosed = isKeptClosed(path, parts.secrets) && typeof setting !== "string";
  if (isClosed) return new Secret("");
  const { directory, isPrivate } = parts.file;
  const { env, clock } = parts;
  const opened = await openSecret(setting, { env, clock, directory, isConfigPrivate: isPrivate, isText });
  if (opened instanceof Secret) return opened;
  if (isForgiven(path, parts.secrets)) return new Secret("");
  parts.report({
    path,
    at: "value",
    message: `${describePath(path)} is ${opened.problem}`,
    isSecret: true,
  });
  return new Secret("");
}

function isKeptClosed(path: Path, access: SecretAccess): boolean {
  return access === "closed" || (access === "destinations" && path[0] !== "destinations");
}

function isForgiven(path: Path, access: SecretAccess): boolean {
  const isPassword = path[0] === "jobs" && path[2] === "postgres";
  return access === "lenient" || access === "destinations" || (access === "passwords" && !isPassword);
}
