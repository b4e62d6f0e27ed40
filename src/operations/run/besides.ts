import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import type { ReadBack } from "../../domain/copies/read-back.ts";
import type { Context } from "../context.ts";
import { receiptText } from "../receipt.ts";
import { levelAfter } from "./check-shares.ts";
import type { Beside } from "./publish.ts";
import type { Sealed } from "./seal.ts";

interface LookedAt {
  readonly sealed: Sealed;
  readonly destinationId: string;
  readonly readBack: ReadBack;
}

/**
 * What must lie beside a copy that was not read in full before its manifest does: that it is stored, no more, and how that
 * was found. The manifest itself speaks only of copies that were read.
 */
export function besideOf(context: Context, { sealed, destinationId, readBack }: LookedAt): readonly Beside[] {
  const { level, id } = {
    level: levelAfter(readBack, sealed.manifest.checked.level),
    id: sealed.manifest.id,
  };
  if (level !== "stored") return [];
  const checkedAt = context.clock.now();
  const name = formatBackupFile(id, { kind: "check", at: checkedAt });
  return [{ name, text: receiptText(context, { sealed, destinationId, level, readBack, checkedAt }) }];
}
