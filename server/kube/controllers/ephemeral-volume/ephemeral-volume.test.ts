import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Event } from '../../kinds/event.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  await loops.run(['ephemeral-volume', 'serviceaccount'])
})
afterEach(() => loops[Symbol.asyncDispose]())

const namespace = 'default'
const ref = { namespace, name: 'web-scratch' }
const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const claims = () => loops.client.of(PersistentVolumeClaim)
const there = () =>
  claims()
    .get(ref)
    .catch(() => undefined)

/** One that nobody places, so that nothing about it changes. */
const createPod = () =>
  loops.client.of(Pod).create({
    metadata: { namespace, name: 'web' },
    spec: {
      containers: [{ name: 'a', image: 'b' }],
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec } } }],
    },
  })
const takeAway = async () => {
  await claims().delete(ref)
  await claims().patch(ref, 'application/merge-patch+json', { metadata: { finalizers: null } })
}

it('makes a claim again that somebody has taken away', async () => {
  await createPod()
  await loops.until('made', there)
  const { uid } = (await claims().get(ref)).metadata ?? {}
  await takeAway()
  await loops.until('made again', there)
  expect((await claims().get(ref)).metadata?.uid).not.toBe(uid)
})

it("makes a pod's claim once that of somebody else is out of the way", async () => {
  await claims().create({ metadata: ref, spec })
  await createPod()
  const events = async () => (await loops.client.of(Event).list({ namespace })).items
  await loops.until('said', async () => (await events()).length > 0)
  expect((await events())[0]?.source?.component).toBe('ephemeral_volume')
  // Each failure makes it wait longer.
  await loops.clock.advance(60_000)
  await takeAway()
  const before = loops.clock.now()
  await loops.until('made', there)
  expect(loops.clock.now() - before).toBeLessThan(5000)
  expect((await claims().get(ref)).metadata?.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'web' }])
})
