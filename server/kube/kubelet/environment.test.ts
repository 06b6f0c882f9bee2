import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod } from 'kubernetes-types/core/v1'
import { afterAll, expect, it } from 'vitest'
import type { Container, PodSpec } from '../kinds/pod-template/newer-fields.ts'
import { readInside } from '../node-os/sub-path.ts'
import type { ApiObjects } from './api-objects.ts'
import { environmentOf } from './environment.ts'
import { expand } from './expansion.ts'

const objects: ApiObjects = {
  configMap: async (_namespace, name) => (name === 'cm' ? { data: { A: 'from-map', B: 'b' } } : undefined),
  secret: async (_namespace, name) =>
    name === 's' ? { data: { P: Buffer.from('pass').toString('base64') } } : undefined,
  services: async (namespace) =>
    namespace === 'default'
      ? [{ metadata: { name: 'kubernetes' }, spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] } }]
      : [
          { metadata: { name: 'my-db' }, spec: { clusterIP: '10.96.0.7', ports: [{ port: 5432 }] } },
          { metadata: { name: 'six' }, spec: { clusterIP: 'fd00::7', ports: [{ port: 80 }] } },
        ],
  claim: async () => undefined,
  persistentVolume: async () => undefined,
  runtimeClass: async () => ({ handler: '' }),
  csiDriver: async () => undefined,
  volumeAttachment: async () => undefined,
  resourceClaim: async () => undefined,
  tellClaim: async (claim) => claim,
  node: async () => ({}),
  token: async () => ({ token: '', expiresAt: 0 }),
  serviceAccount: async () => ({}),
}
const directory = await mkdtemp(join(tmpdir(), 'podium-environment-'))
const volumes = new Map([['config', { path: directory, isReadOnly: false }]])
afterAll(() => rm(directory, { recursive: true, force: true }))

const node = { memoryBytes: 2 ** 33, allocatable: { cpu: '3500m', memory: '7Gi', 'ephemeral-storage': '90Gi' } }
const variables = async (container: Partial<Container>, spec: Partial<PodSpec> = {}) => {
  const whole = { name: 'app', ...container }
  const pod: Pod = {
    metadata: { name: 'web', namespace: 'shop', uid: 'u', labels: { 'a/b': 'x' } },
    spec: { containers: [whole], nodeName: 'n', ...spec },
  }
  const addresses = { podIPs: ['10.244.0.2'], hostIPs: ['192.0.2.1', 'fd00::1'] }
  return Object.fromEntries(
    await environmentOf({ pod, container: whole, addresses, node, objects, volumes, os: { readInside } }),
  )
}

it('expands what was defined before, keeps the unknown, and unescapes dollars', () => {
  const known = new Map([['A', '1']])
  expect(expand('$(A) $(B) $$(A) $$$(A) $A', known)).toBe('1 $(B) $(A) $1 $A')
})

it('lets env win over envFrom, and prefixes what comes from there', async () => {
  const result = await variables({
    envFrom: [{ configMapRef: { name: 'cm' } }, { prefix: 'S_', secretRef: { name: 's' } }],
    env: [
      { name: 'A', value: 'own' },
      { name: 'URL', value: '$(A)-$(S_P)-$(NOBODY)' },
    ],
  })
  expect(result).toMatchObject({ A: 'own', B: 'b', S_P: 'pass', URL: 'own-pass-$(NOBODY)' })
})

it('tells a container about its pod and its resources', async () => {
  const result = await variables(
    {
      resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m' } },
      env: [
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'HOSTS', valueFrom: { fieldRef: { fieldPath: 'status.hostIPs' } } },
        { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } },
        { name: 'MEM', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
        { name: 'CPULIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        {
          name: 'INIT',
          valueFrom: { resourceFieldRef: { containerName: 'i', resource: 'limits.cpu', divisor: '1m' } },
        },
      ],
    },
    { initContainers: [{ name: 'i', resources: { limits: { cpu: '20m' } } }] },
  )
  expect(result).toMatchObject({
    IP: '10.244.0.2',
    HOSTS: '192.0.2.1,fd00::1',
    LABEL: 'x',
    MEM: '64',
    CPU: '250',
    CPULIMIT: '4',
    INIT: '20',
  })
})

