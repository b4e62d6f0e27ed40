import { Failure } from "../../domain/failure.ts";
import type { PostgresDeps } from "../access.ts";
import type { Throwaway, ThrowawayWish, Unproven } from "../postgres.ts";
import { ask } from "./ask.ts";
import { extensionDrift } from "./extension-drift.ts";
import { fingerprintOne } from "./fingerprint-one.ts";
import { readBack } from "./read-back.ts";
import { restoreForProof } from "./restore-for-proof.ts";
import { withRightsHint } from "./rights-hint.ts";
import type { ThrowawayHost } from "./throwaway-host.ts";
import { tryToRemove } from "./try-to-remove.ts";

/** The face of a host, wherever it is. */
export function createThrowaway(deps: PostgresDeps, host: ThrowawayHost, wish: ThrowawayWish): Throwaway {
  const { signal, facts, globals, header } = wish;
  const { context, database } = host;
  let unproven: readonly Unproven[] = [];
  let encoding = facts.encoding;
  let isUsed = false;
  let closing: Promise<void> | null = null;
  return {
    description: host.description,
    versionNum: context.facts.versionNum,
    clientVersion: context.facts.clientVersion,
    get unproven() {
      return unproven;
    },
    async restore(dump) {
      if (isUsed)
        throw new Failure("postgres.throwaway", "Cannot restore a second dump into one throwaway server");
      isUsed = true;
      const order = { facts, globals, header, dump, signal };
      const done = await restoreForProof(host, order).catch((error: unknown) => {
        throw withRightsHint(error, context);
      });
      encoding = done.encoding;
      unproven = [...done.unproven, ...(await extensionDrift(context, { database, facts, signal }))];
      return { warnings: done.warnings };
    },
    readBack: (onProgress = () => {}) => readBack(context, { database, encoding, signal, onProgress }),
    fingerprintTable: (table) => fingerprintOne(context, { database, table, facts, signal }),
    ask: (sql) => ask(context, { database, sql, signal }),
    close() {
      closing ??= tryToRemove(deps, () => host.close());
      return closing;
    },
  };
}
