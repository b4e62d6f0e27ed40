import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { createOperator, type Json } from "../end-to-end/cli-tool.ts";

// No cluster and no kubectl are at hand: what is relied on is looked for in the files themselves.
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

function load(name: string): readonly Json[] {
  const documents = parseAllDocuments(readFileSync(`deploy/kubernetes/${name}`, "utf8"));
  for (const document of documents) assert.deepEqual(document.errors, []);
  return documents.map((document) => document.toJS());
}

const cronJobs = load("cronjobs.yaml");
const [deployment] = load("deployment.yaml");
const [configMap, secret] = load("config.yaml");
const claims = load("storage.yaml").map((claim) => claim.metadata.name);
const pods = [
  ...cronJobs.map((job) => job.spec.jobTemplate.spec.template.spec),
  deployment.spec.template.spec,
];

test("every pod runs this version without rights, on a read-only root with its state and /tmp writable", () => {
  assert.equal(pods.length, 4);
  for (const pod of pods) {
    const [container] = pod.containers;
    assert.equal(container.image, `codex-backup:${version}`);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.equal(pod.securityContext.runAsUser, 10001);
    assert.deepEqual(pod.securityContext.seccompProfile, { type: "RuntimeDefault" });
    assert.equal(pod.automountServiceAccountToken, false);
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const writable = container.volumeMounts.filter((mount: Json) => !mount.readOnly);
    assert.deepEqual(
      writable.map((mount: Json) => mount.mountPath),
      ["/var/lib/codex-backup", "/backups", "/tmp"],
    );
    for (const mount of container.volumeMounts)
      assert.ok(
        pod.volumes.some((volume: Json) => volume.name === mount.name),
        mount.name,
      );
  }
});

test("the volumes are claims that exist, and the secret is not for all to read", () => {
  for (const { volumes } of pods) {
    const volume = (name: string) => volumes.find((one: Json) => one.name === name);
    for (const name of ["state", "backups"])
      assert.ok(claims.includes(volume(name).persistentVolumeClaim.claimName));
    assert.equal(volume("config").configMap.name, configMap.metadata.name);
    assert.equal(volume("secrets").secret.secretName, secret.metadata.name);
    assert.equal(volume("secrets").secret.defaultMode, 0o440);
  }
});

test("a task starts at its job's own time, never twice at once, and is not tried again behind our back", () => {
  const { jobs } = parse(configMap.data["config.yaml"]);
  const [init, ...tasks] = cronJobs;
  assert.equal(init.spec.suspend, true);
  const named = tasks.map((job) => [
    job.spec.jobTemplate.spec.template.spec.containers[0].args.at(-1),
    job.spec.schedule,
  ]);
  assert.deepEqual(
    named,
    Object.entries<Json>(jobs).map(([name, job]) => [name, job.schedule]),
  );
  for (const { spec } of tasks) {
    assert.equal(spec.concurrencyPolicy, "Forbid");
    assert.equal(spec.timeZone, "Etc/UTC");
    assert.equal(spec.jobTemplate.spec.backoffLimit, 0);
    assert.equal(spec.jobTemplate.spec.template.spec.restartPolicy, "Never");
  }
  assert.equal(deployment.spec.replicas, 1);
  assert.equal(deployment.spec.strategy.type, "Recreate");
});

test("the configs of Kubernetes and of compose are configs, when their secrets are there", async () => {
  for (const text of [configMap.data["config.yaml"], readFileSync("deploy/compose/config.yaml", "utf8")]) {
    const operator = createOperator("");
    writeFileSync(operator.path("password"), "x", { mode: 0o600 });
    const here = text.replace(/passwordFile: .*/, `passwordFile: ${operator.path("password")}`);
    writeFileSync(join(operator.directory, "codex-backup.yaml"), here);
    const { code, stderr } = await operator.runHere("config", "check");
    assert.equal(code, 0, stderr);
  }
});

test("compose runs this version with the same limits, and gives it all that its config names", () => {
  const compose = parse(readFileSync("compose.yaml", "utf8"));
  const service = compose.services["codex-backup"];
  assert.equal(service.image, `codex-backup:${version}`);
  assert.equal(service.read_only, true);
  assert.deepEqual(service.cap_drop, ["ALL"]);
  assert.deepEqual(service.security_opt, ["no-new-privileges:true"]);
  const { jobs, state } = parse(readFileSync("deploy/compose/config.yaml", "utf8"));
  assert.ok(service.volumes.includes(`state:${state}`));
  assert.ok(Object.hasOwn(compose.services, jobs.database.postgres.host));
  assert.ok(Object.hasOwn(compose.secrets, jobs.database.postgres.passwordFile.replace("/run/secrets/", "")));
});
