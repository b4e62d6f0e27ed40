import { z } from "zod";
import { parseThrowaway, throwawayForms } from "../../domain/jobs/throwaway-text.ts";
import { postgres } from "./postgres.ts";
import { cron, duration, durationOrNone, meaning, plainText } from "./scalar.ts";

export type ProveKeys = z.output<typeof prove>;

const scratch = z
  .strictObject({
    postgres: postgres.describe("A server that somebody else runs: its role must be able to make databases"),
  })
  .describe("A new, randomly named database there, which is dropped afterwards");

export const prove = z
  .strictObject({
    schedule: cron
      .optional()
      .describe("Five cron fields in the job's zone: the newest backup of each database is proven then"),
    after: z
      .literal("each", { error: () => "each" })
      .optional()
      .describe("Each complete run of the job is followed by the proof of its backup"),
    server: z
      .union([meaning(throwawayForms, parseThrowaway), scratch])
      .prefault("auto")
      .describe(
        `Where dumps are restored: ${throwawayForms}, or a server; auto: this host's programs of the right version, else a container of the job's own image`,
      ),
    timeout: durationOrNone.prefault("4h").describe("Wall-clock limit of one proof; none for no limit"),
    identityFile: plainText
      .optional()
      .describe(
        "File with the age identity that opens encrypted backups; default: only with prove --identity",
      ),
    drill: duration
      .optional()
      .describe("The newest proof with an escrowed key may be so old; default: nobody is told"),
  })
  .describe("When and where backups are restored for proof");

export const assertions = z
  .array(plainText)
  .default([])
  .describe("SQL that must return true in the restored database, asked by each proof");
