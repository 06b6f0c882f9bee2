import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { Metrics } from '../../base/metrics.ts'
import { type ContainerRuntime, ImagePullError } from '../container-runtime/container-runtime.ts'
import type { ApiObjects } from './api-objects.ts'
import { ImagePuller } from './image-puller.ts'
import { PodStartup } from './telemetry/pod-startup.ts'

const clock = new FakeClock()
const ID = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A registry that gives its image to one person only, and notes who asked. */
function pullerFor(
  allowed: string,
  users: string[],
  machine: string[] = [],
  image = 'r.example/a:1',
  refusal = '',
  mustPull = true,
) {
  const asked: (string | undefined)[] = []
  const said: string[] = []
  const runtime = {
    imageStatus: async (of: string) => {
      if (of.includes('lost')) throw new Error('the engine is away')
      return of.includes('here') ? { id: 'i', tags: [], digests: [], sizeBytes: 7 } : undefined
    },
    pullImage: async (_image: string, auth?: { username: string }) => {
      asked.push(auth?.username)
      if (refusal) throw new ImagePullError(refusal)
      if ((auth?.username ?? 'nobody') !== allowed) throw new ImagePullError(`no access for ${auth?.username}`)
      return { id: 'i', tags: [], digests: [], sizeBytes: 7 }
    },
  } as unknown as ContainerRuntime
  const config = (user: string) => base64(JSON.stringify({ auths: { 'r.example': { auth: base64(`${user}:p`) } } }))
  const secret = async (_: string, name: string) => ({ data: { '.dockerconfigjson': config(name) } })
  const events = {
    pod: (_: object, __: string, reason: string, text: string) => said.push(`${reason}: ${text}`),
    claim: () => undefined,
    node: () => undefined,
  }
  const moreAuths = async () => machine.map((username) => ({ username, password: 'p' }))
  const metrics = new Metrics()
  const ports = { runtime, objects: { secret } as unknown as ApiObjects, events, clock, metrics }
  const pulled = {
    mustPull: async () => mustPull,
    begin: async () => {},
    succeeded: async () => {},
    failed: async () => {},
  }
  const puller = new ImagePuller({ ...ports, startup: new PodStartup(ports), pulled, moreAuths })
  const pod = {
    metadata: { uid: allowed, namespace: 'd' },
    spec: { containers: [], imagePullSecrets: users.map((name) => ({ name })) },
  }
  const ensure = (imagePullPolicy = 'IfNotPresent') => puller.ensure(pod, { name: 'a', image, imagePullPolicy }, '')
  return { asked, said, ensure }
}

it('asks as each whose secret the pod names until somebody is let in', async () => {
  const { asked, ensure } = pullerFor('cleo', ['ada', 'cleo', 'eve'])
  expect(await ensure()).toEqual({ ok: true })
  expect(asked).toEqual(['ada', 'cleo'])
})

it('asks as those of the machine after them', async () => {
  const { asked, ensure } = pullerFor('farm', ['ada'], ['farm', 'other'])
  expect(await ensure()).toEqual({ ok: true })
  expect(asked).toEqual(['ada', 'farm'])
})

it('asks as nobody where the pod names none', async () => {
  const { asked, ensure } = pullerFor('nobody', [])
  expect(await ensure()).toEqual({ ok: true })
  expect(asked).toEqual([undefined])
})

it('says what everybody was told, and waits before it asks again', async () => {
  const { asked, said, ensure } = pullerFor('dora', ['ada', 'eve'])
  const why = '[no access for ada, no access for eve]'
  expect(await ensure()).toMatchObject({ reason: 'ErrImagePull', message: why })
  expect(await ensure()).toMatchObject({
    reason: 'ImagePullBackOff',
    message: `Back-off pulling image "r.example/a:1": ErrImagePull: ${why}`,
    retryAfterMs: 10_000,
  })
  expect(asked).toEqual(['ada', 'eve'])
  expect(said).toEqual([
    'Pulling: Pulling image "r.example/a:1"',
    `Failed: Failed to pull image "r.example/a:1": ${why}`,
    'BackOff: Back-off pulling image "r.example/a:1"',
  ])
})

it.each([
  ['BusyBox:1', 'invalid reference format: repository name (library/BusyBox) must be lowercase'],
  ['r.example:5000/Shop/web', 'invalid reference format: repository name (Shop/web) must be lowercase'],
  ['busy box', 'invalid reference format'],
  ['web:', 'invalid reference format'],
  ['http://url', 'invalid reference format'],
  [ID, `invalid repository name (${ID}), cannot specify 64-byte hexadecimal strings`],
])('refuses the name %j', async (image, why) => {
  const { said, ensure } = pullerFor('nobody', [], [], image)
  const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${why}`
  expect(await ensure()).toMatchObject({ reason: 'InvalidImageName', message })
  expect(said).toEqual([`InspectFailed: ${message}`])
})

it('says that it could not be looked for, and pulls nothing', async () => {
  const { asked, said, ensure } = pullerFor('nobody', [], [], 'r.example/lost:1')
  const message = 'Failed to inspect image "": the engine is away'
  expect(await ensure()).toMatchObject({ reason: 'ImageInspectError', message })
  expect(said).toEqual([`InspectFailed: ${message}`])
  expect(asked).toEqual([])
})

it.each([
  ['SignatureValidationFailed: no key', 'the signature validation failed: no key'],
  ['RegistryUnavailable', 'the registry is unavailable'],
])('takes over what a runtime says itself that it is: %s', async (refusal, words) => {
  const { ensure } = pullerFor('nobody', [], [], 'r.example/a:1', refusal)
  const reason = refusal.replace(/:.*/, '')
  const message = `image pull failed for r.example/a:1 because ${words}`
  expect(await ensure()).toMatchObject({ reason, message })
  const waits = `Back-off pulling image "r.example/a:1": ${reason}: ${message}`
  expect(await ensure()).toMatchObject({ reason: 'ImagePullBackOff', message: waits })
})

it.each([
  ['may have', false, 'IfNotPresent', true, []],
  ['has not shown that it may have', true, 'IfNotPresent', true, ['ada']],
  ['may have', false, 'Never', true, []],
  ['has not shown that it may have', true, 'Never', false, []],
])('of an image that is here and the pod %s, pulls or not', async (_, mustPull, policy, ok, pulls) => {
  const { asked, said, ensure } = pullerFor('ada', ['ada'], [], 'r.example/here:1', '', mustPull)
  const outcome = await ensure(policy)
  expect(outcome.ok).toBe(ok)
  expect(asked).toEqual(pulls)
  // Not a word of its being here.
  if (!ok)
    expect(said).toEqual([
      'ErrImageNeverPull: Container image "r.example/here:1" is not present with pull policy of Never',
    ])
})
