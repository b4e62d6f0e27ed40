/** Lets one side wait until the other says that something changed. */
export interface Wake {
  /** Wakes everybody who waits now. */
  notify(): void;
  /** Settles at the next notify. */
  wait(): Promise<void>;
}

/** A notify that nobody waits for is forgotten: look first, then wait. */
export function createWake(): Wake {
  let resolvers: (() => void)[] = [];
  return {
    notify() {
      const waiting = resolvers;
      resolvers = [];
      for (const resolve of waiting) resolve();
    },
    wait: () => new Promise((resolve) => resolvers.push(resolve)),
  };
}
