const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/** Of BIP 173. */
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
/** 32 bytes in groups of five bits, and six letters of checksum. */
const letters = 58;

/**
 * Why a text is no recipient that a backup can be encrypted for; null: it is one. Only what `age-keygen` prints as
 * "public key" (age1…, 62 letters, with a checksum that finds a mistyped one), because every age reads that.
 */
export function recipientFault(text: string): string | null {
  if (/^AGE-SECRET-KEY-/i.test(text)) return "it is a secret key; name its public one";
  if (/^(ssh-|ecdsa-|sk-)/.test(text)) return "it is an SSH key, which only some versions of age can use";
  if (/^age1(pq|tag|tagpq)1/.test(text)) return "it is of a kind that age before 1.3 does not know";
  if (/^age1[a-z0-9]+1/.test(text)) return "it needs a plugin of age";
  if (!text.startsWith("age1")) return 'it does not begin with "age1"';
  const data = [...text.slice("age1".length)].map((letter) => alphabet.indexOf(letter));
  if (data.length !== letters) return `it has ${text.length} letters instead of ${letters + 4}`;
  if (data.includes(-1) || checksum(data) !== 1) return "its checksum is wrong: a letter was mistyped";
  return null;
}

/** 1 for a text that is as it was written. */
function checksum(data: readonly number[]): number {
  const prefix = [..."age"].map((letter) => letter.charCodeAt(0));
  const values = [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...data];
  return values.reduce((sum, value) => {
    const shifted = ((sum & 0x1ffffff) << 5) ^ value;
    return generators.reduce(
      (mixed, generator, bit) => (((sum >> 25) >> bit) & 1 ? mixed ^ generator : mixed),
      shifted,
    );
  }, 1);
}
