import type { StorageCheck, StorageTest } from "../../domain/copies/storage-test.ts";
import type { Paint } from "../paint.ts";
import { renderColumns } from "./columns.ts";

/** One line for each thing that was tried, then what to think of the whole. */
export function renderStorageTest(
  { destination, location, checks, leftBehind, exit }: StorageTest,
  paint: Paint,
): string {
  const rows = checks.map((one) => [wordOf(one, paint), one.check, one.message]);
  const hints = new Set(checks.flatMap(({ failure }) => (failure?.hint ? [`  ${failure.hint}`] : [])));
  const left = leftBehind.map((name) => `Left behind: ${name}`);
  const end =
    exit === 0
      ? `${destination} (${location}) can be relied on.`
      : `${destination} (${location}) cannot be relied on.`;
  return [renderColumns(rows), ...hints, ...left, end].join("\n");
}

function wordOf({ outcome }: StorageCheck, paint: Paint): string {
  switch (outcome) {
    case "kept":
      return paint.good("ok");
    case "broken":
      return paint.bad("broken");
    case "told":
      return paint.doubtful("note");
    case "retained":
      return paint.good("retained");
    default:
      return outcome satisfies never;
  }
}
