/** A destination's keys as they stand in the config, read out of its address. */
export type AddressKeys = Readonly<Record<string, Readonly<Record<string, unknown>> | string>>;

/** Why an address cannot be read; never repeats any part of it, because it may hold a password. */
export interface AddressProblem {
  readonly problem: string;
}

/** How an address is written, one line for each kind. */
export const addressForms: readonly string[] = [
  "/mnt/disk/backups",
  "s3://BUCKET/PREFIX?region=eu-central-1&endpoint=https://HOST",
  "sftp://USER@HOST:22/PATH?hostKey=SHA256:…&privateKeyFile=/root/.ssh/id_ed25519",
  "azure://ACCOUNT/CONTAINER/PREFIX?keyFile=/root/azure-key",
  "https://HOST/PATH?user=NAME&passwordFile=/root/webdav-password",
  "rclone:REMOTE:PATH?config=/root/rclone.conf",
];

/**
 * Reads an address: where, and after a question mark further keys of that kind of destination, as the config names
 * them. Whether the keys fit is the config's to say.
 */
export function parseAddress(text: string): AddressKeys | AddressProblem {
  if (text.startsWith("/")) return { path: text };
  const [, scheme = "", rest = ""] = /^([a-z0-9]+):(.*)$/s.exec(text) ?? [];
  const read = readers[scheme];
  if (read === undefined)
    return { problem: `it begins with none of ${["/", ...Object.keys(readers)].join(", ")}` };
  const mark = rest.indexOf("?");
  const keys = readKeys(mark < 0 ? "" : rest.slice(mark + 1));
  if (keys === null) return { problem: "after its question mark, each key needs a value, as in region=eu" };
  const place = read(mark < 0 ? rest : rest.slice(0, mark), scheme);
  if ("problem" in place) return place;
  return { [place.kind]: { ...place.keys, ...keys } };
}

interface Place {
  readonly kind: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

type Reader = (rest: string, scheme: string) => Place | AddressProblem;

const readers: Readonly<Record<string, Reader>> = {
  s3: (rest) => {
    const [, bucket, prefix] = /^\/\/([^/]+)\/?(.*)$/s.exec(rest) ?? [];
    if (bucket === undefined) return { problem: "it names no bucket, as in s3://BUCKET/PREFIX" };
    return { kind: "s3", keys: { bucket, prefix } };
  },
  sftp: (rest) => {
    const [, login = "", host, port, path] = /^\/\/(?:(.*)@)?([^/:@]+)(?::(\d+))?(\/.*)$/s.exec(rest) ?? [];
    if (login.includes(":")) return passwordInside;
    if (host === undefined || login === "")
      return { problem: "it lacks user, host or path, as in sftp://USER@HOST/PATH" };
    return { kind: "sftp", keys: { host, ...(port && { port: Number(port) }), user: login, path } };
  },
  azure: (rest) => {
    const [, account, container, prefix] = /^\/\/([^/]+)\/([^/]+)\/?(.*)$/s.exec(rest) ?? [];
    if (container === undefined)
      return { problem: "it names no container, as in azure://ACCOUNT/CONTAINER/PREFIX" };
    return { kind: "azure", keys: { account, container, prefix } };
  },
  https: readWebdav,
  http: readWebdav,
  rclone: (rest) => {
    if (!/^[^:/]+:/.test(rest)) return { problem: "it names no remote, as in rclone:REMOTE:PATH" };
    return { kind: "rclone", keys: { remote: rest } };
  },
};

function readWebdav(rest: string, scheme: string): Place | AddressProblem {
  const [, login] = /^\/\/([^/]*)@/.exec(rest) ?? [];
  return login === undefined ? { kind: "webdav", keys: { url: `${scheme}:${rest}` } } : passwordInside;
}

const passwordInside: AddressProblem = {
  problem: "it holds a login; give user and passwordFile after a question mark",
};

/** Null when a key has no value. */
function readKeys(query: string): Readonly<Record<string, unknown>> | null {
  const parts = query.split("&").filter((part) => part !== "");
  const pairs = parts.map((part) => /^([A-Za-z0-9]+)=(.+)$/s.exec(part));
  if (pairs.includes(null)) return null;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", keyValue(decode(pair?.[2] ?? ""))]));
}

function keyValue(text: string): unknown {
  return text === "true" ? true : text === "false" ? false : text;
}

/** A "%" that is none of an encoded byte stands for itself. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll("%", ""), "hex").toString("utf8"),
  );
}
