import type { Capsules } from "../capsule/capsule.ts";
import type { CapsuleDeps } from "../capsule/zip-capsules.ts";

/** Loads the room when it is first used. */
export function lazyCapsules(deps: CapsuleDeps): Capsules {
  let loaded: Promise<Capsules> | null = null;
  const load = () => {
    loaded ??= import("../capsule/zip-capsules.ts").then(({ createCapsules }) => createCapsules(deps));
    return loaded;
  };
  return {
    estimate: async (...args) => (await load()).estimate(...args),
    write: async (...args) => (await load()).write(...args),
    check: async (...args) => (await load()).check(...args),
    checkForeign: async (...args) => (await load()).checkForeign(...args),
    extract: async (...args) => (await load()).extract(...args),
    extractForeign: async (...args) => (await load()).extractForeign(...args),
    originOf: async (...args) => (await load()).originOf(...args),
    openEntry: async (...args) => (await load()).openEntry(...args),
  };
}
