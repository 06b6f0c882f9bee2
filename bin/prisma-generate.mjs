// Generates the database client from prisma/schema, when the schema has changed since the last time.
//
// Prisma's command wants a schema engine to be there and would download it, which must not happen (and cannot, offline).
// Generating does not run that engine: it only looks whether the file exists. So any existing file will do. Nothing else
// of Prisma's command may be used with it: `migrate` would look successful and do nothing. Migrations are applied by
// server/classroom/database/migrate.ts. No dependencies; runs on Node 18 or later.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const schemaDir = join(root, 'prisma', 'schema')
const generated = join(root, 'prisma', 'generated', 'client.ts')
const stamp = join(root, '.cache', 'prisma-schema.sha256')

async function schemaHash() {
  const hash = createHash('sha256')
  const lock = JSON.parse(await readFile(join(root, 'node_modules', 'prisma', 'package.json'), 'utf8'))
  hash.update(lock.version)
  for (const name of (await readdir(schemaDir)).sort()) {
    hash.update(`\0${name}\0`).update(await readFile(join(schemaDir, name)))
  }
  return hash.digest('hex')
}

/** Resolves to true when the client was generated, false when it was up to date. */
export async function prismaGenerate() {
  const wanted = await schemaHash()
  const have = await readFile(stamp, 'utf8').catch(() => '')
  if (have === wanted && existsSync(generated)) return false
  const prisma = join(root, 'node_modules', 'prisma', 'build', 'index.js')
  try {
    await run(process.execPath, [prisma, 'generate', '--schema', schemaDir], {
      cwd: root,
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
        DO_NOT_TRACK: '1',
      },
    })
  } catch (err) {
    throw new Error(`prisma generate failed:\n${err.stdout ?? ''}${err.stderr ?? ''}`, { cause: err })
  }
  await mkdir(dirname(stamp), { recursive: true })
  await writeFile(stamp, wanted)
  return true
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await prismaGenerate()) ? 'Generated the database client.' : 'The database client is up to date.')
}
