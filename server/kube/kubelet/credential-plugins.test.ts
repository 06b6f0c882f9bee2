// Plug-ins as they are: programs of the machine, here shell scripts.

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { createLinuxNodeOs } from '../node-os/linux-node-os.ts'
import type { ApiObjects, TokenRequest } from './api-objects.ts'
import { type CredentialPlugin, readCredentialPlugins } from './credential-plugin-config.ts'
import { CredentialPlugins } from './credential-plugins.ts'

const os = createLinuxNodeOs()
const apiVersion = 'credentialprovider.kubelet.k8s.io/v1'
const ALWAYS = {
  matchImages: ['*.farm.example', 'registry.example:5000/class'],
  defaultCacheDuration: '10m',
  apiVersion,
}
let folder: string
let clock: FakeClock

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-plugins-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  clock = new FakeClock()
  await rm(join(folder, 'asked'), { force: true })
})

/** Notes what it was asked, with what it was started. */
async function program(name: string, answer: object | string): Promise<CredentialPlugin> {
  const text =
    typeof answer === 'string' ? answer : JSON.stringify({ kind: 'CredentialProviderResponse', apiVersion, ...answer })
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\necho "$1 $ZONE $(cat)" >> ${folder}/asked\ncat <<'END'\n${text}\nEND\n`)
  await chmod(path, 0o755)
  return { ...ALWAYS, name, args: ['get'], env: [{ name: 'ZONE', value: 'one' }] }
}
const asked = async () => (await readFile(join(folder, 'asked'), 'utf8').catch(() => '')).split('\n').filter(Boolean)
const plugins = (...all: CredentialPlugin[]) =>
  new CredentialPlugins({ folder, plugins: all }, { os, clock, logger: noLogger })
const podOf = (name: string, serviceAccountName?: string): Pod => ({
  metadata: { namespace: 'shop', name, uid: `${name}-uid` },
  spec: { containers: [], ...(serviceAccountName && { serviceAccountName }) },
})
/** An account for each name, in two teams; a token says for what it was asked. */
const objects = {
  serviceAccount: async (_namespace: string, name: string) => ({
    metadata: { uid: `${name}-uid`, annotations: name === 'plain' ? {} : { 'example.com/team': 'red' } },
  }),
  token: async ({ serviceAccount, audience, pod }: TokenRequest) => ({
    token: `${serviceAccount} to ${audience} by ${pod.name}`,
    expiresAt: 0,
  }),
} as unknown as ApiObjects
const authsFor = (of: CredentialPlugins, image: string, pod = podOf('web')) => of.authsFor(image, pod, objects)
const namesFor = async (of: CredentialPlugins, image: string) =>
  (await authsFor(of, image)).map(({ username }) => username)
const auth = (...users: [place: string, username: string][]) =>
  Object.fromEntries(users.map(([place, username]) => [place, { username, password: 'p' }]))

it('asks those whose registry it is, and takes what fits best first', async () => {
  const told = auth(['*.farm.example', 'all'], ['a.farm.example/class', 'class'], ['b.farm.example', 'other'])
  const of = plugins(await program('farm', { cacheKeyType: 'Image', auth: told }))
  expect(await namesFor(of, 'a.farm.example/class/shop:1.0')).toEqual(['class', 'all'])
  expect(await asked()).toEqual([
    `get one {"kind":"CredentialProviderRequest","apiVersion":"${apiVersion}","image":"a.farm.example/class/shop"}`,
  ])
  expect(await namesFor(of, 'nginx')).toEqual([])
  expect(await namesFor(of, 'registry.example:5000/other/shop')).toEqual([])
  expect(await asked()).toHaveLength(1)
})

it.each([
  ['Image', 3],
  ['Registry', 2],
  ['Global', 1],
])('remembers an answer for %s', async (cacheKeyType, times) => {
  const of = plugins(await program('farm', { cacheKeyType, auth: auth(['*.farm.example', 'me']) }))
  for (const image of ['a.farm.example/x:1', 'a.farm.example/x:2', 'a.farm.example/y', 'b.farm.example/x']) {
    expect(await namesFor(of, image)).toEqual(['me'])
  }
  expect(await asked()).toHaveLength(times)
})

it('remembers it for as long as the plug-in says, or else its configuration', async () => {
  const farm = await program('farm', { cacheKeyType: 'Global', auth: {} })
  const short = await program('short', { cacheKeyType: 'Global', cacheDuration: '1m', auth: {} })
  const never = await program('never', { cacheKeyType: 'Global', cacheDuration: '0s', auth: {} })
  const of = plugins(farm, short, never)
  const times = async () => {
    await authsFor(of, 'a.farm.example/x')
    return (await asked()).length
  }
  expect([await times(), await times()]).toEqual([3, 4])
  await clock.advance(61_000)
  expect(await times()).toBe(6)
  await clock.advance(600_000)
  expect(await times()).toBe(9)
})

describe('with tokens of service accounts', () => {
  const attributes = {
    serviceAccountTokenAudience: 'farm',
    cacheType: 'ServiceAccount' as const,
    requireServiceAccount: true,
    requiredServiceAccountAnnotationKeys: ['example.com/team'],
    optionalServiceAccountAnnotationKeys: ['example.com/shift'],
  }
  const IMAGE = 'a.farm.example/x'
  const withTokens = async (told: Partial<typeof attributes> | { cacheType: 'Token' } = {}) => ({
    ...(await program('farm', { cacheKeyType: 'Global', auth: auth(['*.farm.example', 'me']) })),
    tokenAttributes: { ...attributes, ...told },
  })

  it('tells a plug-in whose pod it is, by a token for it and the annotations that it wants', async () => {
    const of = plugins(await withTokens())
    expect(await authsFor(of, IMAGE, podOf('web', 'robot'))).toHaveLength(1)
    const [question = ''] = await asked()
    expect(JSON.parse(question.replace('get one ', ''))).toEqual({
      kind: 'CredentialProviderRequest',
      apiVersion,
      image: IMAGE,
      serviceAccountToken: 'robot to farm by web',
      serviceAccountAnnotations: { 'example.com/team': 'red' },
    })
  })

  it('does not ask for accounts without an annotation that is required, nor for pods without an account', async () => {
    const of = plugins(await withTokens())
    expect(await authsFor(of, IMAGE, podOf('web', 'plain'))).toEqual([])
    expect(await authsFor(of, IMAGE, podOf('web'))).toEqual([])
    expect(await asked()).toEqual([])
    const all = plugins(await withTokens({ requireServiceAccount: false, requiredServiceAccountAnnotationKeys: [] }))
    expect(await authsFor(all, IMAGE, podOf('web'))).toHaveLength(1)
    expect((await asked())[0]).not.toContain('serviceAccountToken')
  })

  it.each([
    ['ServiceAccount', 2],
    ['Token', 3],
  ] as const)('keeps answers apart by %s', async (cacheType, times) => {
    const of = plugins(await withTokens({ cacheType: cacheType as 'Token' }))
    for (const pod of [podOf('web', 'robot'), podOf('web', 'robot'), podOf('next', 'robot'), podOf('web', 'other')]) {
      await authsFor(of, IMAGE, pod)
    }
    expect(await asked()).toHaveLength(times)
  })
})

it('goes on with the others where one fails', async () => {
  const good = await program('good', { cacheKeyType: 'Global', auth: auth(['*.farm.example', 'me']) })
  const of = plugins(
    { ...good, name: 'missing' },
    await program('silent', 'no JSON'),
    await program('old', { apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1', cacheKeyType: 'Global' }),
    await program('vague', { auth: auth(['*.farm.example', 'nobody']) }),
    good,
  )
  expect(await namesFor(of, 'a.farm.example/x')).toEqual(['me'])
})

it('finds its configuration by the kubelet’s flags, and says what is wrong with it', async () => {
  const config = join(folder, 'config.yaml')
  const read = async (flags: string | undefined, text: object = {}) => {
    await writeFile(config, JSON.stringify({ kind: 'CredentialProviderConfig', ...text }))
    const readFlags = async (path: string) =>
      path === '/var/lib/kubelet/kubeadm-flags.env' ? flags : os.readFile(path)
    return readCredentialPlugins({ ...os, readFile: readFlags })
  }
  const [file, bin] = [`--image-credential-provider-config=${config}`, `--image-credential-provider-bin-dir=${folder}`]
  const both = `KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.1 ${file} ${bin}"\n`
  expect(await read(undefined)).toBeUndefined()
  expect(await read(both, { providers: [{ name: 'farm', ...ALWAYS }] })).toEqual({
    folder,
    plugins: [{ name: 'farm', ...ALWAYS }],
  })
  await expect(read(`"${file}"`)).rejects.toThrow('must be set in order to use image credential providers')
  await expect(read(both, { kind: 'Pod' })).rejects.toThrow('failed to decode "Pod" (wrong Kind)')
  await expect(read(both)).rejects.toThrow('providers: Required value: at least 1 item in plugins is required')
  const broken = [{ ...ALWAYS, name: 'a/b', apiVersion: 'v1', matchImages: [], defaultCacheDuration: undefined }]
  await expect(read(both, { providers: broken })).rejects.toThrow(
    `failed to validate credential provider config: [providers.name: Invalid value: "a/b": provider name cannot contain '/', providers.apiVersion: Unsupported value: "v1": supported values: "credentialprovider.kubelet.k8s.io/v1", "credentialprovider.kubelet.k8s.io/v1alpha1", "credentialprovider.kubelet.k8s.io/v1beta1", providers.matchImages: Required value: at least 1 item in matchImages is required, providers.defaultCacheDuration: Required value]`,
  )
  const told = { cacheType: 'None', requireServiceAccount: false, requiredServiceAccountAnnotationKeys: ['a b', 'c'] }
  const tokenAttributes = { ...told, optionalServiceAccountAnnotationKeys: ['c'] }
  const old = { ...ALWAYS, name: 'old', apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1', tokenAttributes }
  const why = await read(both, { providers: [old] }).catch((err: Error) => err.message)
  for (const problem of [
    'providers.tokenAttributes.serviceAccountTokenAudience: Required value',
    'providers.tokenAttributes: Forbidden: tokenAttributes is only supported for credentialprovider.kubelet.k8s.io/v1 API version',
    'requireServiceAccount cannot be false when requiredServiceAccountAnnotationKeys is set',
    'providers.tokenAttributes.requiredServiceAccountAnnotationKeys: Invalid value: "a b": name part must consist of',
    'providers.tokenAttributes: Invalid value: ["c"]: annotation keys cannot be both required and optional',
    'providers.tokenAttributes.cacheType: Unsupported value: "None": supported values: "ServiceAccount", "Token"',
  ]) {
    expect(why).toContain(problem)
  }
})
