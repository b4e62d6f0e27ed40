import { resolve } from "node:path";
import { Secret } from "../domain/secret.ts";
import { checkAddress, checkProxy } from "./check-address.ts";
import type {
  AzureCredentials,
  AzureDestinationConfig,
  RcloneDestinationConfig,
  RcloneVariable,
  SftpDestinationConfig,
  WebdavDestinationConfig,
} from "./destination-config.ts";
import { describePath, type Path } from "./problem.ts";
import type { AzureKeys, RcloneKeys, SftpKeys, WebdavKeys } from "./schema/storage.ts";
import { openOptional, type SecretContext, type SecretKey } from "./secret-key.ts";

/** What a kind adds to what all have. */
export type Own<Config> = Omit<Config, "kind" | "name" | "traits" | "keep" | "sworn" | "bandwidth">;

/** Where the kind's keys stand, and what they may refer to. */
export interface StorageContext extends SecretContext {
  /** destinations.NAME.KIND */
  readonly path: Path;
}

/** What was not written, or could not be opened: the problem is reported. */
export const none = new Secret("");

export async function buildSftp(
  keys: SftpKeys,
  context: StorageContext,
): Promise<Own<SftpDestinationConfig>> {
  const password = await open("password", { value: keys.password, file: keys.passwordFile }, context);
  const privateKey = await open(
    "privateKey",
    { value: keys.privateKey, file: keys.privateKeyFile, isText: true },
    context,
  );
  const passphrase = await open("passphrase", { value: keys.passphrase, file: keys.passphraseFile }, context);
  if (password === null && privateKey === null)
    complain(
      context,
      "privateKey",
      "is missing; needed: privateKey, privateKeyFile, password or passwordFile",
    );
  if (passphrase !== null && privateKey === null)
    complain(context, "passphrase", "opens a private key, and there is none; needed: privateKeyFile");
  const { host, port, user, path } = keys;
  if (user.includes(":")) complain(context, "user", "has a colon in it; allowed: a name, and passwordFile");
  const hostKeys = typeof keys.hostKey === "string" ? [keys.hostKey] : keys.hostKey;
  const folder = path.replace(/(?<=.)\/+$/, "");
  return { host, port, user, path: folder, hostKeys, password, privateKey, passphrase };
}

export async function buildAzure(
  keys: AzureKeys,
  context: StorageContext,
): Promise<Own<AzureDestinationConfig>> {
  const { account, container, prefix, concurrency } = keys;
  return {
    account,
    container,
    prefix,
    concurrency,
    credentials: await azureCredentials(keys, context),
    endpoint: keys.endpoint ?? null,
    accessTier: keys.tier ?? null,
    partBytes: keys.partSize ?? null,
    ...webAccess(keys, "endpoint", { ...context, instead: "keyFile or sasFile" }),
  };
}

async function azureCredentials(keys: AzureKeys, context: StorageContext): Promise<AzureCredentials> {
  const key = await open("key", { value: keys.key, file: keys.keyFile }, context);
  const sas = await open("sas", { value: keys.sas, file: keys.sasFile }, context);
  if ((key === null) === (sas === null))
    complain(context, "key", "and sas are two ways to get in; needed: one of keyFile, sasFile");
  return sas === null ? { kind: "key", key: key ?? none } : { kind: "sas", sas };
}

export async function buildWebdav(
  keys: WebdavKeys,
  context: StorageContext,
): Promise<Own<WebdavDestinationConfig>> {
  const password = await open("password", { value: keys.password, file: keys.passwordFile }, context);
  if ((keys.user === undefined) !== (password === null)) {
    const [key, other] = keys.user === undefined ? ["user", "a password"] : ["password", "user"];
    complain(context, key, `is missing beside ${other}; needed: both, or neither`);
  }
  const access = webAccess(keys, "url", { ...context, instead: "user and passwordFile" });
  return { url: keys.url.replace(/\/+$/, ""), user: keys.user ?? null, password, ...access };
}

const secretOption = /(pass|secret|token|account[-_]key|client[-_]id)[^=]*=/i;

/** Options stand in the list of processes, and a remote in every log. */
export async function buildRclone(
  keys: RcloneKeys,
  context: StorageContext,
): Promise<Own<RcloneDestinationConfig>> {
  const { remote, args } = keys;
  if (!/^:?[^/:]+:/.test(remote))
    complain(context, "remote", 'is no remote; allowed: NAME:PATH, as in "b2:bucket/nightly"');
  for (const [key, texts] of [
    ["remote", [remote]],
    ["args", args],
  ] as const) {
    if (texts.some((text) => secretOption.test(text)))
      complain(
        context,
        key,
        "has a password or the like in it; allowed: rclone's own configuration (rclone config), or env",
      );
  }
  const env: RcloneVariable[] = [];
  for (const [name, setting] of Object.entries(keys.env)) {
    const path = [...context.path, "env", name];
    env.push({ name, value: await context.opener.open({ setting, path }) });
  }
  const { directory } = context;
  const program = keys.program.includes("/") ? resolve(directory, keys.program) : keys.program;
  return {
    remote,
    program,
    args,
    env,
    configFile: keys.config === undefined ? null : resolve(directory, keys.config),
  };
}

interface WebKeys {
  readonly ca?: string | undefined;
  readonly proxy?: string | undefined;
  readonly insecure: boolean;
}

/** The keys of whatever is reached through the web; `addressKey` names the one with its address. */
export function webAccess<Key extends string>(
  keys: WebKeys & { readonly [K in Key]?: string | undefined },
  addressKey: Key,
  context: StorageContext & { readonly instead: string },
) {
  const { path, directory, report, instead } = context;
  const text = keys[addressKey];
  if (text !== undefined)
    checkAddress({ path: [...path, addressKey], text, isInsecure: keys.insecure, instead }, report);
  if (keys.proxy !== undefined) checkProxy([...path, "proxy"], keys.proxy, report);
  return {
    caFile: keys.ca === undefined ? null : resolve(directory, keys.ca),
    proxy: keys.proxy ?? null,
    isInsecure: keys.insecure,
  };
}

/** Of `key` or `keyFile`; null when neither is written. */
export function open(
  key: string,
  written: Pick<SecretKey, "value" | "file" | "isText">,
  context: StorageContext,
): Promise<Secret | null> {
  return openOptional({ path: context.path, key, ...written }, context);
}

export function complain({ path, report }: StorageContext, key: string, message: string): void {
  report({ path: [...path, key], at: "key", message: `${describePath([...path, key])} ${message}` });
}
