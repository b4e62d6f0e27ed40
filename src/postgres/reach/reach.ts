import { asFailure, errnoOf, Failure } from "../../domain/failure.ts";
import type { PostgresSource, Transport } from "../../domain/jobs/source.ts";
import { type Child, type ChildSpec, startChild } from "../../platform/child.ts";
import { type CallContext, cleanEnvironment, type ProgramCall } from "./call.ts";
import { containerSpec } from "./container.ts";
import { findContainer } from "./find-container.ts";
import { findPod } from "./find-pod.ts";
import { kubectlSpec } from "./kubectl.ts";
import { localSpec } from "./local.ts";
import { removePassfile, writePassfile } from "./passfile.ts";
import { sshSpec } from "./ssh.ts";

/** A way to run programs where the PostgreSQL clients are. */
export interface Reach {
  readonly kind: Transport["kind"];
  /** For messages: `this host`, `container "codex_postgres"`, `host "db1"`. */
  readonly place: string;
  /** Throws "postgres.client-missing", "postgres.container-engine" or "postgres.transport". */
  start(call: ProgramCall): Promise<Child>;
  /** Removes the password file, if one was written. May be called twice. */
  close(): Promise<void>;
}

type Build = (call: ProgramCall, context: CallContext) => ChildSpec;

interface Way {
  readonly place: string;
  readonly build: Build;
  /** Whether the password needs a file on the far side. */
  readonly byFile: boolean;
}

/** Resolves the container once, and writes the password file where one is needed. */
export async function openReach(
  source: PostgresSource,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Reach> {
  const ownEnv = cleanEnvironment(env);
  const way = await findWay(source.transport, ownEnv, signal);
  const bare: CallContext = { ownEnv, password: source.password, passfile: null };
  const startBare = (call: ProgramCall) =>
    startProgram(way.build(call, bare), source.transport, call.program);
  if (!way.byFile || source.password === null) {
    return { kind: source.transport.kind, place: way.place, start: startBare, close: async () => {} };
  }
  const passfile = await writePassfile(startBare, source.password, signal);
  let open = true;
  return {
    kind: source.transport.kind,
    place: way.place,
    start: (call) => startProgram(way.build(call, { ...bare, passfile }), source.transport, call.program),
    async close() {
      if (open) await removePassfile(startBare, passfile);
      open = false;
    },
  };
}

async function findWay(
  transport: Transport,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Way> {
  if (transport.kind === "local") return { place: "this host", build: localSpec, byFile: false };
  if (transport.kind === "ssh") {
    const build: Build = (call, context) => sshSpec(transport, call, context);
    return { place: `host "${transport.host}"`, build, byFile: true };
  }
  const { engine, select } = transport;
  const name = select.by === "name" ? select.name : `${select.project}/${select.service}`;
  const place = `container "${name}"`;
  if (engine === "kubectl") {
    const pod = await findPod(select, env, signal);
    return { place, build: (call, context) => kubectlSpec(pod, call, context), byFile: true };
  }
  const id = await findContainer({ engine, select, env, signal });
  return { place, build: (call, context) => containerSpec({ engine, id }, call, context), byFile: false };
}

async function startProgram(spec: ChildSpec, transport: Transport, program: string): Promise<Child> {
  try {
    return await startChild(spec);
  } catch (error) {
    throw cannotStart(error, transport, program);
  }
}

function cannotStart(error: unknown, transport: Transport, program: string): Failure {
  const failure = asFailure(error, "platform.child", `Cannot start "${program}"`);
  const errno = failure.context.errno ?? errnoOf(error) ?? "unknown";
  const seen = errno === "ENOENT" ? "not found" : String(errno);
  if (transport.kind === "local") return clientMissing(program, "this host", seen);
  if (transport.kind === "ssh") {
    return new Failure("postgres.transport", `Cannot start ssh: ${seen}`, {
      hint: "Install openssh-client.",
    });
  }
  return new Failure("postgres.container-engine", `Cannot start ${transport.engine}: ${seen}`, {
    hint: `Install ${transport.engine}, or choose another engine.`,
  });
}

/** The failure for a client program that is not there. */
export function clientMissing(program: string, place: string, seen: string): Failure {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return new Failure("postgres.client-missing", `Cannot run ${name} on ${place}: ${seen}`, {
    hint: "Install postgresql-client, or set postgres.container to use the client inside the container.",
    context: { program },
  });
}
