// `podium client <folder>`: what people write operators with, as two files that need nothing but Node.js.

import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder } from './named-places.ts'

const OPERATOR = fileURLToPath(new URL('../kube/client/operator/', import.meta.url))

/** Returns the names of what it has written. */
export async function writeClientPackage(folder: string): Promise<string[]> {
  const { build } = await import('esbuild')
  const [code, types] = ['podium-client.mjs', 'podium-client.d.mts']
  await makeFolder(folder)
  const { outputFiles } = await build({
    entryPoints: [join(OPERATOR, 'index.ts')],
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    keepNames: true,
    legalComments: 'none',
    logLevel: 'silent',
    banner: {
      js: "import { createRequire as podiumRequire } from 'node:module'; const require = podiumRequire(import.meta.url);",
    },
  })
  await writeFile(join(folder, code!), outputFiles[0]!.contents)
  await copyFile(join(OPERATOR, 'podium-client.d.ts'), join(folder, types!))
  return [code!, types!].map((name) => join(folder, name))
}
