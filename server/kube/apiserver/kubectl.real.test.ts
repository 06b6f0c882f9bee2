// The server as people meet it: through kubectl, over HTTPS.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeKubeconfig } from '../client/kubeconfig.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const run = promisify(execFile)

describe.each(['1.36', '1.32', '1.20'])('kubectl %s', (version) => {
  let test: TestServer
  let directory: string

  beforeAll(async () => {
    test = await startTestServer()
    directory = await mkdtemp(join(tmpdir(), 'podium-kubectl-'))
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const admin = await test.pki.issue('kubernetes-admin', ['system:masters'])
    const server = `https://127.0.0.1:${port}`
    await writeFile(
      join(directory, 'conf'),
      writeKubeconfig({ server, caPem: test.pki.caPem, ...admin }, { cluster: 'test' }),
    )
  })

  afterAll(async () => {
    await test[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  async function kubectl(...args: string[]): Promise<string> {
    const { stdout, stderr } = await run(`.cache/bin/kubectl-${version}`, args, {
      env: { ...process.env, KUBECONFIG: join(directory, 'conf'), HOME: directory },
    }).catch((err: { stdout: string; stderr: string }) => ({ stdout: err.stdout, stderr: `FAILED ${err.stderr}` }))
    return stdout + stderr
  }

  async function file(name: string, content: string): Promise<string> {
    await writeFile(join(directory, name), content)
    return join(directory, name)
  }

  it('creates, shows and deletes a ConfigMap', async () => {
    expect(await kubectl('create', 'configmap', 'colours', '--from-literal=sky=blue')).toBe(
      'configmap/colours created\n',
    )
    expect(await kubectl('get', 'cm', 'colours')).toMatch(/^NAME +DATA +AGE\ncolours +1 +\d+s\n$/)
    expect(await kubectl('get', 'cm', 'colours', '-o', 'jsonpath={.data.sky}')).toBe('blue')
    expect(await kubectl('label', 'cm', 'colours', 'tone=cold')).toMatch(/^configmap\/colours labeled\n$/)
    expect(await kubectl('get', 'cm', '-l', 'tone=cold', '-o', 'name')).toBe('configmap/colours\n')
    expect(await kubectl('delete', 'cm', 'colours')).toMatch(/configmap "colours" deleted/)
    expect(await kubectl('get', 'cm', 'colours')).toMatch(
      /Error from server \(NotFound\): configmaps "colours" not found/,
    )
  })

  it('says what is wrong with a name', async () => {
    expect(await kubectl('create', 'configmap', 'Bad_Name')).toMatch(
      /a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters/,
    )
  })

  it('applies a pod twice and sees no change the second time', async () => {
    const path = await file(
      'pod.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {automountServiceAccountToken: false, containers: [{name: web, image: nginx}]}\n',
    )
    await test.client.transport
      .request({
        method: 'POST',
        path: '/api/v1/namespaces/default/serviceaccounts',
        body: { metadata: { name: 'default' } },
      })
      .catch(() => undefined)
    expect(await kubectl('apply', '-f', path)).toBe('pod/web created\n')
    expect(await kubectl('apply', '-f', path)).toBe('pod/web unchanged\n')
    expect(await kubectl('get', 'pods')).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\nweb +0\/1 +Pending +0 +\d+s\n$/)
    expect(await kubectl('get', 'namespaces')).toMatch(/kube-system +Active/)
    expect(await kubectl('delete', 'pod', 'web')).toMatch(/pod "web" deleted/)
  })
})
