import type { Destination, DestinationFacts } from "../destinations/destination.ts";
import { type ImmutableCopy, immutableCopy } from "../domain/copies/immutable.ts";
import { messageOf } from "../domain/failure.ts";
import type { Instant } from "../domain/instant.ts";
import type { Context } from "./context.ts";

type Parts = Pick<Context, "catalog" | "clock" | "log">;

/** Remembers what a destination has said of itself, for those who ask the catalog alone. Never throws: it is told anew at the next look. */
export function noteLook(
  { catalog, clock, log }: Parts,
  { name }: Pick<Destination, "name">,
  { id, immutability }: Pick<DestinationFacts, "id" | "immutability">,
): void {
  try {
    catalog.noteLook({ destination: name, destinationId: id, immutability }, clock.now());
  } catch (error) {
    log.warn({ destination: name, error: messageOf(error) }, "cannot note what the destination keeps");
  }
}

interface Kept {
  readonly destination: string;
  readonly destinationId: string;
}

/** Answers of each copy, by the last looks, whether and until when it cannot be removed. */
export function keepingOf({ catalog, clock }: Pick<Context, "catalog" | "clock">) {
  const looks = new Map(catalog.looks().map((look) => [keyOf(look), look]));
  const now = clock.now();
  return (copy: Kept, createdAt: Instant): ImmutableCopy | null => {
    const look = looks.get(keyOf(copy));
    return look === undefined ? null : immutableCopy(createdAt, look, now);
  };
}

function keyOf({ destination, destinationId }: Kept): string {
  return `${destination}\n${destinationId}`;
}
