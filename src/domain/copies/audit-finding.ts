/** What an audit of a destination tells of, beside copies that are as they should be; in the order of telling. */
export const auditKinds = ["missing", "altered", "unknown", "orphaned", "over-retained", "foreign"] as const;

/**
 * "missing": the catalog lists it, and its manifest or a file is gone; "altered": other bytes or another size than were
 * stored; "unknown": a backup that the catalog has not heard of; "orphaned": files of ours without a manifest, older than
 * a run may last; "over-retained": still there although policy removed it; "foreign": not ours, and never touched.
 */
export type AuditKind = (typeof auditKinds)[number];
