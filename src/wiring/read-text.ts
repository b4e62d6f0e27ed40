import { readFile } from "node:fs/promises";
import { Failure, messageOf } from "../domain/failure.ts";

/** See Tool.readText. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Failure("usage.invalid-value", `Cannot read "${path}": ${messageOf(error)}`, {
      hint: "Name a file that this user may read.",
      cause: error,
    });
  }
}
