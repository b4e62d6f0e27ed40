import { randomBytes } from "node:crypto";
import type { Destination } from "../../src/destinations/destination.ts";
import { createObjectDestination } from "../../src/destinations/objects/object-destination.ts";
import type { ObjectSettings } from "../../src/destinations/objects/object-parts.ts";
import type { RemoteDeps } from "../../src/destinations/remote-deps.ts";
import { createSilentLog } from "../../src/platform/log.ts";
import { createHandClock, type HandClock } from "./hand-clock.ts";
import {
  createMemoryObjectStore,
  createMemoryObjects,
  type MemoryObjectOptions,
} from "./memory-object-store.ts";
import { plainTraits } from "./plain-traits.ts";

/** What a destination over objects is made with, and a clock that moves on by itself when somebody waits. */
export function objectScene(settings: Partial<ObjectSettings> = {}): {
  readonly settings: ObjectSettings;
  readonly deps: RemoteDeps;
  readonly clock: HandClock;
} {
  const hand = createHandClock();
  const clock: HandClock = {
    ...hand,
    after(delayMs, call) {
      queueMicrotask(() => hand.advance(delayMs));
      return hand.after(delayMs, call);
    },
  };
  return {
    settings: {
      name: "offsite",
      location: "memory:bucket",
      traits: { ...plainTraits, kind: "s3", isOffSite: true },
      partBytes: null,
      concurrency: 3,
      ...settings,
    },
    deps: {
      clock,
      log: createSilentLog(),
      randomToken: (length) => randomBytes(length).toString("hex").slice(0, length),
      tool: "codex-backup 0.0.0",
    },
    clock,
  };
}

/** A destination over a memory store that fails, hides or forgets as `options` say. */
export function createMemoryObjectDestination(
  options: MemoryObjectOptions = {},
  settings: Partial<ObjectSettings> = {},
): { readonly destination: Destination; readonly kept: ReturnType<typeof createMemoryObjects> } {
  const kept = options.kept ?? createMemoryObjects();
  const scene = objectScene(settings);
  const store = createMemoryObjectStore({ ...options, kept });
  return { destination: createObjectDestination(scene.settings, store, scene.deps), kept };
}
