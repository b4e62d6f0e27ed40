import { type Level, reaches } from "../level.ts";

/** What says whether a backup, or one copy of it, is good. */
export interface JudgedBackup {
  readonly outcome: "complete" | "incomplete";
  /** Every file is there with the right bytes, as far as anyone has looked. */
  readonly isWhole: boolean;
  /** How far what is whole was checked. */
  readonly level: Level;
}

/** What an operator would restore: complete, whole, and read back at least once. */
export function isGoodBackup({ outcome, isWhole, level }: JudgedBackup): boolean {
  return outcome === "complete" && isWhole && reaches(level, "hashed");
}
