// Where a cluster's memory is, and what becomes of it: in somebody's etcd, or in a store of its own that gets damaged.

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { kubectl, podium } from '../../../e2e/support/commands.ts'
import { startEtcd } from '../store/testing/real-etcd.ts'

const run = promisify(execFile)
const homeBefore = process.env.PODIUM_HOME
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'podium-memory-'))
  process.env.PODIUM_HOME = home
})
afterEach(async () => {
  await podium('cluster', 'delete', 'demo').catch(() => undefined)
  process.env.PODIUM_HOME = homeBefore
  await rm(home, { recursive: true, force: true })
})

const kube = (args: string) => kubectl('1.36', join(home, 'clusters', 'demo', 'admin.conf'))(args)

it('keeps a cluster in a real etcd, and brings it back from there', async () => {
  await using etcd = await startEtcd({ directory: join(home, 'etcd') })
  await podium('cluster', 'create', 'demo', '--simulated-nodes', '1', '--etcd-servers', etcd.url)
  expect(await kube('create configmap kept --from-literal=a=1')).toMatchObject({ code: 0 })
  const env = { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: etcd.url }
  const get = ['get', '/registry/configmaps/default/kept', '--print-value-only']
  expect(JSON.parse((await run('etcdctl', get, { env })).stdout)).toMatchObject({ data: { a: '1' } })
  await podium('cluster', 'stop', 'demo')
  await podium('cluster', 'start', 'demo')
  expect((await kube("get configmap kept -o jsonpath='{.data.a}'")).stdout).toBe('1')
  expect((await kube('get nodes -o name')).stdout).toBe('node/sim-1\n')
})

it('refuses a damaged store, says how to mend it, and goes on with what can still be read', async () => {
  await podium('cluster', 'create', 'demo', '--simulated-nodes', '1')
  expect(await kube('create configmap early --from-literal=a=1')).toMatchObject({ code: 0 })
  const store = join(home, 'clusters', 'demo', 'store')
  const log = join(store, (await readdir(store)).filter((name) => name.startsWith('log-')).sort()[0]!)
  expect(await kube('create configmap late --from-literal=a=1')).toMatchObject({ code: 0 })
  // The very last write would be taken for a torn one.
  expect(await kube('create configmap later --from-literal=a=1')).toMatchObject({ code: 0 })
  await podium('cluster', 'stop', 'demo')
  expect(await podium('cluster', 'repair', 'demo')).toContain('nothing was changed')

  const bytes = await readFile(log)
  const late = bytes.indexOf('/registry/configmaps/default/late')
  expect(late).toBeGreaterThan(0)
  bytes[late]! ^= 1
  await writeFile(log, bytes)
  await expect(podium('cluster', 'start', 'demo')).rejects.toThrow(
    /store is corrupt: .*log-0+1 at offset \d+: checksum does not match\. .*`podium cluster repair demo`/,
  )
  const said = await podium('cluster', 'repair', 'demo')
  expect(said).toMatch(/goes on as it was at revision \d+; what was written after that is lost/)
  await podium('cluster', 'start', 'demo')
  expect((await kube('get configmap early late later --ignore-not-found -o name')).stdout).toBe('configmap/early\n')
  const version = (await kube("get configmap early -o jsonpath='{.metadata.resourceVersion}'")).stdout
  expect(Number(version)).toBeLessThan(1_000_000_000)
  expect(await kube('create configmap after --from-literal=a=1')).toMatchObject({ code: 0 })
  const after = (await kube("get configmap after -o jsonpath='{.metadata.resourceVersion}'")).stdout
  expect(Number(after)).toBeGreaterThan(1_000_000_000)
})
