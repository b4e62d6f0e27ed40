// One process, so that azurite is started once for all of its tests.
import "./away/azure.ts";
import "./away/rclone.ts";