it('takes for a limit that is not set the pod’s, or what the node has for pods', async () => {
  const limit = (resource: string) => ({
    name: resource,
    valueFrom: { resourceFieldRef: { resource: `limits.${resource}`, divisor: resource === 'cpu' ? '1m' : '1Gi' } },
  })
  const container = {
    env: ['cpu', 'memory', 'ephemeral-storage'].map(limit),
    resources: { limits: { memory: '0' } },
  }
  expect(await variables(container)).toMatchObject({ cpu: '3500', memory: '7', 'ephemeral-storage': '90' })
  const spec = { resources: { limits: { cpu: '1', memory: '2Gi' } } }
  expect(await variables(container, spec)).toMatchObject({ cpu: '1000', memory: '2', 'ephemeral-storage': '90' })
})

it('names services in the environment, and only the API server without links', async () => {
  expect(await variables({})).toMatchObject({
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    MY_DB_SERVICE_HOST: '10.96.0.7',
    MY_DB_PORT_5432_TCP_ADDR: '10.96.0.7',
    SIX_SERVICE_HOST: 'fd00::7',
    SIX_PORT: 'tcp://[fd00::7]:80',
  })
  const alone = await variables({}, { enableServiceLinks: false })
  expect(alone.KUBERNETES_SERVICE_HOST).toBe('10.96.0.1')
  expect(alone.MY_DB_SERVICE_HOST).toBeUndefined()
})

it.each([
  { name: 'ConfigMap', env: { configMapRef: { name: 'nope' } }, message: 'configmap "nope" not found' },
  { name: 'Secret', env: { secretRef: { name: 'nope' } }, message: 'secret "nope" not found' },
])('refuses a missing $name unless it is optional', async ({ env, message }) => {
  await expect(variables({ envFrom: [env] })).rejects.toThrow(message)
  const [key, ref] = Object.entries(env)[0]!
  await expect(variables({ envFrom: [{ [key]: { ...ref, optional: true } }] })).resolves.toBeDefined()
})

it('refuses a missing key', async () => {
  const env = [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'cm', key: 'Z' } } }]
  await expect(variables({ env })).rejects.toThrow("couldn't find key Z in ConfigMap shop/cm")
})

const fromFile = (key: string, more: object = {}) => ({
  env: [{ name: 'X', valueFrom: { fileKeyRef: { volumeName: 'config', path: 'config.env', key, ...more } } }],
})

it('reads what the pod has written down for itself', async () => {
  await writeFile(join(directory, 'config.env'), "A='one two'\nEMPTY=''\n")
  expect((await variables(fromFile('A'))).X).toBe('one two')
  const message = (key: string) => `environment variable key "${key}" not found in file "${directory}/config.env"`
  await expect(variables(fromFile('B'))).rejects.toThrow(message('B'))
  // As upstream: what is empty is not there.
  await expect(variables(fromFile('EMPTY'))).rejects.toThrow(message('EMPTY'))
  expect(await variables(fromFile('B', { optional: true }))).not.toHaveProperty('X')
})

it('says only that a file cannot be read, also where its variable is optional', async () => {
  await writeFile(join(directory, 'bad.env'), 'secret\n')
  for (const path of ['bad.env', 'none.env']) {
    const asked = variables(fromFile('A', { path, optional: true }))
    await expect(asked).rejects.toMatchObject({ name: 'ConfigError', message: "couldn't parse env file" })
  }
  const elsewhere = variables(fromFile('A', { volumeName: 'other' }))
  await expect(elsewhere).rejects.toThrow('cannot find the volume "other" referenced by FileKeyRef')
})
