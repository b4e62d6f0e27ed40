import type { DestinationFacts } from "../../destinations/destination.ts";
import type { StorageCheck } from "../../domain/copies/storage-test.ts";
import { describeCount, describeSize } from "../../domain/plain-words.ts";

/** How much is free there, where it says so. */
export function tellSpace({ freeBytes }: DestinationFacts): StorageCheck {
  const message =
    freeBytes === null
      ? "it does not tell how much room is left: a full one is only seen when a run fails"
      : `${describeSize(freeBytes)} are free`;
  return { check: "space", outcome: freeBytes === null ? "told" : "kept", message, failure: null };
}

/** Whether what lies there can be removed. */
export function tellImmutability({ immutability }: DestinationFacts): StorageCheck {
  const check = { check: "immutable", outcome: "told", failure: null } as const;
  if (immutability === null)
    return {
      ...check,
      message: "whoever has these credentials can remove what lies there: there is no lock",
    };
  const time = immutability.days === null ? "for ever" : `for ${describeCount(immutability.days, "day")}`;
  if (immutability.by === "sworn")
    return {
      ...check,
      message: `the configuration swears that nothing is removed ${time}; nobody has checked that`,
    };
  return { ...check, outcome: "kept", message: `an object lock keeps each file ${time}` };
}
