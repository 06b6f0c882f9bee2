import type { ClusterRole as WireClusterRole } from 'kubernetes-types/rbac/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ClusterRole } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { gatheredRules } from './index.ts'

const reads = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })
const role = (name: string, labels: Record<string, string>, resource: string): WireClusterRole => ({
  metadata: { name, labels },
  rules: [reads(resource)],
})

describe('clusterrole-aggregation', () => {
  it('gathers each rule once, in the order of names, and never from itself', () => {
    const gatherer: WireClusterRole = {
      metadata: { name: 'all', labels: { gather: 'yes' } },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { gather: 'yes' } }] },
      rules: [reads('old')],
    }
    const others = [
      role('b', { gather: 'yes' }, 'pods'),
      role('a', { gather: 'yes' }, 'services'),
      role('c', { gather: 'yes' }, 'pods'),
      role('d', { gather: 'no' }, 'secrets'),
    ]
    expect(gatheredRules(gatherer, [gatherer, ...others])).toEqual([reads('services'), reads('pods')])
  })

  describe('in a cluster', () => {
    let loops: TestLoops
    beforeEach(async () => {
      loops = await startTestLoops({ startTestServer, runScheduler })
      await loops.run(['clusterrole-aggregation'])
    })
    afterEach(() => loops[Symbol.asyncDispose]())

    const rulesOf = async (name: string) => (await loops.client.of(ClusterRole).get({ name })).rules ?? []

    it('fills view, edit and admin, each with all of the one before', async () => {
      await loops.until('admin is filled', async () => (await rulesOf('admin')).length > 20)
      const [view, edit, admin] = [await rulesOf('view'), await rulesOf('edit'), await rulesOf('admin')]
      expect(edit).toEqual(expect.arrayContaining(view))
      expect(admin).toEqual(expect.arrayContaining(edit))
      expect(view.some(({ resources }) => resources?.includes('secrets'))).toBe(false)
      const { metadata } = await loops.client.of(ClusterRole).get({ name: 'admin' })
      const own = metadata?.managedFields?.find(({ manager }) => manager === 'clusterrole-aggregation-controller')
      expect(own).toMatchObject({ operation: 'Apply', fieldsV1: { 'f:rules': {} } })
    })

    it('lets a role join by a label and leave by losing it', async () => {
      const label = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }
      await loops.client.of(ClusterRole).create(role('crontabs', label, 'crontabs'))
      const sees = async () => (await rulesOf('view')).some(({ resources }) => resources?.includes('crontabs'))
      await loops.until('view has it', sees)
      await loops.client.of(ClusterRole).patch({ name: 'crontabs' }, 'application/merge-patch+json', {
        metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': null } },
      })
      await loops.until('view has lost it', async () => !(await sees()))
    })
  })
})
