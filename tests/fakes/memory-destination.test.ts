import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDestinationContract } from "../contract/destination-contract.ts";
import { hasCode, stageBytes } from "../contract/destination-steps.ts";
import { createMemoryDestination, createMemoryStore } from "./memory-destination.ts";

describeDestinationContract("the memory destination", async () => {
  const store = createMemoryStore();
  return {
    destination: createMemoryDestination({ store }),
    reopen: () => createMemoryDestination({ store }),
    close: async () => undefined,
  };
});

test("a memory destination with a capacity is full when it is", async () => {
  const destination = createMemoryDestination({ capacityBytes: 10 });
  await destination.put("a", Buffer.alloc(6), "run1");
  await assert.rejects(stageBytes(destination, "b", Buffer.alloc(5)), hasCode("destination.full"));
});
