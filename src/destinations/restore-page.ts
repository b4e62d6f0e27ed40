export const restorePageName = "RESTORE-v1.md";

/**
 * The page beside the files: how to restore when none of us is installed. A test runs its commands, with
 * BACKUP, CAPSULE and the like replaced; a changed text gets a new name, because nothing is overwritten.
 */
export const restorePage = `# How to restore these backups with plain tools

You need none of the software that made them: only \`sha256sum\`, \`psql\` (as new as the server, with the
latest minor release) and, depending on the file, \`zstd\`, \`gzip\`, \`pg_restore\`, \`unzip\`, \`age\` or \`minisign\`; where
they lie in a bucket or on another host, also \`rclone\`, or whatever else reads that storage.

## What lies here

BACKUP stands for a backup's name, for example \`codexdb_2026-11-23\`.

| file | what it is |
|---|---|
| \`BACKUP.sql\`, \`BACKUP.sql.zst\`, \`BACKUP.sql.gz\` | the database as SQL, plain or compressed |
| \`BACKUP.dump\`, \`BACKUP.dump.zst\`, \`BACKUP.dump.gz\` | the database as a pg_restore archive, plain or compressed |
| \`globals_BACKUP.sql\` | roles, memberships and tablespaces of the server |
| \`database_BACKUP.sql\` | creates the database itself: owner, locale, grants, settings |
| \`CAPSULE.zip\` | a directory as an ordinary zip file |
| \`BACKUP.sha256\` | the hash of each file of this backup, made when it was written |
| \`BACKUP.manifest.json\` | describes the backup: versions, sizes, rows of each table. No manifest: not a finished backup |
| \`checksums.txt\` | the hashes of all files in this directory |
| \`….minisig\` | a minisign signature of the file before the dot |
| \`….age\` | encrypted; decrypt it first, as told in section 1 |
| \`BACKUP.private.json.age\` | of an encrypted backup: what its manifest does not tell everybody |
| \`….proof-….json\` | says when this backup was restored and compared, and what was found |
| \`….check-….json\` | says when its bytes were read, and what was found |
| \`codex-backup-config_….yaml.age\` | the settings of the machine that made the backups, encrypted; the last one by name is the newest |

Hidden files named \`.….partial-…\` are unfinished. Do not restore them.

## 0. Fetch the files, where this is no directory of the machine

STORAGE stands for what you call the storage in \`rclone config\`, FOLDER for the bucket and the prefix, or the path, in which this page lies:

\`\`\`sh
rclone lsf STORAGE:FOLDER --include '*.manifest.json'
\`\`\`

\`\`\`sh
rclone copy STORAGE:FOLDER . --include '*BACKUP*'
\`\`\`

## 1. Check the bytes before you do anything else

\`\`\`sh
sha256sum --check --strict BACKUP.sha256
\`\`\`

Every line must end in OK. A file that was cut short or has rotted often restores without any error, and
you would notice only when rows are missing. If a line says FAILED, take another copy or another backup.

### Who wrote them, where there is a \`BACKUP.manifest.json.minisig\`

PUBLICKEY stands for the text that begins with RW. It is worth something only when you have kept it in another
place than these files: whoever can change them could also change a key that lies beside them.

\`\`\`sh
minisign -V -P PUBLICKEY -m BACKUP.manifest.json
\`\`\`

The manifest is signed, and has the hash of every file. This ends with status 0 when it has all those that you
have just checked:

\`\`\`sh
grep -v 'manifest.json$' BACKUP.sha256 | cut -c 1-64 | xargs -I HASH grep -q '"sha256": "HASH"' BACKUP.manifest.json
\`\`\`

### Decrypt, where files end in \`.age\`

KEYFILE stands for the file with the secret key, whose line begins with AGE-SECRET-KEY-. Once for each file that you need
(the dump, \`globals_…\`, \`database_…\`, or the capsule); what comes out has the names that the rest of this page speaks of:

\`\`\`sh
age --decrypt --identity KEYFILE --output FILE FILE.age
\`\`\`

## 2. Restore a database

Never into a database that is in use: always into a new one, and rename it when all is well.

**Never use \`psql --single-transaction\` on bytes that you did not check.** When the dump ends in the middle of
a table, psql takes the end of the input for the end of the work, commits the part that it has, and ends
with status 0.

### Roles, on a server that does not have them yet

\`\`\`sh
psql -X -d postgres -f globals_BACKUP.sql
\`\`\`

\`role "…" already exists\` is harmless here; read everything else. The file sets the passwords and attributes
that the roles had. Leave this step out on a server that is used for other things as well, and create only
the missing roles there by hand.

### The database

With its old name, owner, locale and settings, on a server that has no database of that name:

\`\`\`sh
psql -X -v ON_ERROR_STOP=1 -d postgres -f database_BACKUP.sql
\`\`\`

Or an empty one of another name (then owner, grants and settings of the database stay out):

\`\`\`sh
createdb --template=template0 --encoding=UTF8 NEWDB
\`\`\`

### Its content: one of these, by the file's ending

\`\`\`sh
psql -X -v ON_ERROR_STOP=1 -d NEWDB -f BACKUP.sql
\`\`\`

\`\`\`sh
bash -c 'set -o pipefail; zstd -dc BACKUP.sql.zst | psql -X -v ON_ERROR_STOP=1 -d NEWDB'
\`\`\`

\`\`\`sh
bash -c 'set -o pipefail; gzip -dc BACKUP.sql.gz | psql -X -v ON_ERROR_STOP=1 -d NEWDB'
\`\`\`

\`\`\`sh
pg_restore --exit-on-error --dbname=NEWDB BACKUP.dump
\`\`\`

\`\`\`sh
bash -c 'set -o pipefail; zstd -dc BACKUP.dump.zst | pg_restore --exit-on-error --dbname=NEWDB'
\`\`\`

\`\`\`sh
bash -c 'set -o pipefail; gzip -dc BACKUP.dump.gz | pg_restore --exit-on-error --dbname=NEWDB'
\`\`\`

The status must be 0. After an error, drop the new database and start again; do not go on with a half.
A psql that says \`invalid command \\restrict\` is too old: take a current minor release.

### Look whether all is there

The manifest lists the rows of each table (\`postgres.fingerprint.tables\`). Compare some:

\`\`\`sh
psql -X -d NEWDB -c 'ANALYZE' -c 'SELECT relname, reltuples FROM pg_class WHERE relkind = $$r$$ ORDER BY reltuples DESC LIMIT 20'
\`\`\`

(\`reltuples\` is an estimate; \`SELECT count(*)\` is exact.) Then give it its real name, while nobody is connected:

\`\`\`sh
psql -X -d postgres -c 'ALTER DATABASE "NEWDB" RENAME TO "REALNAME"'
\`\`\`

## 3. Restore a capsule

\`\`\`sh
unzip -t CAPSULE.zip
unzip CAPSULE.zip -d TARGET
\`\`\`

\`codex-capsule.json\` inside lists every file with its size, time, mode and sha256.

## 4. Check the whole directory

\`\`\`sh
sha256sum --check --quiet checksums.txt
\`\`\`

No output and status 0 mean that every file is as it was written.
`;
