/** A file of the folder, as rclone names it: "b2:bucket/path" and "a.sql" are "b2:bucket/path/a.sql". */
export function fileOf(remote: string, name: string): string {
  return /[:/]$/.test(remote) ? `${remote}${name}` : `${remote}/${name}`;
}

/** For people. A remote that is described in place (":sftp,host=…,pass=…:path") keeps its kind and path: the rest may be secret. */
export function locationOf(remote: string): string {
  const [, kind, path] = /^(:?[^,:]*),.*:([^:]*)$/s.exec(remote) ?? [];
  return kind === undefined ? remote : `${kind}:${path}`;
}
