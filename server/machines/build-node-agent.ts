// Bundles kubelet, kube-proxy and their supervisor into the one file that runs on every machine.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const ENTRY = join(REPOSITORY, 'server', 'kube', 'node-agent.ts')
/** Whatever the bundle can be made of: it imports nothing above server/kube. */
const SOURCES = [
  join(REPOSITORY, 'server', 'kube'),
  join(REPOSITORY, 'server', 'base'),
  join(REPOSITORY, 'package-lock.json'),
  fileURLToPath(import.meta.url),
]
const OUTPUT = join(REPOSITORY, '.cache', 'node-agent', 'node-agent.mjs')
/**
 * What dockerode brings for engines elsewhere (SSH) and for building images (BuildKit, tar). A machine speaks to its own
 * engine and builds nothing, and these would be a fifth of the agent's memory, on every machine of every learner.
 */
const NEVER_USED = ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs', 'tar-fs', '@balena/dockerignore']

/** Writes .cache/node-agent/node-agent.mjs, unless its sources are those it was last written from; returns its path. */
export async function buildNodeAgent(): Promise<string> {
  if (!existsSync(ENTRY)) throw new Error(`there is no node agent to build: ${ENTRY}`)
  const sources = await fingerprintOf(SOURCES)
  const stamp = `${OUTPUT}.sources`
  if (existsSync(OUTPUT) && (await readFile(stamp, 'utf8').catch(() => '')) === sources) return OUTPUT
  const { build } = await import('esbuild') // a second of processor time, spared at most starts
  const result = await build({
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    plugins: [leaveOut(NEVER_USED)],
    keepNames: true,
    legalComments: 'none',
    logLevel: 'silent',
    // CommonJS packages inside an ES module still call require() for Node's own modules.
    banner: {
      js: "import { createRequire as podiumRequire } from 'node:module'; const require = podiumRequire(import.meta.url); const __filename = import.meta.filename; const __dirname = import.meta.dirname;",
    },
  })
  const contents = result.outputFiles[0]?.contents
  if (!contents) throw new Error('esbuild wrote no node agent')
  await mkdir(dirname(OUTPUT), { recursive: true })
  const partial = `${OUTPUT}.${process.pid}.partial`
  await writeFile(partial, contents)
  await rename(partial, OUTPUT)
  await writeFile(stamp, sources)
  return OUTPUT
}

/** Packages that are an empty object in the bundle. */
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

/** Puts the agent where machines mount it from: a directory per content, so a running machine's agent never changes under it. */
export async function publishNodeAgent(file: string, stateDir: string): Promise<string> {
  const content = await readFile(file)
  const directory = join(stateDir, 'node-agent', createHash('sha256').update(content).digest('hex').slice(0, 12))
  const target = join(directory, 'node-agent.mjs')
  if (!existsSync(target)) {
    await mkdir(directory, { recursive: true, mode: 0o755 })
    const partial = `${target}.${process.pid}.partial`
    await writeFile(partial, content, { mode: 0o644 })
    await rename(partial, target)
  }
  return directory
}
