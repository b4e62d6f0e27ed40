import { createHash } from "node:crypto";
import { Failure } from "../../../domain/failure.ts";
import type { SftpSettings } from "./settings.ts";

export interface HostKey {
  /** "SHA256:…", as ssh-keygen -l prints it. */
  readonly fingerprint: string;
  /** "ssh-ed25519", "rsa-sha2-512", …; "" when the key does not tell. */
  readonly kind: string;
}

/** Reads a public key as it comes over the wire: its kind's length, its kind, its numbers. */
export function readHostKey(wire: Buffer): HostKey {
  const hash = createHash("sha256").update(wire).digest("base64").replace(/=+$/, "");
  const length = wire.length >= 4 ? wire.readUInt32BE(0) : 0;
  const kind = wire.subarray(4, 4 + length).toString("latin1");
  return { fingerprint: `SHA256:${hash}`, kind: /^[\w@.-]+$/.test(kind) ? kind : "" };
}

/** Whether it is one of those that the operator pinned. */
export function isPinned(key: HostKey, pinned: readonly string[]): boolean {
  return pinned.some((one) => one.trim().replace(/=+$/, "") === key.fingerprint);
}

/** "destination.host-key": what was seen, who could have it, and how to find out on the server. */
export function hostKeyFailure(settings: SftpSettings, key: HostKey): Failure {
  const { host, port, name } = settings;
  return new Failure(
    "destination.host-key",
    `Cannot trust "${host}" port ${port}: it shows the host key ${key.fingerprint} (${key.kind}), which is none of the ${settings.hostKeys.length} pinned for "${name}"; the server may have a new key, or another machine answers in its place`,
    {
      hint: `Print the right one on the server itself, not over this connection: ssh-keygen -lf ${fileOfKey(key.kind)}; only if it is the same, add it to sftp.hostKey.`,
      context: { fingerprint: key.fingerprint, kind: key.kind },
    },
  );
}

function fileOfKey(kind: string): string {
  const [, short] = /(ed25519|ecdsa|rsa|dss)/.exec(kind) ?? [];
  return `/etc/ssh/ssh_host_${short === "dss" ? "dsa" : (short ?? "*")}_key.pub`;
}
