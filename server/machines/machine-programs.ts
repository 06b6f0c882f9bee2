// The programs that lie on every machine, each in one file: kubelet and kube-proxy with their supervisor, and the
// controllers that pods with nginx and HAProxy run (images/terminal/ingress-nginx.yaml, haproxy.yaml).
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { writeDurably } from '../base/durable-files.ts'
import { bundlePrograms } from './bundle-program.ts'

/**
 * What dockerode brings for engines elsewhere (SSH) and for building images (BuildKit, tar): a machine speaks to its own
 * engine and builds nothing. And what kinds need to say whether an object is good, which only the API server asks: requests
 * for certificates, expressions of CEL. These would be a third of the agent's memory, on every machine of every learner.
 */
const NEVER_USED = [
  ...['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs', 'tar-fs', '@balena/dockerignore'],
  ...['@peculiar/x509', 'reflect-metadata', 're2js', '@marcbachmann/cel-js', '@marcbachmann/cel-js/evaluator'],
]

export const buildPrograms = (): Promise<string[]> =>
  bundlePrograms([
    { name: 'node-agent', entry: 'node-agent.ts', neverUsed: NEVER_USED },
    { name: 'ingress-controller', entry: 'ingress/main.ts' },
    { name: 'haproxy-controller', entry: 'haproxy/main.ts' },
  ])

/** Puts them where machines mount them from: a directory per content, so what a machine runs never changes under it. */
export async function publishPrograms(files: readonly string[], stateDir: string): Promise<string> {
  const programs = await Promise.all(
    files.map(async (file) => ({ name: basename(file), content: await readFile(file) })),
  )
  const hash = createHash('sha256')
  for (const { content } of programs) hash.update(content)
  const directory = join(stateDir, 'node-agent', hash.digest('hex').slice(0, 12))
  await mkdir(directory, { recursive: true, mode: 0o755 })
  for (const { name, content } of programs) {
    const there = statSync(join(directory, name), { throwIfNoEntry: false })
    if (there?.size !== content.length) await writeDurably(directory, [{ name, content, mode: 0o644 }])
  }
  return directory
}
