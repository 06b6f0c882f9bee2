import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Deployment, Node, Role, Service } from '../../kinds/index.ts'
import { startTestServer } from '../testing/test-server.ts'
import { storageKey } from './storage-keys.ts'

it.each([
  [Deployment, 'shop', 'web', '/registry/deployments/shop/web'],
  [Service, 'shop', 'web', '/registry/services/specs/shop/web'],
  [Node, '', 'node-1', '/registry/minions/node-1'],
  [Role, 'shop', 'Grüße', '/registry/roles/shop/GrÃ¼Ã\u009fe'],
])('$kind in %j named %s', (kind, namespace, name, key) => {
  expect(storageKey(kind, namespace, name)).toBe(key)
})

it('finds names of any script again after a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-names-'))
  // The last two end in the same byte when their characters are cut to one.
  const names = ['grüße', '役割', '🦦', 'a\u0141', 'a\u0241']
  const first = await startTestServer({ directory })
  for (const name of names) await first.client.of(Role).create({ metadata: { namespace: 'default', name }, rules: [] })
  await first[Symbol.asyncDispose]()
  const second = await startTestServer({ directory })
  const found = await second.client.of(Role).list({ namespace: 'default' })
  expect(found.items.map(({ metadata }) => metadata?.name).sort()).toEqual([...names].sort())
  for (const name of names) await second.client.of(Role).delete({ namespace: 'default', name })
  await second[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})
