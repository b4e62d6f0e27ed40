import type { Context } from "./context.ts";
import type { Operations } from "./operation.ts";

/**
 * Binds every verb to its context. Each is loaded when it is first used, so that `list` does not wait for
 * what `run` needs.
 */
export function createOperations(context: Context): Operations {
  return {
    ...keyOperations(context),
    run: async (options) => (await import("./run/run.ts")).run(context, options),
    decideSlots: async () => (await import("./slots.ts")).decideSlots(context),
    skipSlot: async (job, passed) => (await import("./slots.ts")).skipSlot(context, job, passed),
    reconcile: async (signal) => (await import("./run/reconcile.ts")).reconcile(context, signal),
    status: async () => (await import("./status.ts")).status(context),
    list: async (options) => (await import("./list.ts")).listBackups(context, options),
    restorePoints: async (options) => (await import("./sets/list-points.ts")).listPoints(context, options),
    show: async (backup, identity) =>
      (await import("./show.ts")).showBackup(context, backup, identity ?? null),
    listRuns: async (options) => (await import("./list-runs.ts")).listRuns(context, options),
    metrics: async () => (await import("./metrics.ts")).metrics(context),
    untold: async (runId) => context.catalog.untold(runId),
    findRun: async (request) => (await import("./logs.ts")).findRun(context, request),
    newestGood: async (job, database) => (await import("./list.ts")).newestGood(context, job, database),
    verify: async (options) => (await import("./verify/verify.ts")).verify(context, options),
    verifyInTurn: async (options) => (await import("./verify/in-turn.ts")).verifyInTurn(context, options),
    prove: async (options) => (await import("./prove/prove.ts")).prove(context, options),
    watch: async (options) => (await import("./alerts/watch.ts")).watch(context, options),
    watchDestination: async (options) =>
      (await import("./alerts/watch-destination.ts")).watchDestination(context, options),
    deliverAlerts: async (options) => (await import("./alerts/deliver.ts")).deliver(context, options),
    testAlerts: async (channel, signal) =>
      (await import("./alerts/test-alerts.ts")).testAlerts(context, channel, signal),
    listAlerts: async () => (await import("./alerts/list-alerts.ts")).listAlerts(context),
    dropReplaced: async (request) =>
      (await import("./restore/drop-replaced.ts")).dropReplaced(context, request),
    keepConfig: async () => (await import("./config-copy/keep-config.ts")).keepConfig(context),
    restore: async (request) => (await import("./restore/restore.ts")).restore(context, request),
    hold: async (request) => (await import("./hold.ts")).hold(context, request),
    release: async (request) => (await import("./hold.ts")).release(context, request),
    accept: async (request) => (await import("./hold.ts")).accept(context, request),
    unaccept: async (request) => (await import("./hold.ts")).unaccept(context, request),
    acceptGone: async (request) => (await import("./accept-gone.ts")).acceptGone(context, request),
    copy: async (options) => (await import("./copy/copy.ts")).copy(context, options),
    prune: async (options) => (await import("./prune/prune.ts")).prune(context, options),
    simulate: async (options) => (await import("./simulate.ts")).simulate(context, options),
    adopt: async (options) => (await import("./adopt/adopt.ts")).adopt(context, options),
    acceptChecksum: async (request) =>
      (await import("./accept-checksum.ts")).acceptChecksum(context, request),
    rebuildCatalog: async (signal) => (await import("./rebuild-catalog.ts")).rebuildCatalog(context, signal),
    audit: async ({ destinations, signal }) => {
      const names = destinations.length > 0 ? destinations : [...context.destinations.keys()];
      return (await import("./audit/audit.ts")).audit(context, { destinations: names, signal });
    },
    checkCatalog: async (signal) => (await import("./check-catalog.ts")).checkCatalog(context, signal),
    initialiseDestinations: async (names) =>
      (await import("./initialise-destinations.ts")).initialiseDestinations(context, names),
    listDestinations: async () => (await import("./initialise-destinations.ts")).listDestinations(context),
    testDestination: async (request) =>
      (await import("./test-destination/test-destination.ts")).testDestination(context, request),
  };
}

/** Signing and encryption keys, and what is signed. */
function keyOperations(
  context: Context,
): Pick<
  Operations,
  | "verifySignatures"
  | "generateSigningKey"
  | "listSigningKeys"
  | "exportSigningKey"
  | "importSigningKey"
  | "generateIdentity"
  | "listRecipients"
  | "exportIdentities"
  | "confirmIdentity"
> {
  return {
    verifySignatures: async (options) =>
      (await import("./signatures/verify-signatures.ts")).verifySignatures(context, options),
    generateSigningKey: async () => (await import("./keys/signing-key.ts")).generateSigningKey(context),
    listSigningKeys: async () => (await import("./keys/signing-key.ts")).listSigningKeys(context),
    exportSigningKey: async (request) =>
      (await import("./keys/signing-key.ts")).exportSigningKey(context, request),
    importSigningKey: async (request) =>
      (await import("./keys/signing-key.ts")).importSigningKey(context, request),
    generateIdentity: async () => (await import("./custody/keys.ts")).generateIdentity(context),
    listRecipients: async () => (await import("./custody/keys.ts")).listRecipients(context),
    exportIdentities: async (request) =>
      (await import("./custody/keys.ts")).exportIdentities(context, request),
    confirmIdentity: async (request) => (await import("./custody/keys.ts")).confirmIdentity(context, request),
  };
}
