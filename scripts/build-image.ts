/**
 * npm run build:image: the container image, tagged codex-backup:VERSION, by docker, or by podman where that is
 * all there is. Arguments go to its build: npm run build:image -- --build-arg PGDG=no --build-arg PG_MAJORS=15
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildBinary, packageVersion } from "./packaging/binary.ts";
import { top } from "./packaging/bundle.ts";

const engine = ["docker", "podman"].find((name) => spawnSync(name, ["--version"]).status === 0);
if (engine === undefined) {
  process.stderr.write("Cannot build the image: neither docker nor podman is installed\n");
  process.exit(1);
}
await buildBinary(join(top, "dist"));
// podman's own format knows no health check.
const format = engine === "podman" ? ["--format", "docker"] : [];
const tag = `codex-backup:${packageVersion()}`;
const argv = ["build", ...format, "--tag", tag, ...process.argv.slice(2), "."];
const { status } = spawnSync(engine, argv, { cwd: top, stdio: "inherit" });
process.exitCode = status ?? 1;
