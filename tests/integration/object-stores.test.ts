// One process, so that each server is started once for all of its tests.
import "./object-stores/s3-contract.ts";
