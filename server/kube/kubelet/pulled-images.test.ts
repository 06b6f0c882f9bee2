// As of upstream's image_pull_manager_test.go and image_pull_policies_test.go, on files that a test plays.

import { beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { type KubeletConfiguration, kubeletConfigurationOf } from './kubelet-configuration.ts'
import { PulledImages } from './pulled-images.ts'
import type { RegistryAuth } from './registry-auth.ts'

const IMAGE = 'r.example:5000/shop/web:1'
const clock = new FakeClock()
let files: Map<string, string>
beforeEach(() => {
  files = new Map()
})

const os = {
  readFile: async (path: string) => files.get(path),
  writeFile: async (path: string, content: string | Uint8Array) => void files.set(path, String(content)),
  remove: async (path: string) => void files.delete(path),
  list: async (of: string) =>
    [...files.keys()].filter((path) => path.startsWith(`${of}/`)).map((path) => path.slice(of.length + 1)),
}
/** Anew each time, as after a restart: what is known is on the disk. */
const images = (told: Partial<KubeletConfiguration> = {}) =>
  new PulledImages({
    os,
    rootDir: '/k',
    clock,
    logger: noLogger,
    configuration: kubeletConfigurationOf(undefined, told),
  })

const bySecret = (name: string, password = name, uid = name): RegistryAuth => ({
  username: 'ada',
  password,
  source: { secret: { uid, namespace: 'shop', name } },
})
const byAccount = (name: string): RegistryAuth => ({
  username: 'ada',
  password: 'token',
  source: { serviceAccount: { uid: name, namespace: 'shop', name } },
})
const ofMachine: RegistryAuth = { username: 'node', password: 'p' }

it.each<[what: string, pulledWith: RegistryAuth | undefined | 'never', own: RegistryAuth[], must: boolean]>([
  ['nobody has pulled', 'never', [], false],
  ['everybody may have', undefined, [], false],
  ['the machine may have', ofMachine, [], false],
  ['others have pulled', bySecret('a'), [], true],
  ['the same secret has opened', bySecret('a'), [bySecret('a')], false],
  ['the same secret has opened, with another password by now', bySecret('a', 'old'), [bySecret('a', 'new')], false],
  ['another secret with the same in it has opened', bySecret('a', 'p'), [bySecret('b', 'p')], false],
  ['another secret has opened', bySecret('a'), [bySecret('b')], true],
  ['a secret of that name has opened that is gone', bySecret('a', 'p', '1'), [bySecret('a', 'q', '2')], true],
  ['the same account has opened', byAccount('a'), [byAccount('a')], false],
  ['another account has opened', byAccount('a'), [byAccount('b')], true],
])('of an image that %s', async (_, pulledWith, own, must) => {
  if (pulledWith !== 'never') {
    await images().begin(IMAGE)
    await images().succeeded(IMAGE, 'sha256:1', pulledWith)
  }
  expect(await images().mustPull(IMAGE, 'sha256:1', async () => own)).toBe(must)
})

it('takes one that was being pulled when the kubelet died for one that somebody may not have', async () => {
  await images().begin(IMAGE)
  expect(await images().mustPull(IMAGE, 'sha256:1', async () => [])).toBe(true)
  await images().failed(IMAGE)
  expect(await images().mustPull(IMAGE, 'sha256:1', async () => [])).toBe(false)
})

it('keeps all who have opened it, by name without the tag, until somebody needed nothing', async () => {
  const open = async (auth?: RegistryAuth) => images().succeeded(IMAGE, 'sha256:1', auth)
  await open(bySecret('a'))
  await open(bySecret('b'))
  for (const name of ['a', 'b'])
    expect(await images().mustPull(IMAGE, 'sha256:1', async () => [bySecret(name)])).toBe(false)
  expect(await images().mustPull('r.example:5000/shop/web:2', 'sha256:1', async () => [bySecret('a')])).toBe(false)
  expect(await images().mustPull('other.example/web:1', 'sha256:1', async () => [bySecret('a')])).toBe(true)
  await open(undefined)
  expect(await images().mustPull(IMAGE, 'sha256:1', async () => [])).toBe(false)
})

it('remembers another secret by which one with the same in it was opened', async () => {
  await images().succeeded(IMAGE, 'sha256:1', bySecret('a', 'p'))
  await images().mustPull(IMAGE, 'sha256:1', async () => [bySecret('b', 'p')])
  expect(await images().mustPull(IMAGE, 'sha256:1', async () => [bySecret('b', 'changed')])).toBe(false)
})

it.each<[policy: KubeletConfiguration['imagePullCredentialsVerificationPolicy'], brought: boolean, pulled: boolean]>([
  ['NeverVerify', false, false],
  ['NeverVerifyPreloadedImages', false, true],
  ['AlwaysVerify', true, true],
  ['NeverVerifyAllowlistedImages', true, true],
])('by the policy %s', async (policy, brought, pulled) => {
  const of = () => images({ imagePullCredentialsVerificationPolicy: policy })
  expect(await of().mustPull(IMAGE, 'sha256:1', async () => [])).toBe(brought)
  await of().succeeded(IMAGE, 'sha256:1', bySecret('a'))
  expect(await of().mustPull(IMAGE, 'sha256:1', async () => [])).toBe(pulled)
})

it.each([
  ['r.example:5000/shop/web', false],
  ['r.example:5000/*', false],
  ['r.example:5000/shop', true],
  ['r.example/*', true],
])('lets %s on the list have it or not', async (pattern, must) => {
  const policy = 'NeverVerifyAllowlistedImages' as const
  const told = { imagePullCredentialsVerificationPolicy: policy, preloadedImagesVerificationAllowlist: [pattern] }
  expect(await images(told).mustPull(IMAGE, 'sha256:1', async () => [])).toBe(must)
})

it('forgets images that are gone, but not those that came meanwhile; half a file opens nothing', async () => {
  await images().succeeded(IMAGE, 'sha256:1', bySecret('a'))
  await images().succeeded(IMAGE, 'sha256:2', bySecret('a'))
  await images().prune(new Set(['sha256:2']), clock.now())
  expect(files.size).toBe(2)
  await images().prune(new Set(['sha256:2']), clock.now() + 1000)
  expect([...files.values()].map((text) => JSON.parse(text).imageRef)).toEqual(['sha256:2'])
  for (const path of files.keys()) files.set(path, '{"imageRef":')
  expect(await images().mustPull(IMAGE, 'sha256:2', async () => [bySecret('a')])).toBe(true)
})
