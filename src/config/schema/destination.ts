import { z } from "zod";
import { readBackPolicies } from "../../domain/copies/storage-traits.ts";
import { keep } from "./keep.ts";
import { directoryMode, duration, fileMode, meaning, owner, plainText, size } from "./scalar.ts";
import { azure, rclone, s3, sftp, webdav } from "./storage.ts";

export type DestinationSettings = z.output<typeof destination>;

/** Minutes since midnight. */
const timeOfDay = meaning('a time of day such as "08:00"', (text) => {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  const isTime = Number(minutes) < 60 && minute <= 1440;
  return isTime ? minute % 1440 : null;
});

const bandwidth = z
  .strictObject({
    from: timeOfDay.optional().describe("From this time of day on, in the file's zone; default: always"),
    to: timeOfDay.optional().describe("Until this one; before from: past midnight"),
    limit: size
      .refine((bytes) => bytes >= 1000, { error: () => "a size from 1 kB, for each second" })
      .describe("So much in a second, both ways together, such as 2 MB"),
  })
  .superRefine(({ from, to }, context) => {
    if (from === to && from !== undefined)
      context.addIssue({ code: "custom", message: "times that differ, or neither from nor to" });
    if ((from === undefined) !== (to === undefined))
      context.addIssue({ code: "custom", message: "both from and to, or neither" });
  });

const immutable = z
  .union([
    z.literal(true, { error: () => "true" }),
    duration.refine((durationMs) => durationMs >= 86_400_000, { error: () => "a time from 1d" }),
  ])
  .optional()
  .describe(
    "You swear that nobody can change or remove what lies there for so long (true: for ever); it is told as your word. An object lock is seen by itself",
  );

/** By the key that says where it is; `path` is of this host. */
const kinds = {
  path: plainText
    .optional()
    .describe("A directory of this host; `destination init` makes it and marks it as ours"),
  s3: s3.optional().describe("A bucket of Amazon S3, or of anything that speaks its language"),
  sftp: sftp.optional().describe("A folder of an SSH server"),
  azure: azure.optional().describe("A container of Azure Blob Storage"),
  webdav: webdav.optional().describe("A folder of a WebDAV server"),
  rclone: rclone.optional().describe("Any storage that the installed rclone reaches"),
};

/** The keys that make a destination one of a kind. */
export const destinationKindKeys = ["path", "s3", "sftp", "azure", "webdav", "rclone"] as const;

export const destination = z
  .strictObject({
    ...kinds,
    owner: owner
      .optional()
      .describe(
        'Of a directory: user and group of files and directory, such as "codex:codex"; default: whoever runs us',
      ),
    mode: fileMode.optional().describe("Of a directory: permissions of the files; default 0600"),
    directoryMode: directoryMode
      .optional()
      .describe("Permissions of the directory; default: as the files, with the matching x bits"),
    keep: keep.optional().describe("What is kept here, instead of the jobs' own keep"),
    readBack: z
      .enum(readBackPolicies)
      .default("full")
      .describe("How much of a new copy is read back; only a copy that was read back in full counts"),
    offSite: z
      .boolean()
      .optional()
      .describe("It does not burn down together with this host; default: true unless it is a directory"),
    medium: plainText
      .optional()
      .describe("What kind of medium it is: copies on one medium die together; default: the kind"),
    immutable,
    readOnly: z
      .boolean()
      .default(false)
      .describe("Nothing is written or removed there: for restores from it alone"),
    bandwidth: z.array(bandwidth).default([]).describe("How fast it may be used; the strictest rule holds"),
  })
  .describe("A place where backups are kept: a directory of this host, or a storage elsewhere");
