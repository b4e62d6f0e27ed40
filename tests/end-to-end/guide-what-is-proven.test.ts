import { tryPart } from "./guide-test.ts";

tryPart("what is proven");
