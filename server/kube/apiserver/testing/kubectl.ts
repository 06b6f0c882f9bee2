// A stock kubectl of one version against a server of its own.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { writeKubeconfig } from '../../client/kubeconfig.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const execute = promisify(execFile)

export interface Kubectl extends AsyncDisposable {
  test: TestServer
  /** What it prints, both streams; begins with FAILED when it did. */
  run(args: readonly string[], env?: Record<string, string>): Promise<string>
  /** Writes a file and returns its path. */
  file(name: string, content: string): Promise<string>
}

export async function startKubectl(version: string): Promise<Kubectl> {
  const test = await startTestServer()
  const directory = await mkdtemp(join(tmpdir(), 'podium-kubectl-'))
  // Under the name that people call it by: it becomes the manager of what it scales.
  await symlink(resolve(`.cache/bin/kubectl-${version}`), join(directory, 'kubectl'))
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('kubernetes-admin', ['system:masters'])
  const server = `https://127.0.0.1:${port}`
  const conf = writeKubeconfig({ server, caPem: test.pki.caPem, ...admin }, { cluster: 'test' })
  await writeFile(join(directory, 'conf'), conf)
  return {
    test,
    async run(args, env = {}) {
      const { stdout, stderr } = await execute(join(directory, 'kubectl'), [...args], {
        env: { ...process.env, KUBECONFIG: join(directory, 'conf'), HOME: directory, ...env },
      }).catch((err: { stdout: string; stderr: string }) => ({ stdout: err.stdout, stderr: `FAILED ${err.stderr}` }))
      return stdout + stderr
    },
    async file(name, content) {
      await writeFile(join(directory, name), content)
      return join(directory, name)
    },
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
