// `npm run bench [-- name …]`: runs bench/<name>.bench.ts one after another, each in a process of its own, and prints
// their tables. Figures are only worth comparing within one run.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dirname
const there = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.replace('.bench.ts', ''))
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !there.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`no such bench: ${unknown.join(', ')}; there are ${there.join(', ')}\n`)
  process.exit(1)
}

let failed = 0
for (const name of asked.length > 0 ? asked : there) {
  process.stdout.write(`\n## ${name}\n\n`)
  const { status } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--expose-gc', join(folder, `${name}.bench.ts`)],
    {
      stdio: 'inherit',
    },
  )
  if (status !== 0) failed++
}
process.exit(failed === 0 ? 0 : 1)
