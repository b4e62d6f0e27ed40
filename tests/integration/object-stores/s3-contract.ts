import { describeDestinationContract } from "../../contract/destination-contract.ts";
import { openS3, s3Settings } from "./s3-scene.ts";

describeDestinationContract("a Ceph gateway", async () => {
  const settings = await s3Settings();
  return {
    destination: openS3(settings),
    canRename: false,
    reopen: () => openS3(settings),
    close: async () => {},
  };
});
