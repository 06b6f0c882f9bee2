// Our OpenAPI documents as kubectl of three ages reads them. A tiny server gives discovery and the documents, nothing else.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchKubectl } from '../../../../bin/fetch-kubectl.mjs'
import { loadSchemas } from '../load-schemas.ts'
import { openApi } from './openapi.ts'
import type { ServedKind } from './served-kind.ts'

const run = promisify(execFile)
const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection', 'watch']
const kinds: ServedKind[] = [
  {
    group: '',
    version: 'v1',
    kind: 'Pod',
    plural: 'pods',
    namespaced: true,
    verbs,
    subresources: ['log', 'exec', 'status', 'eviction', 'binding'],
  },
  {
    group: '',
    version: 'v1',
    kind: 'Namespace',
    plural: 'namespaces',
    namespaced: false,
    verbs,
    subresources: ['status', 'finalize'],
  },
  { group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true, verbs, subresources: ['status'] },
  {
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    plural: 'deployments',
    namespaced: true,
    verbs,
    subresources: ['status', 'scale'],
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
    verbs,
    subresources: ['status'],
  },
  {
    group: 'stable.example.com',
    version: 'v1',
    kind: 'CronTab',
    plural: 'crontabs',
    namespaced: true,
    verbs,
    subresources: [],
    schema: {
      description: 'A table of jobs.',
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          required: ['image'],
          properties: { image: { type: 'string' }, port: { 'x-kubernetes-int-or-string': true } },
        },
      },
    },
  },
]

let server: Server
let scratch = ''
let url = ''
let requests: string[] = []
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'podium-openapi-'))
  const schemas = loadSchemas({ cacheDir: scratch })
  const documents = openApi({
    schemas,
    kinds,
    version: 'v1.36.0',
  })
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost')
    requests.push(pathname)
    const document =
      pathname === '/openapi/v3'
        ? documents.v3Index()
        : pathname.startsWith('/openapi/v3/')
          ? documents.v3(pathname.slice('/openapi/v3/'.length))
          : pathname === '/openapi/v2'
            ? documents.v2(request.headers.accept)
            : undefined
    if (document)
      return void response
        .writeHead(200, { 'content-type': document.contentType, etag: document.etag })
        .end(document.body)
    const answer = discovery(pathname)
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}, 120_000)
afterAll(() => {
  server.close()
  rmSync(scratch, { recursive: true, force: true })
})

function discovery(path: string): object | undefined {
  const groupVersions = [
    ...new Set(kinds.filter(({ group }) => group).map(({ group, version }) => `${group}/${version}`)),
  ]
  if (path === '/version') return { major: '1', minor: '36', gitVersion: 'v1.36.0' }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] }
  if (path === '/apis') {
    const groups = groupVersions.map((groupVersion) => {
      const [name, version] = groupVersion.split('/')
      return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } }
    })
    return { kind: 'APIGroupList', apiVersion: 'v1', groups }
  }
  const groupVersion = path === '/api/v1' ? 'v1' : path.replace('/apis/', '')
  if (path !== '/api/v1' && !groupVersions.includes(groupVersion)) return undefined
  const resources = kinds
    .filter(({ group, version }) => (group ? `${group}/${version}` : version) === groupVersion)
    .map(({ plural, kind, namespaced }) => ({ name: plural, singularName: '', namespaced, kind, verbs }))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
}

async function kubectl(version: '1.36' | '1.32' | '1.20', ...args: string[]) {
  const binary = await fetchKubectl({ version })
  const home = join(scratch, `home-${version}`)
  requests = []
  const { stdout, stderr } = await run(binary, ['--server', url, '--cache-dir', home, ...args], {
    env: { ...process.env, HOME: home, KUBECONFIG: '/dev/null' },
  }).catch((err: { stdout: string; stderr: string }) => err)
  return { stdout, stderr }
}

const manifest = (content: object) => {
  const file = join(scratch, 'manifest.json')
  writeFileSync(file, JSON.stringify(content))
  return file
}

describe.each(['1.36', '1.32', '1.20'] as const)('kubectl %s', (version) => {
  it('explains a field with its text, type and fields', async () => {
    const { stdout, stderr } = await kubectl(version, 'explain', 'deployment.spec.strategy')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/KIND: +Deployment/)
    expect(stdout).toContain('rollingUpdate')
    expect(stdout).toMatch(/Can be "Recreate" or "RollingUpdate"/)
    expect(stdout).toContain('DeploymentStrategy describes how to replace existing pods with new ones.')
  })

  it('has a text for fields that only have a type', async () => {
    const { stdout } = await kubectl(version, 'explain', 'deployment.spec')
    expect(stdout).not.toContain('<no description>')
    expect(stdout).toMatch(/template\s+<\w+> -required-\s+PodTemplateSpec describes/)
  })

  it('explains a kind all the way down', async () => {
    const { stdout, stderr } = await kubectl(version, 'explain', 'pod', '--recursive')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/containerPort\s+<integer>/)
    expect(stdout).toMatch(/limits\s+<map\[string\]/)
  })

  it('explains a custom resource', async () => {
    const { stdout, stderr } = await kubectl(version, 'explain', 'crontab.spec')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/image\s+<string>/)
  })

  it('says when there is no such field', async () => {
    const { stderr } = await kubectl(version, 'explain', 'pod.spec.nothing')
    expect(stderr).toContain('field "nothing" does not exist')
  })
})

describe('kubectl 1.20, which validates by itself', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', creationTimestamp: null },
    spec: {
      containers: [
        {
          name: 'a',
          image: 'x',
          resources: { limits: { cpu: 1, memory: '64Mi' } },
          livenessProbe: { httpGet: { port: 80 } },
          ports: [{ containerPort: 80 }],
        },
        { name: 'b', image: 'x', readinessProbe: { httpGet: { port: 'web' } } },
      ],
    },
  }
  const create = (object: object) => kubectl('1.20', 'create', '--dry-run=client', '-o', 'name', '-f', manifest(object))

  it('takes a good pod, numbers for quantities and ports included', async () => {
    expect(await create(pod)).toEqual({ stdout: 'pod/a\n', stderr: '' })
    expect(requests).toContain('/openapi/v2')
  })

  it('refuses an unknown field and a wrong type', async () => {
    const { stderr: unknown } = await create({ ...pod, spec: { ...pod.spec, nodeNme: 'x' } })
    expect(unknown).toContain('unknown field "nodeNme" in io.k8s.api.core.v1.PodSpec')
    const { stderr: wrong } = await create({ ...pod, spec: { containers: 'none' } })
    expect(wrong).toContain('invalid type for io.k8s.api.core.v1.PodSpec.containers: got "string", expected "array"')
  })

  it('takes any default in the schema of a CustomResourceDefinition', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { kind: 'Thing', plural: 'things' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  n: { type: 'integer', default: 5 },
                  o: { type: 'object', default: { a: 1 }, additionalProperties: { type: 'string' } },
                  l: { type: 'array', items: { type: 'string' } },
                },
              },
            },
          },
        ],
      },
    }
    expect((await create(crd)).stderr).toBe('')
  })

  it('knows a custom resource from its definition', async () => {
    const crontab = {
      apiVersion: 'stable.example.com/v1',
      kind: 'CronTab',
      metadata: { name: 'c' },
      spec: { image: 'x', port: 80 },
    }
    expect((await create(crontab)).stderr).toBe('')
    const { stderr } = await create({ ...crontab, spec: { imagee: 'x' } })
    expect(stderr).toContain('unknown field "imagee"')
  })
})
