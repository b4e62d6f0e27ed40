/** A database that is always there to log in to. */
export const maintenanceDatabase = "postgres";
