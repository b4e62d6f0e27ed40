/**
 * Whether the mode of a secret key's file lets anybody but its owner at it. One rule for all of them: a group may have
 * members tomorrow that it has not today, and whoever runs the jobs can own the file.
 */
export function isOpenToOthers(mode: number): boolean {
  return (mode & 0o077) !== 0;
}

/** What is wrong with such a file, and what mends it; null: nothing. A mode of null is that of no file, but of a pipe. */
export function openToOthers(
  path: string,
  mode: number | null,
): { readonly seen: string; readonly hint: string } | null {
  if (mode === null || !isOpenToOthers(mode)) return null;
  const shown = (mode & 0o7777).toString(8).padStart(4, "0");
  return {
    seen: `other users may read it (mode ${shown})`,
    hint: `Run chmod 600 "${path}", or mount its disk with umask=077; when others can have read it, make a new key.`,
  };
}
