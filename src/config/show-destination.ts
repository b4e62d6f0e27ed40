import type { BandwidthRule } from "../domain/copies/bandwidth.ts";
import type { FileOwner, KeepPolicy } from "../domain/jobs/job.ts";
import { formatSize } from "../domain/size.ts";
import type {
  AzureDestinationConfig,
  DestinationConfig,
  LocalDestinationConfig,
  RcloneDestinationConfig,
  S3DestinationConfig,
  SftpDestinationConfig,
  WebdavDestinationConfig,
} from "./destination-config.ts";
import type { ShowSecret } from "./show-alerts.ts";

type Keys = Extract<S3DestinationConfig["credentials"], { kind: "keys" }>;
type Yaml = Readonly<Record<string, unknown>>;

/** One of the section `destinations`. */
export function destinationOf(
  one: DestinationConfig,
  show: ShowSecret,
  keepOf: (keep: KeepPolicy) => Yaml,
): Yaml {
  const { traits, keep, sworn, bandwidth } = one;
  return defined({
    ...placeOf(one, show),
    keep: keep && keepOf(keep),
    readBack: traits.readBack,
    offSite: traits.isOffSite,
    medium: traits.medium,
    immutable: sworn && (sworn.days === null ? true : `${sworn.days}d`),
    readOnly: traits.isReadOnly,
    bandwidth: bandwidth.length === 0 ? null : bandwidth.map(ruleOf),
  });
}

function placeOf(one: DestinationConfig, show: ShowSecret): Yaml {
  switch (one.kind) {
    case "local":
      return localOf(one);
    case "s3":
      return { s3: s3Of(one, show) };
    case "sftp":
      return { sftp: sftpOf(one, show) };
    case "azure":
      return { azure: azureOf(one, show) };
    case "webdav":
      return { webdav: webdavOf(one, show) };
    case "rclone":
      return { rclone: rcloneOf(one, show) };
    default:
      return one satisfies never;
  }
}

function localOf({ path, owner, fileMode, directoryMode }: LocalDestinationConfig): Yaml {
  return { path, owner: ownerOf(owner), mode: modeOf(fileMode), directoryMode: modeOf(directoryMode) };
}

function s3Of(one: S3DestinationConfig, show: ShowSecret): Yaml {
  const { bucket, prefix, region, endpoint, pathStyle, storageClass, integrity, concurrency } = one;
  const { encryption, lock, credentials } = one;
  return defined({
    ...{ bucket, prefix, region, endpoint, pathStyle },
    ...(credentials.kind === "keys" && keysOf(credentials, show)),
    storageClass,
    encryption: encryption?.kind,
    kmsKey: encryption?.kind === "aws:kms" ? encryption.keyId : null,
    lock: lock && { mode: lock.mode.toLowerCase(), for: `${lock.days}d` },
    partSize: one.partBytes && formatSize(one.partBytes),
    ...{ integrity, concurrency },
    ...webOf(one),
  });
}

/** Both from one place: written as one secret. */
function keysOf({ keyId, secret, sessionToken }: Keys, show: ShowSecret): Yaml {
  const [id, own] = [show(keyId), show(secret)];
  const isPair = typeof own === "object" && id === own;
  return { keyId: isPair ? null : id, secret: own, sessionToken: sessionToken && show(sessionToken) };
}

function sftpOf(one: SftpDestinationConfig, show: ShowSecret): Yaml {
  const { host, port, user, path, hostKeys, password, privateKey, passphrase } = one;
  return defined({
    ...{ host, port, user, path, hostKey: hostKeys },
    password: password && show(password),
    privateKey: privateKey && show(privateKey),
    passphrase: passphrase && show(passphrase),
  });
}

function azureOf(one: AzureDestinationConfig, show: ShowSecret): Yaml {
  const { account, container, prefix, credentials, endpoint, accessTier, partBytes, concurrency } = one;
  return defined({
    ...{ account, container, prefix },
    ...(credentials.kind === "key" ? { key: show(credentials.key) } : { sas: show(credentials.sas) }),
    ...{ endpoint, tier: accessTier },
    partSize: partBytes && formatSize(partBytes),
    concurrency,
    ...webOf(one),
  });
}

function webdavOf(one: WebdavDestinationConfig, show: ShowSecret): Yaml {
  const { url, user, password } = one;
  return defined({ url, user, password: password && show(password), ...webOf(one) });
}

function rcloneOf(
  { remote, configFile, program, args, env }: RcloneDestinationConfig,
  show: ShowSecret,
): Yaml {
  const shown = Object.fromEntries(env.map(({ name, value }) => [name, show(value)]));
  return defined({ remote, config: configFile, program, args, env: shown });
}

function webOf({
  caFile,
  proxy,
  isInsecure,
}: Pick<S3DestinationConfig, "caFile" | "proxy" | "isInsecure">): Yaml {
  return { ca: caFile, proxy, insecure: isInsecure };
}

function ruleOf({ fromMinute, toMinute, bytesPerSecond }: BandwidthRule): Yaml {
  const limit = formatSize(bytesPerSecond);
  return fromMinute === toMinute ? { limit } : { from: timeOf(fromMinute), to: timeOf(toMinute), limit };
}

function timeOf(minute: number): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function ownerOf(owner: FileOwner | null): string | null {
  if (owner === null) return null;
  return owner.group === null ? owner.user : `${owner.user}:${owner.group}`;
}

function modeOf(mode: number): string {
  return `0${mode.toString(8)}`;
}

/** Without what is not set: an absent key reads back as the same. */
function defined(values: Yaml): Yaml {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  );
}
