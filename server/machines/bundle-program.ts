// Bundles a program of server/kube into the one file that runs elsewhere: on a machine, in an image.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'
import { writeDurably } from '../base/durable-files.ts'

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
/** Whatever a bundle can be made of: none imports anything above server/kube. */
const SOURCES = [
  join(REPOSITORY, 'server', 'kube'),
  join(REPOSITORY, 'server', 'base'),
  join(REPOSITORY, 'package-lock.json'),
  fileURLToPath(import.meta.url),
]

export interface Program {
  /** Of the bundle: `node-agent`. */
  name: string
  /** Below server/kube. */
  entry: string
  /** Packages that it never calls: they are an empty object in the bundle. */
  neverUsed?: readonly string[]
}

/** Writes each to .cache/<name>/<name>.mjs, unless its sources are those it was last written from; returns their paths. */
export async function bundlePrograms(programs: readonly Program[]): Promise<string[]> {
  const sources = await fingerprintOf(SOURCES)
  const paths: string[] = []
  for (const program of programs) paths.push(await bundle(program, sources))
  return paths
}

async function bundle({ name, entry, neverUsed = [] }: Program, sources: string): Promise<string> {
  const source = join(REPOSITORY, 'server', 'kube', entry)
  if (!existsSync(source)) throw new Error(`there is no ${name} to build: ${source}`)
  const output = join(REPOSITORY, '.cache', name, `${name}.mjs`)
  const stamp = `${output}.sources`
  const madeFrom = [sources, ...neverUsed].join('\n')
  if (existsSync(output) && (await readFile(stamp, 'utf8').catch(() => '')) === madeFrom) return output
  const { build } = await import('esbuild') // a second of processor time, spared at most starts
  const result = await build({
    entryPoints: [source],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    plugins: neverUsed.length > 0 ? [leaveOut(neverUsed)] : [],
    keepNames: true,
    legalComments: 'none',
    logLevel: 'silent',
    // CommonJS packages inside an ES module still call require() for Node's own modules.
    banner: {
      js: "import { createRequire as podiumRequire } from 'node:module'; const require = podiumRequire(import.meta.url); const __filename = import.meta.filename; const __dirname = import.meta.dirname;",
    },
  })
  const contents = asAscii(result.outputFiles[0]?.text ?? '')
  if (contents === '') throw new Error(`esbuild wrote no ${name}`)
  await mkdir(dirname(output), { recursive: true })
  const mode = 0o644
  await writeDurably(dirname(output), [
    { name: basename(output), content: contents, mode },
    { name: basename(stamp), content: madeFrom, mode },
  ])
  return output
}

/**
 * V8 keeps a program's text, with two bytes for each character where one of them is no ASCII. esbuild leaves such only in
 * comments and in regular expressions, where an escape means the same.
 */
const asAscii = (text: string) =>
  text.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

function leaveOut(packages: readonly string[]): Plugin {
  return {
    name: 'leave-out',
    setup({ onResolve, onLoad }) {
      const filter = new RegExp(`^(${packages.join('|')})$`)
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }))
      onLoad({ filter: /./, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }))
    },
  }
}

/** Names, sizes and times of every source file: enough to see a change, and read in milliseconds. */
async function fingerprintOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) {
    const isFile = (await stat(path)).isFile()
    const files = isFile ? [path] : (await readdir(path, { recursive: true })).map((name) => join(path, name)).sort()
    const sources = files.filter((file) => isFile || (/\.(ts|json)$/.test(file) && !file.endsWith('.test.ts')))
    const found = await Promise.all(sources.map(async (file) => ({ file, state: await stat(file) })))
    for (const { file, state } of found) hash.update(`${file}\0${state.size}\0${state.mtimeMs}\n`)
  }
  return hash.digest('hex')
}
