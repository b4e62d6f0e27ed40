import { createObjectDestination } from "../../src/destinations/objects/object-destination.ts";
import { describeDestinationContract } from "../contract/destination-contract.ts";
import { createMemoryObjectStore, createMemoryObjects } from "./memory-object-store.ts";
import { objectScene } from "./object-scene.ts";

for (const honoursConditions of [true, false]) {
  const title = honoursConditions ? "a store of objects" : "a store of objects that overwrites";
  describeDestinationContract(title, async () => {
    const kept = createMemoryObjects();
    const open = () => {
      const { settings, deps } = objectScene();
      return createObjectDestination(settings, createMemoryObjectStore({ kept, honoursConditions }), deps);
    };
    return { destination: open(), canRename: false, reopen: open, close: async () => {} };
  });
}
