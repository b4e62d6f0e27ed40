// One process, so that each server is started once for all of its tests.
import "./object-stores/s3-contract.ts";
import "./object-stores/s3-rights.ts";
import "./object-stores/s3-lock.ts";
import "./object-stores/s3-uploads.ts";
import "./object-stores/total-loss.ts";
