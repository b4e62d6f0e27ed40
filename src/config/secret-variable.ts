/** True for environment variables that most likely hold a secret: PGPASSWORD, AWS_SECRET_ACCESS_KEY, GITHUB_TOKEN. */
export function isSecretVariable(name: string): boolean {
  return /pass|secret|token|key|credential/i.test(name);
}
