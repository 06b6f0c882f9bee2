import type { PersistentVolumeClaim as WireClaim, Pod as WirePod } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { PersistentVolume, PersistentVolumeClaim, Pod } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { usesClaim } from './index.ts'

const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'web', controller: true }
const claim: WireClaim = { metadata: { name: 'web-data', namespace: 'default', ownerReferences: [owner] } }
const own = { volumes: [{ name: 'data', ephemeral: {} }] }
const mine = { name: 'web', namespace: 'default', uid: 'web' }
const over = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }
const using = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'web-data' } }] }
const pod = (spec: object, told: object = {}) =>
  ({ metadata: mine, spec: { nodeName: 'n', ...spec }, ...told }) as WirePod

describe('pvc-protection', () => {
  it.each([
    ['a pod that has it', pod(using), true],
    ['a pod whose ephemeral volume it is', pod(own), true],
    ['a pod whose ephemeral volume has its name', pod(own, { metadata: { ...mine, uid: 'other' } }), false],
    ['a pod whose ephemeral volume it was', pod(own, { metadata: { ...mine, ...over } }), false],
    ['a pod with another claim', pod({ volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'b' } }] }), false],
    ['a pod of another namespace', pod(using, { metadata: { name: 'web', namespace: 'other' } }), false],
    ['a pod that has no node yet', pod({ ...using, nodeName: '' }), false],
    ['a finished pod', pod(using, { status: { phase: 'Succeeded' } }), true],
    ['a pod that its node has done with', pod(using, { metadata: { ...mine, ...over } }), true],
  ])('is asked whether it is used by %s', (_who, user, isUsed) => {
    expect(usesClaim(user, claim)).toBe(isUsed)
  })

  describe('in a cluster', () => {
    let loops: TestLoops
    beforeEach(async () => {
      loops = await startTestLoops({ startTestServer, runScheduler })
      loops.kubelets.on = false
      await loops.run(['pvc-protection', 'pv-protection', 'serviceaccount'])
    })
    afterEach(() => loops[Symbol.asyncDispose]())

    it('keeps a deleted claim until its last pod has gone', async () => {
      const claims = loops.client.of(PersistentVolumeClaim)
      const place = { namespace: 'default', name: 'web-data' }
      await claims.create({
        metadata: place,
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      })
      const container = { name: 'a', image: 'b' }
      await loops.client.of(Pod).create(pod({ ...using, containers: [container] }))
      await claims.delete(place)
      const now = await claims.get(place)
      expect(now.metadata?.deletionTimestamp).toBeDefined()
      await loops.until('the loop has looked', () => loops.reconciles('pvc-protection').length > 0)
      expect((await claims.get(place)).metadata?.finalizers).toEqual(['kubernetes.io/pvc-protection'])
      await loops.client.of(Pod).delete({ namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 })
      await loops.until('the claim has gone', () =>
        claims.get(place).then(
          () => false,
          () => true,
        ),
      )
    })

    it('keeps a deleted volume while it is bound', async () => {
      const volumes = loops.client.of(PersistentVolume)
      const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } }
      const made = await volumes.create({ metadata: { name: 'disk' }, spec })
      const bound = await volumes.updateStatus({ ...made, status: { phase: 'Bound' } })
      await volumes.delete({ name: 'disk' })
      await loops.until('the loop has looked', () => loops.reconciles('pv-protection').length > 0)
      const now = await volumes.get({ name: 'disk' })
      expect(now.metadata?.uid).toBe(bound.metadata?.uid)
      await volumes.updateStatus({ ...now, status: { phase: 'Released' } })
      await loops.until('the volume has gone', () =>
        volumes.get({ name: 'disk' }).then(
          () => false,
          () => true,
        ),
      )
    })
  })
})
