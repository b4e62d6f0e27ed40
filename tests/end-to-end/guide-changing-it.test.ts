import { tryPart } from "./guide-test.ts";

tryPart("changing it");
