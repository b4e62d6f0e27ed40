export interface AheadOptions<Item, Result> {
  start(item: Item): Promise<Result>;
  /** In any unit; what is started and not yet taken stays below `maxWeight`, one item excepted. */
  weightOf(item: Item): number;
  readonly maxWeight: number;
  readonly maxCount: number;
}

/** Starts work on coming items while earlier results are being taken; results come in the order of the items. */
export async function* ahead<Item, Result>(
  items: readonly Item[],
  options: AheadOptions<Item, Result>,
): AsyncGenerator<readonly [Item, Result]> {
  const started: (readonly [Item, Promise<Result>])[] = [];
  let weight = 0;
  let next = 0;
  const hasRoom = () =>
    started.length === 0 || (started.length < options.maxCount && weight < options.maxWeight);
  while (next < items.length || started.length > 0) {
    for (let item = items[next]; item !== undefined && hasRoom(); item = items[next]) {
      const result = options.start(item);
      result.catch(leaveToTaker);
      started.push([item, result]);
      weight += options.weightOf(item);
      next += 1;
    }
    const first = started.shift();
    if (first === undefined) return;
    yield [first[0], await first[1]];
    weight -= options.weightOf(first[0]);
  }
}

/** A result that is never taken, because an earlier one failed, must not end the process. */
function leaveToTaker(): void {
  // Taking it gives the rejection.
}
