import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { writeContexts } from './kubeconfig.ts'
import { mergeKubeconfig } from './merge-kubeconfig.ts'

const people = (certPem: string) => ({
  admin: { user: 'kubernetes-admin', certPem },
  developer: { user: 'developer', namespace: 'default' },
})
const ours = writeContexts({ name: 'demo', server: 'https://10.0.0.1:6443' }, people('new'), 'admin')
const before = parse(writeContexts({ name: 'demo', server: 'https://10.0.0.9:6443' }, people('old'), 'admin'))
const jane = { name: 'jane', user: { 'client-certificate': '/home/learner/jane.crt' } }

const merged = (change: (config: typeof before) => void) => {
  const theirs = structuredClone(before)
  change(theirs)
  return parse(mergeKubeconfig(stringify(theirs), ours))
}

describe('a kubeconfig that is handed out again', () => {
  it('takes no longer for what somebody filled it with', () => {
    const { user } = process.cpuUsage()
    const many = Array.from({ length: 15_000 }, (_, n) => `key${n}: a`).join('\n')
    expect(parse(mergeKubeconfig(many, ours), { uniqueKeys: false }).key14999).toBe('a')
    expect(process.cpuUsage().user - user).toBeLessThan(5e6)
  })

  it('renews addresses and certificates', () => {
    const { clusters, users } = merged(() => undefined)
    expect(clusters).toEqual(parse(ours).clusters)
    expect(users).toEqual(parse(ours).users)
  })

  it('keeps the people, clusters and contexts that somebody added, and who they chose to be', () => {
    const elsewhere = { name: 'work', cluster: { server: 'https://work' } }
    const context = { name: 'jane@demo', context: { cluster: 'demo', user: 'jane' } }
    const { clusters, users, contexts, ...rest } = merged((theirs) => {
      theirs.users.push(jane)
      theirs.clusters.push(elsewhere)
      theirs.contexts.push(context)
      theirs['current-context'] = 'jane@demo'
    })
    expect(users).toContainEqual(jane)
    expect(clusters).toContainEqual(elsewhere)
    expect(contexts).toContainEqual(context)
    expect(rest['current-context']).toBe('jane@demo')
  })

  it('keeps the namespace that was set in a context of ours', () => {
    const { contexts } = merged((theirs) => {
      theirs.contexts[0].context.namespace = 'shop'
    })
    expect(contexts[0]).toEqual({
      name: 'admin',
      context: { cluster: 'demo', user: 'kubernetes-admin', namespace: 'shop' },
    })
  })

  it('leads contexts of ours back to this cluster, where a home came from another one', () => {
    const { contexts } = merged((theirs) => {
      theirs.clusters[0].name = 'other'
      theirs.contexts[0].context.cluster = 'other'
    })
    expect(contexts[0].context.cluster).toBe('demo')
  })

  it('brings back a context of ours that was deleted, and chooses it when the chosen one is gone', () => {
    const config = merged((theirs) => {
      theirs.contexts.shift()
      theirs['current-context'] = 'nobody'
    })
    expect(config.contexts.map(({ name }: { name: string }) => name).sort()).toEqual(['admin', 'developer'])
    expect(config['current-context']).toBe('admin')
  })

  it.each(['', 'clusters: [', '- a list'])('replaces what is none: %j', (broken) => {
    expect(mergeKubeconfig(broken, ours)).toBe(ours)
  })
})
