import type { Signatures } from "../signatures/signature.ts";

/** What a receipt must speak of to be believed: this copy, and this manifest; and who tells whose proofs count. */
export interface ReceiptWish {
  readonly destinationId: string;
  readonly manifestSha256: string;
  readonly signatures: Signatures;
}
