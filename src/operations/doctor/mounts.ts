import { textAt } from "./ask.ts";
import type { MachinePaths } from "./scene.ts";

/** The mount point of /etc/fstab that the path lies under and that is not mounted; null when there is none. */
export async function unmountedAbove(
  path: string,
  { fstab, mounts }: Pick<MachinePaths, "fstab" | "mounts">,
): Promise<string | null> {
  const wanted = pointsIn(await textAt(fstab)).filter((point) => point !== "/" && isUnder(path, point));
  const mounted = new Set(pointsIn(await textAt(mounts)));
  return wanted.find((point) => !mounted.has(point)) ?? null;
}

/** The second column; blanks in a name are written as \040. */
function pointsIn(text: string | null): readonly string[] {
  const lines = (text ?? "").split("\n").map((line) => line.trim());
  const points = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/\s+/)[1]);
  return points.flatMap((point) => {
    if (point === undefined || !point.startsWith("/")) return [];
    const plain = point.replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 8)),
    );
    return [plain.replace(/(?<=.)\/+$/, "")];
  });
}

function isUnder(path: string, point: string): boolean {
  return path === point || path.startsWith(`${point}/`);
}
