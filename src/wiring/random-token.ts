import { systemRandom } from "../platform/run-id.ts";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
/** Bytes above are thrown away, so that no letter is likelier than another. */
const limit = 256 - (256 % letters.length);

/** So many random lower-case letters and digits. */
export function randomToken(length: number): string {
  let token = "";
  while (token.length < length) {
    const fit = [...systemRandom(length)].filter((byte) => byte < limit);
    token += fit.map((byte) => letters[byte % letters.length]).join("");
  }
  return token.slice(0, length);
}
