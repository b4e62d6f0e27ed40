/**
 * How long a start is put off, so that many hosts do not begin in the same second: from nothing to almost
 * `limitMs`, in whole seconds. Always the same for the same key, so that whoever asks, and asks again, agrees.
 */
export function jitterOf(key: string, limitMs: number): number {
  if (limitMs < 1000) return 0;
  return Math.floor(((hashOf(key) / 2 ** 32) * limitMs) / 1000) * 1000;
}

/** FNV-1a with a final mix: near keys, such as two slots, must not give near numbers. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
