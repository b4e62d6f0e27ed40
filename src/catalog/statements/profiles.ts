import { readProfile } from "../../domain/anomalies/anomaly-text.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

const put = "UPDATE backups SET profile = $profile WHERE job = $job AND id = $backupId";

const isAccepted =
  "EXISTS (SELECT 1 FROM marks WHERE marks.backup = backups.key AND marks.kind = 'accepted')";

const select = `
  SELECT created_ms, profile, anomalies <> '[]' AS accepted FROM backups
  WHERE job = $job AND database IS $database AND created_ms < $before
    AND outcome = 'complete' AND profile IS NOT NULL AND (anomalies = '[]' OR ${isAccepted})
  ORDER BY created_ms DESC, id DESC LIMIT $limit`;

export function profileStatements(connection: Connection): Pick<Catalog, "putProfile" | "profiles"> {
  return {
    putProfile: (job, backupId, profile) =>
      connection.change(put, { job, backupId, profile: JSON.stringify(profile) }),
    profiles: ({ job, database, before, limit }) =>
      connection.all(select, { job, database, before, limit }, (row) => {
        const profile = row.json("profile", readProfile);
        const isAccepted = row.flag("accepted") || profile.isLikeAccepted === true;
        return { createdAt: row.instant("created_ms"), profile, isAccepted };
      }),
  };
}
