import { Failure } from "../../../domain/failure.ts";
import type { Removed } from "../../destination.ts";
import { ask, fullKey, type S3Asking } from "./s3-asking.ts";
import { headObject } from "./s3-read.ts";

interface Version {
  readonly versionId: string;
  readonly isMarker: boolean;
}

/**
 * Removes every version, the oldest first: when one of them is locked, the newest still stands and nothing has
 * come back to light from under it.
 */
export async function removeObject(asking: S3Asking, name: string): Promise<Removed> {
  const key = fullKey(asking.settings, name);
  const versions = await listVersions(asking, key);
  if (versions === null) return removePlainly(asking, name, key);
  const newest = versions.at(-1);
  if (newest === undefined) return "gone";
  for (const { versionId } of versions) {
    if (!(await removeVersion(asking, key, versionId))) return newest.isMarker ? "gone" : "retained";
  }
  return newest.isMarker ? "gone" : "removed";
}

/** Oldest first. Null where the server has no versions, or does not let us list them. */
async function listVersions(asking: S3Asking, key: string): Promise<readonly Version[] | null> {
  const { settings } = asking;
  const attempt = { verb: "list the versions of", key, action: "s3:ListBucketVersions" };
  const found: Version[] = [];
  for (let marker: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {}; ; ) {
    const from = marker;
    const page = await ask(asking, attempt, ({ client, sdk }) =>
      client.send(new sdk.ListObjectVersionsCommand({ Bucket: settings.bucket, Prefix: key, ...from })),
    ).catch((error: unknown) => {
      if (error instanceof Failure && hasNoVersions(error)) return null;
      throw error;
    });
    if (page === null) return null;
    const all = [
      ...(page.Versions ?? []).map((one) => ({ ...one, isMarker: false })),
      ...(page.DeleteMarkers ?? []).map((one) => ({ ...one, isMarker: true })),
    ].sort((a, b) => (a.LastModified?.getTime() ?? 0) - (b.LastModified?.getTime() ?? 0));
    const own = all.filter(({ Key, VersionId }) => Key === key && VersionId !== undefined);
    const ordered = [...own.filter((one) => !one.IsLatest), ...own.filter((one) => one.IsLatest)];
    found.unshift(...ordered.map(({ VersionId = "null", isMarker }) => ({ versionId: VersionId, isMarker })));
    // Keys come in order: once another one has come, there are no more of ours.
    if (!page.IsTruncated || page.NextKeyMarker !== key) return found;
    marker = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextVersionIdMarker && { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
}

function hasNoVersions({ code, context }: Failure): boolean {
  if (context.code === "AccessDenied") return true;
  return context.status === 501 || context.code === "NotImplemented" || code === "destination.not-found";
}

async function removePlainly(asking: S3Asking, name: string, key: string): Promise<Removed> {
  if ((await headObject(asking, name)) === null) return "gone";
  return (await removeVersion(asking, key, null)) ? "removed" : "retained";
}

/** False: the storage keeps it. */
async function removeVersion(asking: S3Asking, key: string, versionId: string | null): Promise<boolean> {
  const attempt = {
    verb: "remove",
    key,
    action: versionId === null ? "s3:DeleteObject" : "s3:DeleteObjectVersion",
  };
  try {
    await ask(asking, attempt, ({ client, sdk }) =>
      client.send(
        new sdk.DeleteObjectCommand({
          Bucket: asking.settings.bucket,
          Key: key,
          ...(versionId !== null && { VersionId: versionId }),
        }),
      ),
    );
    return true;
  } catch (error) {
    if (error instanceof Failure && isRetention(error)) return false;
    if (error instanceof Failure && error.code === "destination.not-found") return true;
    throw error;
  }
}

/** Servers say it in several ways; a wrong key or signature has a code of its own and is none of them. */
function isRetention({ context, message }: Failure): boolean {
  const { code, status } = context;
  if (code === "AccessDenied" || code === "ObjectLocked" || code === "MethodNotAllowed") return true;
  if (code === "HTTP 403" || status === 405) return true;
  return code === "InvalidRequest" && /lock|retention|retain|worm|protected|legal hold/i.test(message);
}
