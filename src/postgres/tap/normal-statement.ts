const name = String.raw`(?:"(?:[^"]|"")*"|[^\s";,.()]+)`;
const policyRoles = new RegExp(
  String.raw`^(CREATE POLICY ${name} ON ${name}(?:\.${name})?(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO )(${name}(?:, ${name})*)`,
);
const nameAlone = new RegExp(name, "g");

/**
 * A statement without what a correct restore may change. Only one thing is known: the roles of a policy, which pg_dump
 * lists in the order of pg_authid's rows.
 */
export function normalStatement(bytes: Buffer, words: readonly string[]): Buffer {
  if (words[0] !== "CREATE" || words[1] !== "POLICY") return bytes;
  const text = bytes.toString("latin1").replace(policyRoles, (_all, lead: string, roles: string) => {
    return `${lead}${(roles.match(nameAlone) ?? []).toSorted().join(", ")}`;
  });
  return Buffer.from(text, "latin1");
}
