import type { Catalog } from "../../src/catalog/catalog.ts";
import { Failure } from "../../src/domain/failure.ts";
import { createPower, type Power } from "./faulty-destination.ts";

/** fail: throws and does nothing. late: does it, then throws. kill: the power goes. */
export type CatalogFaultKind = "fail" | "late" | "kill";

export interface CatalogFault {
  readonly kind: CatalogFaultKind;
  /** 1 is the first call of any method. */
  readonly call: number;
  /** Only calls of these methods are counted. */
  readonly among?: Pick<RegExp, "test">;
}

export interface FaultyCatalog {
  readonly catalog: Catalog;
  /** The methods that were called, in order. */
  readonly calls: readonly string[];
}

/** Passes everything on, and breaks the n-th call as told. */
export function createFaultyCatalog(
  inner: Catalog,
  fault: CatalogFault | null,
  power: Power = createPower(),
): FaultyCatalog {
  const calls: string[] = [];
  const { among = /./ } = fault ?? {};
  let counted = 0;
  const catalog = new Proxy(inner, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function" || typeof name !== "string") return method;
      return (...given: readonly unknown[]) => {
        calls.push(name);
        if (among.test(name)) counted += 1;
        const kind = among.test(name) && counted === fault?.call ? fault.kind : null;
        if (kind === "kill") power.cut();
        if (!power.isOn()) throw new Error("the power is off");
        if (kind === "fail") throw broken(name);
        const result: unknown = Reflect.apply(method, target, given);
        if (kind === "late") throw broken(name);
        return result;
      };
    },
  });
  return { catalog, calls };
}

function broken(method: string): Failure {
  return new Failure("catalog.io", `Cannot write catalog "catalog.db": told to fail at ${method}`, {
    hint: "This is a test.",
  });
}
