/** Not "job": Prometheus gives each series it scrapes a label of that name, and renames ours. */
const ofJob = ["backup_job", "database"] as const;

/** Every gauge: its labels and what it says. `codex_backup_runs_total`, the only counter, stands beside. */
export const metricTable = {
  codex_backup_up: [
    [],
    "1: what follows was read from catalog and destinations just now. 0: it could not be read.",
  ],
  codex_backup_build_info: [["version"], "Always 1; the version that speaks."],
  codex_backup_metrics_timestamp_seconds: [[], "When this was written."],
  codex_backup_job_healthy: [
    [...ofJob, "kind"],
    "1: the job does what its schedule and maxAge demand, as status judges it.",
  ],
  codex_backup_newest_good_timestamp_seconds: [
    ofJob,
    "When the newest complete backup with a whole, read-back copy was begun.",
  ],
  codex_backup_newest_proven_timestamp_seconds: [
    ofJob,
    "When the newest backup that was restored and compared was begun.",
  ],
  codex_backup_last_proof_timestamp_seconds: [ofJob, "When the last proof ended, whatever it found."],
  codex_backup_last_proof_outcome: [
    [...ofJob, "outcome"],
    "1 for what the last proof found (proven, mismatch) or that it failed, 0 for the others.",
  ],
  codex_backup_last_proof_duration_seconds: [ofJob, "How long the last proof took."],
  codex_backup_restore_estimate_seconds: [
    ofJob,
    "How long a restore takes by what proofs have measured; nothing without a measurement.",
  ],
  codex_backup_restore_measured_timestamp_seconds: [ofJob, "When a restore was measured last."],
  codex_backup_rto_seconds: [ofJob, "How long a restore may take, by the job's rto; nothing without one."],
  codex_backup_suspect: [
    ofJob,
    "1: the newest backup is suspect, and nothing is pruned until it is accepted.",
  ],
  codex_backup_gone: [
    ofJob,
    "1: a backup or a receipt of a proof is gone that no policy removed, and nobody has accepted that.",
  ],
  codex_backup_pruning_stuck: [
    ofJob,
    "1: the last pruning was refused or failed, so that nothing old goes any more.",
  ],
  codex_backup_copies_unread: [
    ofJob,
    "1: a copy was not read again in the time that verify.within promises.",
  ],
  codex_backup_copies_rule_kept: [ofJob, "1: the newest good backup keeps the 3-2-1-1-0 rule."],
  codex_backup_copies_rule: [
    [...ofJob, "point"],
    "What the newest good backup has of the rule: copies (the source is the first), media, offsite, immutable, errors.",
  ],
  codex_backup_newest_good_size_bytes: [ofJob, "Bytes of the newest good backup."],
  codex_backup_next_slot_timestamp_seconds: [ofJob, "When the job is due next."],
  codex_backup_missed_slots: [ofJob, "Slots of the last 7 days that no run took."],
  codex_backup_job_running: [ofJob, "1 while a run is going."],
  codex_backup_last_run_timestamp_seconds: [ofJob, "When the last run was started."],
  codex_backup_last_run_duration_seconds: [ofJob, "How long the last run took; nothing while one is going."],
  codex_backup_last_success_timestamp_seconds: [["backup_job"], "When the last complete run was started."],
  codex_backup_last_run_outcome: [
    [...ofJob, "outcome"],
    "1 for how the last run ended, 0 for the other outcomes; nothing while one is going.",
  ],
  codex_backup_destination_usable: [
    ["destination"],
    "1: backups can be read there, 0: missing, not ours, or broken.",
  ],
  codex_backup_destination_free_bytes: [["destination"], "Free for a user without privileges."],
  codex_backup_destination_size_bytes: [["destination"], "Size of the file system."],
  codex_backup_destination_full_timestamp_seconds: [
    ["destination"],
    "When it is full if it goes on filling as it did; nothing when that cannot be told or is years away.",
  ],
  codex_backup_copies: [
    ["destination", "state", "level"],
    "Copies by state and by how far they were checked.",
  ],
  codex_backup_oldest_unread_copy_timestamp_seconds: [
    ["destination"],
    "When the oldest backup was begun whose copy here was never read back; nothing when all were.",
  ],
  codex_backup_oldest_read_copy_timestamp_seconds: [
    ["destination"],
    "When the whole copy here was read whose reading is longest ago; one that never was counts from its birth.",
  ],
} as const satisfies Record<string, readonly [labels: readonly string[], help: string]>;

export type MetricName = keyof typeof metricTable;

/** One of each. */
export function gaugesOf<Made>(
  make: (name: MetricName, help: string, labels: readonly string[]) => Made,
): Readonly<Record<MetricName, Made>> {
  const names = Object.keys(metricTable) as readonly MetricName[]; // proven: the table's own keys
  const made = names.map((name) => [name, make(name, metricTable[name][1], metricTable[name][0])] as const);
  return Object.fromEntries(made) as Record<MetricName, Made>; // proven: one entry for each name
}
