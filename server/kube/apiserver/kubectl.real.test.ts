// The server as people meet it: through kubectl, over HTTPS.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../base/trace.ts'
import { writeKubeconfig } from '../client/kubeconfig.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const run = promisify(execFile)

describe.each(['1.36', '1.32', '1.20'])('kubectl %s', (version) => {
  let test: TestServer
  let directory: string

  const listeners = new Set<(event: TraceEvent) => void>()
  /** Resolves when kubectl has opened a watch: what happens from then on, it sees. */
  const watchOpened = (resource: string) =>
    new Promise<void>((resolve) => {
      const listener = (event: TraceEvent) => {
        if (event.type !== 'watch' || event.state !== 'open' || event.resource !== resource) return
        listeners.delete(listener)
        resolve()
      }
      listeners.add(listener)
    })

  beforeAll(async () => {
    test = await startTestServer({
      trace: {
        emit: (event) => {
          for (const listener of listeners) listener(event)
        },
      },
    })
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

  it('applies, edits, scales and describes a Deployment', async () => {
    const manifest = (image: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: ${image}, ports: [{containerPort: 80}]}]}
`
    const path = await file('web.yaml', manifest('nginx:1.26'))
    expect(await kubectl('apply', '-f', path)).toBe('deployment.apps/web created\n')
    expect(await kubectl('apply', '-f', path)).toBe('deployment.apps/web unchanged\n')
    await file('web.yaml', manifest('nginx:1.27'))
    expect(await kubectl('apply', '-f', path)).toBe('deployment.apps/web configured\n')
    expect(await kubectl('get', 'deploy', 'web', '-o', 'wide')).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb +0\/2 +0 +0 +\d+s +nginx +nginx:1.27 +app=web\n$/,
    )
    expect(await kubectl('scale', 'deploy', 'web', '--replicas=4')).toBe('deployment.apps/web scaled\n')
    expect(await kubectl('set', 'image', 'deploy/web', 'nginx=nginx:1.28')).toBe('deployment.apps/web image updated\n')
    expect(await kubectl('patch', 'deploy', 'web', '-p', '{"spec":{"paused":true}}')).toBe(
      'deployment.apps/web patched\n',
    )
    const jsonPatch = '[{"op":"replace","path":"/spec/replicas","value":3}]'
    expect(await kubectl('patch', 'deploy', 'web', '--type=json', '-p', jsonPatch)).toBe(
      'deployment.apps/web patched\n',
    )
    expect(await kubectl('annotate', 'deploy', 'web', 'why=test')).toMatch(/^deployment.apps\/web annotated\n$/)
    expect(
      await kubectl(
        'get',
        'deploy',
        'web',
        '-o',
        'jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].ports[0].containerPort}',
      ),
    ).toBe('3 nginx:1.28 80')
    expect(await kubectl('describe', 'deploy', 'web')).toMatch(
      /StrategyType: +RollingUpdate\n[\s\S]*Image: +nginx:1.28/,
    )
    expect(await kubectl('expose', 'deploy', 'web', '--port=80')).toBe('service/web exposed\n')
    expect(await kubectl('get', 'all')).toMatch(/service\/web[\s\S]*deployment.apps\/web/)
    expect(await kubectl('delete', '-f', path)).toMatch(/^deployment.apps "web" deleted/)
  })

  it('waits until something is gone', async () => {
    const path = '/api/v1/namespaces/default/configmaps'
    const held = { metadata: { name: 'held', finalizers: ['example.com/hold'] } }
    await test.transport.request({ method: 'POST', path, body: held })
    await test.transport.request({ method: 'DELETE', path: `${path}/held` })
    const opened = watchOpened('configmaps')
    const waiting = kubectl('wait', '--for=delete', 'configmap/held', '--timeout=20s')
    await opened
    const contentType = 'application/merge-patch+json'
    const body = { metadata: { finalizers: null } }
    await test.transport.request({ method: 'PATCH', path: `${path}/held`, contentType, body })
    expect(await waiting).toMatch(/^(configmap\/held condition met\n)?$/)
  })

  it('watches as a table', async () => {
    await kubectl('create', 'configmap', 'watched', '--from-literal=a=b')
    // Watching ends with the time-out; what came before it counts.
    const shown = await kubectl('get', 'configmap', 'watched', '--watch', '--request-timeout=2s')
    expect(shown).toMatch(/NAME +DATA +AGE\nwatched +1 +\d+s\n/)
  })

  it('is told what there is', async () => {
    const resources = await kubectl('api-resources')
    expect(resources).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/)
    expect(resources).toMatch(/pods +po +v1 +true +Pod/)
    expect(await kubectl('explain', 'deployment.spec.strategy.rollingUpdate')).toMatch(/maxSurge/)
    expect(await kubectl('version')).toMatch(/v1\.36/)
    expect(await kubectl('get', '--raw', '/readyz')).toBe('ok')
    expect(await kubectl('auth', 'can-i', 'create', 'pods')).toBe('yes\n')
  })

  it('refuses unknown fields before anything is made', async () => {
    const path = await file('typo.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: typo}\ndaat: {a: b}\n')
    const answer = await kubectl('create', '-f', path, version === '1.20' ? '--validate' : '--validate=strict')
    expect(answer).toMatch(/FAILED.*unknown field "(ConfigMap.)?daat"/s)
    expect(await kubectl('get', 'cm', 'typo')).toMatch(/NotFound/)
  })

  it('makes namespaces and secrets, and takes a namespace away', async () => {
    expect(await kubectl('create', 'namespace', 'shop')).toBe('namespace/shop created\n')
    expect(await kubectl('create', 'secret', 'generic', 'key', '-n', 'shop', '--from-literal=a=b')).toBe(
      'secret/key created\n',
    )
    expect(await kubectl('get', 'secret', 'key', '-n', 'shop')).toMatch(/key +Opaque +1 /)
    expect(await kubectl('delete', 'namespace', 'shop', '--wait=false')).toMatch(/namespace "shop" deleted/)
    expect(await kubectl('get', 'namespace', 'shop')).toMatch(/shop +Terminating/)
    expect(await kubectl('create', 'configmap', 'late', '-n', 'shop')).toMatch(/because it is being terminated/)
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
