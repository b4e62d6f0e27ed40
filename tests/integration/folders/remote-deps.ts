import type { RemoteDeps } from "../../../src/destinations/remote-deps.ts";
import type { StorageTraits } from "../../../src/domain/copies/storage-traits.ts";
import { type Clock, createSystemClock } from "../../../src/platform/clock.ts";
import { createSilentLog } from "../../../src/platform/log.ts";
import { plainTraits } from "../../fakes/plain-traits.ts";

let tokens = 0;

export function remoteDeps(clock: Clock = createSystemClock()): RemoteDeps {
  return {
    clock,
    log: createSilentLog(),
    randomToken: (length) => `${process.pid}x${(tokens++).toString(36)}`.padEnd(length, "0"),
    tool: "codex-backup 0.0.0",
  };
}

export function farTraits(kind: StorageTraits["kind"]): StorageTraits {
  return { ...plainTraits, kind, medium: kind, isOffSite: true };
}
