import { afterEach, beforeEach, expect, it } from 'vitest'
import { detachedSignature } from '../../apimachinery/detached-signature.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ConfigMap, Secret } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
})
afterEach(() => loops[Symbol.asyncDispose]())

const CLUSTER_INFO = { namespace: 'kube-public', name: 'cluster-info' }

it('signs as kubeadm checks it', () => {
  // Of upstream's own test of its signatures.
  expect(
    detachedSignature(
      'Hello from the other side. I must have called a thousand times.',
      'joshua',
      'my voice is my passcode',
    ),
  ).toBe('eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8')
})

it('signs what everybody may read by each token that is good for it, and no longer than it is', async () => {
  const token = (id: string, data: Record<string, string>) =>
    loops.client.of(Secret).create({
      metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
      type: 'bootstrap.kubernetes.io/token',
      stringData: { 'token-id': id, 'token-secret': 'abcdefghijklmnop', 'usage-bootstrap-signing': 'true', ...data },
    })
  await token('aaaaaa', {})
  await token('bbbbbb', { 'usage-bootstrap-signing': 'false' })
  await token('cccccc', { 'token-id': 'dddddd' })
  await token('eeeeee', { expiration: new Date(loops.clock.now() - 1000).toISOString().replace(/\.\d+/, '') })
  await loops.client.of(ConfigMap).create({ metadata: CLUSTER_INFO, data: { kubeconfig: 'here', other: 'kept' } })
  await loops.run(['bootstrap-signer'])
  const keys = async () => Object.keys((await loops.client.of(ConfigMap).get(CLUSTER_INFO)).data ?? {}).sort()
  await loops.until('signed', async () => (await keys()).length === 3)
  expect(await keys()).toEqual(['jws-kubeconfig-aaaaaa', 'kubeconfig', 'other'])
  const { data } = await loops.client.of(ConfigMap).get(CLUSTER_INFO)
  expect(data?.['jws-kubeconfig-aaaaaa']).toBe(detachedSignature('here', 'aaaaaa', 'abcdefghijklmnop'))

  await loops.client
    .of(ConfigMap)
    .patch(CLUSTER_INFO, 'application/merge-patch+json', { data: { kubeconfig: 'moved' } })
  await loops.until('signed anew', async () => {
    const { data } = await loops.client.of(ConfigMap).get(CLUSTER_INFO)
    return data?.['jws-kubeconfig-aaaaaa'] === detachedSignature('moved', 'aaaaaa', 'abcdefghijklmnop')
  })
  await loops.client.of(Secret).delete({ namespace: 'kube-system', name: 'bootstrap-token-aaaaaa' })
  await loops.until('unsigned', async () => (await keys()).length === 2)
})
