import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { createExclusively } from "../platform/files.ts";

/** See Tool.createFile. The file is 0600: a password may be written into it later. */
export async function createFile(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await createExclusively(path);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw failureOf(path, error);
  }
}

function failureOf(path: string, error: unknown): Failure {
  if (errnoOf(error) === "EEXIST") {
    return new Failure("config.exists", `Cannot write "${path}": it exists`, {
      hint: "Name another file, or move this one away.",
    });
  }
  return new Failure("platform.file", `Cannot write "${path}": ${messageOf(error)}`, {
    hint: "Name a file that this user may write.",
    cause: error,
  });
}
