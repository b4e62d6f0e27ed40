import { isOpenToOthers } from "../../private-mode.ts";
import { type Diagnosis, diagnose, octal, shellWord } from "../finding.ts";

export interface KeyFacts {
  /** Of the secret key, whether it is there or not. */
  readonly path: string;
  /** The key that runs sign with; null: there is none, or it cannot be used. */
  readonly keyId: string | null;
  readonly isExported: boolean;
  /** Of the secret key's file; null: it is not there. */
  readonly mode: number | null;
  /** Why it cannot be used; null: it can, or it is not there. */
  readonly fault: string | null;
}

/** Whether tonight's backups will be signed, and whether the key would survive this machine. */
export function judgeKeys({ path, keyId, isExported, mode, fault }: KeyFacts): readonly Diagnosis[] {
  if (mode !== null && isOpenToOthers(mode)) {
    return [
      diagnose("keys.open", path, {
        message: `other users of this machine may read the signing key (mode ${octal(mode)}), so it is not used; if they can have done so, make a new one`,
        commands: [`chmod 600 ${shellWord(path)}`],
      }),
    ];
  }
  if (fault !== null) return [diagnose("keys.unusable", path, fault)];
  if (keyId === null) {
    return [
      diagnose("keys.none", path, {
        message: "backups are not signed, so that one that was exchanged or removed by hand is not noticed",
        commands: ["codex-backup keys generate"],
        remedy: { kind: "make-signing-key" },
      }),
    ];
  }
  if (isExported) return [diagnose("keys.ok", keyId, "backups are signed, and the key was exported")];
  return [
    diagnose("keys.not-exported", keyId, {
      message:
        "nothing here tells that the signing key was exported: unless it was, it is lost with this machine; when its export lies in a safe, note that with codex-backup keys import --from FILE",
      commands: ["codex-backup keys export --to FILE"],
    }),
  ];
}
