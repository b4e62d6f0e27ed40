import { Failure } from "../../domain/failure.ts";
import type { PostgresRestorer } from "../postgres.ts";

export function createRestorer(): PostgresRestorer {
  const refuse = async () => {
    throw new Failure("postgres.restore-refused", "Cannot restore: this is not built yet");
  };
  return { preflight: refuse, restore: refuse, rename: refuse, drop: refuse };
}
