import type { Fingerprint } from "../../domain/backups/fingerprint.ts";

/** Connections that a throwaway server takes; the table of locks has room for this many transactions. */
const connections = 20;
const defaultLocks = 64;
/** A table takes locks for its indexes, sequences, TOAST table and constraints too: each statement counts for so many. */
const locksPerStatement = 4;

/**
 * max_locks_per_transaction for restoring all of it in one transaction: 3,000 tables, or 20,000 large objects,
 * exhaust the default (PROOF 4.1).
 */
export function locksFor(fingerprint: Pick<Fingerprint, "objects" | "largeObjects">): number {
  const statements = Object.values(fingerprint.objects).reduce((sum, count) => sum + count, 0);
  const wanted = statements * locksPerStatement + fingerprint.largeObjects.length;
  return defaultLocks + Math.ceil(wanted / connections);
}

/**
 * How a throwaway server is started: walled off, forgetful and still. It needs to survive no crash, writes no more
 * log than it must, runs nothing by itself, and loads no library that nobody asked for.
 */
export function serverSettings(server: {
  readonly major: number;
  readonly socketDirectory: string;
  readonly locks: number;
}): Readonly<Record<string, string>> {
  return {
    listen_addresses: "",
    unix_socket_directories: server.socketDirectory,
    unix_socket_permissions: "0700",
    port: "5432",
    max_connections: String(connections),
    max_locks_per_transaction: String(server.locks),
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    wal_level: "minimal",
    max_wal_senders: "0",
    // What is not written into new tables alone, such as large objects, is logged: so much of it may lie about.
    max_wal_size: "256MB",
    checkpoint_timeout: "1h",
    archive_mode: "off",
    autovacuum: "off",
    jit: "off",
    maintenance_work_mem: "256MB",
    shared_preload_libraries: "",
    session_preload_libraries: "",
    local_preload_libraries: "",
    max_logical_replication_workers: "0",
    logging_collector: "off",
    log_destination: "stderr",
    // Messages are told apart by these words, and rows stay out of the log.
    lc_messages: "C",
    log_min_error_statement: "panic",
    ...(server.major >= 17 ? { event_triggers: "off" } : {}),
  };
}

/** `-c name=value` for each. */
export function settingArgs(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/**
 * The cluster's own locale is C: what the restored database has is said by its CREATE DATABASE. Neither has it an
 * encoding: the names of roles can be in any, and must pass as the bytes that they are. The superuser's name is random,
 * since the globals make a role of the name that the source's has (PROOF 4.1).
 */
export function initdbArgs(cluster: {
  readonly data: string;
  readonly superuser: string;
}): readonly string[] {
  const { data, superuser } = cluster;
  const place = [`--pgdata=${data}`, `--username=${superuser}`, "--auth=trust", "--no-sync"];
  return [...place, "--encoding=SQL_ASCII", "--locale=C"];
}
