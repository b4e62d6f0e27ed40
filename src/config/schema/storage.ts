import { z } from "zod";
import { count, duration, meaning, plainText, size } from "./scalar.ts";
import { secret } from "./secret.ts";

export type S3Keys = z.output<typeof s3>;
export type SftpKeys = z.output<typeof sftp>;
export type AzureKeys = z.output<typeof azure>;
export type WebdavKeys = z.output<typeof webdav>;
export type RcloneKeys = z.output<typeof rclone>;

const ca = plainText
  .optional()
  .describe(
    "PEM file with the authorities to trust, in place of the usual ones, as for a server of your own",
  );

const proxy = plainText
  .optional()
  .describe(
    "http://HOST:PORT of a proxy that asks for no password; default: none, whatever the environment says",
  );

const insecure = z
  .boolean()
  .default(false)
  .describe("Allows plain http to another host: everybody on the way can then read what is kept");

/** Key prefixes and folders of a bucket: without a slash at either end. */
const prefix = meaning('a folder of the bucket such as "nightly", without "..", or ""', (text) => {
  const inner = text.replace(/^\/+|\/+$/g, "");
  const parts = inner.split("/");
  const isClean = inner === "" || parts.every((part) => !["", ".", ".."].includes(part));
  return isClean && !/\p{Cc}/u.test(inner) ? inner : null;
});

const partSize = size
  .optional()
  .describe("Length of the parts that a file is sent in; default: by the file's expected length");

const concurrency = count(1).default(4).describe("So many parts of a file are on their way at once");

function opened(what: string) {
  return secret.optional().describe(`${what}: { env: NAME }, { file: PATH } or { command: [PROGRAM, …] }`);
}

function inFile(key: string) {
  return plainText.optional().describe(`Short for ${key}: { file: PATH }`);
}

const lock = z
  .strictObject({
    mode: z
      .enum(["compliance", "governance"])
      .default("compliance")
      .describe("compliance: nobody can shorten it; governance: whoever has the right to can"),
    for: duration.describe("How long from the upload on nobody can remove a file; whole days, such as 30d"),
  })
  .describe("Object lock for each new object; the bucket must have been made with it");

export const s3 = z.strictObject({
  bucket: z
    .string({ error: () => "a bucket's name" })
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, { error: () => "a bucket's name" })
    .describe("The bucket, which must be there"),
  prefix: prefix.prefault("").describe("Folder in the bucket; default: its top"),
  region: plainText
    .optional()
    .describe("Such as eu-central-1; with an endpoint of your own, what it asks for"),
  endpoint: plainText
    .optional()
    .describe("https://HOST[:PORT] of MinIO, Ceph, R2, B2, Wasabi, Google's XML API, …; default: Amazon's"),
  pathStyle: z
    .boolean()
    .optional()
    .describe("The bucket stands in the path and not in the host's name; default: true with an endpoint"),
  keyId: opened("The access key's id"),
  keyIdFile: inFile("keyId"),
  secret: opened(
    "The access key's secret, or both as KEYID:SECRET. With neither, the usual places of the AWS tools",
  ),
  secretFile: inFile("secret"),
  sessionToken: opened("Token of keys that end after a while"),
  sessionTokenFile: inFile("sessionToken"),
  storageClass: z
    .string({ error: () => "a class such as STANDARD_IA" })
    .regex(/^[A-Z0-9_]+$/, { error: () => "a class in capitals such as STANDARD_IA" })
    .optional()
    .describe("Such as STANDARD_IA; not GLACIER and DEEP_ARCHIVE, which cannot be read back"),
  encryption: z
    .enum(["AES256", "aws:kms"])
    .optional()
    .describe("Encryption by the server, with its own key; against the server itself, use a job's encrypt"),
  kmsKey: plainText.optional().describe("With encryption aws:kms: id of the key; default: the bucket's"),
  lock: lock.optional(),
  partSize,
  integrity: z
    .enum(["md5", "crc32", "none"])
    .optional()
    .describe("What the server checks each upload by; default: crc32 at Amazon, md5 elsewhere"),
  concurrency,
  ca,
  proxy,
  insecure,
});

const fingerprint = z
  .string({ error: () => "a key's fingerprint, SHA256:…" })
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, {
    error: () => "a key's fingerprint, SHA256: and 43 characters (ssh-keyscan HOST | ssh-keygen -lf -)",
  });

const host = z
  .string({ error: () => "a host name or address" })
  .regex(/^[A-Za-z0-9:][A-Za-z0-9.:_-]*$/, { error: () => "a host name or address, without user and port" });

const port = z
  .int({ error: () => "a port from 1 to 65535" })
  .min(1, { error: () => "a port from 1 to 65535" })
  .max(65535, { error: () => "a port from 1 to 65535" });

export const sftp = z.strictObject({
  host: host.describe("The server"),
  port: port.default(22).describe("Its port"),
  user: plainText.describe("Who logs in"),
  path: plainText.describe("The folder; a relative one begins at the user's home"),
  hostKey: z
    .union([fingerprint, z.array(fingerprint).min(1, { error: () => "at least one fingerprint" })])
    .describe(
      "Fingerprint of the server's key, or a list while it changes: nothing is trusted at first sight. ssh-keyscan HOST | ssh-keygen -lf - shows it",
    ),
  password: opened("The user's password"),
  passwordFile: inFile("password"),
  privateKey: opened("The user's private key, as ssh-keygen writes it"),
  privateKeyFile: inFile("privateKey"),
  passphrase: opened("What opens the private key"),
  passphraseFile: inFile("passphrase"),
});

export const azure = z.strictObject({
  account: z
    .string({ error: () => "a storage account's name" })
    .regex(/^[a-z0-9]{3,24}$/, { error: () => "3 to 24 lower-case letters and digits" })
    .describe("The storage account"),
  container: z
    .string({ error: () => "a container's name" })
    .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, { error: () => "3 to 63 lower-case letters, digits, dashes" })
    .describe("The container, which must be there"),
  prefix: prefix.prefault("").describe("Folder in the container; default: its top"),
  key: opened("The account's key"),
  keyFile: inFile("key"),
  sas: opened("Instead of the key: a shared access signature, the text after the question mark"),
  sasFile: inFile("sas"),
  endpoint: plainText.optional().describe("https://…; default: https://ACCOUNT.blob.core.windows.net"),
  tier: z
    .enum(["Hot", "Cool", "Cold"])
    .optional()
    .describe("Access tier of new blobs; default: the account's. Archive cannot be read back"),
  partSize,
  concurrency,
  ca,
  proxy,
  insecure,
});

export const webdav = z.strictObject({
  url: plainText.describe("https://… of the folder, without a password in it"),
  user: plainText.optional().describe("Who logs in; default: nobody"),
  password: opened("The user's password"),
  passwordFile: inFile("password"),
  ca,
  proxy,
  insecure,
});

export const rclone = z.strictObject({
  remote: plainText.describe('One of rclone\'s remotes and a path in it, such as "b2:bucket/nightly"'),
  config: plainText.optional().describe("rclone's configuration; default: its own, of the user who runs us"),
  program: plainText.default("rclone").describe("The program, by name or path"),
  args: z
    .array(plainText)
    .default([])
    .describe('Further options, such as ["--b2-hard-delete"]; secrets belong into its configuration or env'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: () => "a variable's name" }), secret)
    .default({})
    .describe("Its environment beside PATH and HOME, such as RCLONE_CONFIG_PASS: { file: PATH }"),
});
