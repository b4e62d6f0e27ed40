import { asFailure } from "../domain/failure.ts";
import { describeForeign } from "./check-foreign.ts";
import { type ExtractingOptions, extractItems } from "./extract-capsule.ts";
import { nameSafely, openForeign } from "./open-foreign.ts";

/**
 * As extractCapsule, for a zip that another program made: names are judged and every entry is decoded and its CRC
 * compared before the first is written; what was written must then have the hashes seen there.
 */
export async function extractForeign(path: string, options: ExtractingOptions): Promise<number> {
  const zip = await openForeign(path);
  try {
    const named = nameSafely(zip);
    const { crew, signal } = options;
    const described = new Map(
      (await describeForeign(zip, { crew, signal })).map((entry, index) => [zip.entries[index], entry]),
    );
    const items = named.flatMap(({ raw, entry }) => {
      const listed = described.get(entry);
      return listed === undefined ? [] : [{ raw, entry: listed, row: entry.span }];
    });
    return await extractItems({ path, handle: zip.handle, items }, options);
  } catch (error) {
    throw asFailure(error, "capsule.unreadable", `Cannot extract "${path}"`);
  } finally {
    await zip.handle.close();
  }
}
