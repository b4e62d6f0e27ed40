import { join } from "node:path";
import { runProgram } from "./run-program.ts";

export interface Certificate {
  /** PEM files; the certificate signs itself, so it is its own authority. */
  readonly keyFile: string;
  readonly certFile: string;
}

/** A certificate for localhost and 127.0.0.1, made by openssl in `directory`. */
export async function makeCertificate(directory: string, name: string): Promise<Certificate> {
  const keyFile = join(directory, `${name}.key`);
  const certFile = join(directory, `${name}.pem`);
  await runProgram([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ...["-keyout", keyFile, "-out", certFile],
  ]);
  return { keyFile, certFile };
}
