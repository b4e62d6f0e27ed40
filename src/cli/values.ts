import { parseDuration } from "../domain/duration.ts";
import { Failure } from "../domain/failure.ts";
import { parseBudget } from "../domain/size.ts";

/** Reads "7d"; throws "usage.invalid-value" naming the option. Returns milliseconds. */
export function durationOf(option: string): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms !== null) return ms;
    throw invalid(option, text, "a time such as 90s, 30m, 26h or 7d");
  };
}

/** A whole number of at least 1. */
export function countOf(option: string): (text: string) => number {
  return (text) => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (count >= 1) return count;
    throw invalid(option, text, "a whole number from 1");
  };
}

/** Reads an option that must be one of these; throws "usage.invalid-value" naming them. */
export function choiceOf<T extends string>(option: string, choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw invalid(option, text, `one of ${choices.join(", ")}`);
  };
}

/** Reads "2GB/day" as bytes; throws "usage.invalid-value". */
export function budgetOf(option: string): (text: string) => number {
  return (text) => {
    const sizeBytes = parseBudget(text);
    if (sizeBytes !== null) return sizeBytes;
    throw invalid(option, text, "a size for a day such as 2GB/day");
  };
}

/** For options that may be given several times. */
export function oneMore(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function invalid(option: string, text: string, allowed: string): Failure {
  return new Failure("usage.invalid-value", `Cannot use "${text}" for ${option}: it is not ${allowed}`, {
    hint: `Give ${option} ${allowed}.`,
  });
}
