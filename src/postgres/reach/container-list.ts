import type { ContainerSelector } from "../../domain/jobs/source.ts";

/** One line of `ps --all`. */
export interface ListedContainer {
  readonly id: string;
  readonly names: readonly string[];
  readonly isRunning: boolean;
  /** The engine's own words, "Exited (0) 2 hours ago". */
  readonly status: string;
}

/** `ps` with every container, stopped ones too; the columns exist in docker, podman and nerdctl alike. */
export function listArgs(select: ContainerSelector): readonly string[] {
  const labels =
    select.by === "compose"
      ? [
          `--filter=label=com.docker.compose.project=${select.project}`,
          `--filter=label=com.docker.compose.service=${select.service}`,
        ]
      : [];
  return ["ps", "--all", "--no-trunc", ...labels, "--format", "{{.ID}}|{{.Names}}|{{.Status}}"];
}

/** Reads what `listArgs` prints. Lines of another form are left out. */
export function parseList(text: string): readonly ListedContainer[] {
  return text.split("\n").flatMap((line) => {
    const [id, names, ...rest] = line.trim().split("|");
    if (id === undefined || names === undefined || rest.length === 0) return [];
    const status = rest.join("|");
    const isRunning = /^Up\b/.test(status) && !/paused/i.test(status);
    return [{ id, names: names.split(","), isRunning, status }];
  });
}

/** Those that the selector means. A name is matched whole, or as a leading part of the id. */
export function matching(
  containers: readonly ListedContainer[],
  select: ContainerSelector,
): readonly ListedContainer[] {
  if (select.by === "compose") return containers;
  const named = containers.filter((container) => container.names.includes(select.name));
  if (named.length > 0 || !/^[0-9a-f]{12,64}$/.test(select.name)) return named;
  return containers.filter((container) => container.id.startsWith(select.name));
}

/** How messages name what was looked for. */
export function describeSelector(select: ContainerSelector): string {
  if (select.by === "name") return `container "${select.name}"`;
  return `container of service "${select.service}" in compose project "${select.project}"`;
}
