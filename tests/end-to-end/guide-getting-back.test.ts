import { tryPart } from "./guide-test.ts";

tryPart("getting back");
