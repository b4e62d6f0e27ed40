/** A table, view or sequence. */
export interface RelationName {
  readonly schema: string;
  readonly name: string;
}

/** Rows of a table; "missing": there is none of that name, "hidden": this role may not see all of its rows. */
export type RowCount = number | "missing" | "hidden";

/** What is to be restored of a dump, by names that are in it. */
export interface TableChoice {
  readonly relations: readonly RelationName[];
  /** All that is in them. */
  readonly schemas: readonly string[];
}

/** The parts of a dump that are restored, by the numbers that its survey gave them. */
export interface KeptEntries {
  readonly entries: ReadonlySet<number>;
  readonly settings: ReadonlySet<number>;
}

/** A part of a dump that is enough for itself: nothing in it refers to what is left out. */
export interface DumpCut {
  readonly kept: KeptEntries;
  /** With all that is theirs; those asked for, their partitions and sequences. Sorted. */
  readonly whole: readonly RelationName[];
  /** Made without rows, because something of the others needs them. Sorted. */
  readonly withoutRows: readonly RelationName[];
  /** Views with all that is theirs that read tables without rows, those also through other views. Sorted. */
  readonly emptyViews: readonly (RelationName & {
    readonly isMaterialized: boolean;
    readonly reads: readonly RelationName[];
  })[];
  /** Foreign keys to tables that are not restored: the constraint's name and its table's. */
  readonly leftOutKeys: readonly (RelationName & { readonly constraint: string })[];
  /** Partitions whose rows are in their root's COPY and cannot be told apart there. */
  readonly inseparable: readonly { readonly partition: RelationName; readonly root: RelationName }[];
  readonly extensions: readonly string[];
}

/** What single tables can be chosen from. */
export interface DumpSurvey {
  /** Tables, views, sequences; in the dump's order. */
  readonly relations: readonly RelationName[];
  /** Sorted. */
  readonly schemas: readonly string[];
  /** What has to be restored for these, which must be among the above. Pure. */
  cut(choice: TableChoice): DumpCut;
}
