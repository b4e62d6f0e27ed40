import { tryPart } from "./guide-test.ts";

tryPart("keys and sets");
