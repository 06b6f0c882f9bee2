import { describe, expect, it } from 'vitest'
import { accessText, type ClusterView, emptyView } from '../labs/cluster-view.ts'
import { AccessProbe } from './access-probe.ts'

const list = { as: 'reader', verb: 'list', resource: 'pods' }
const role = (resourceVersion: string): ClusterView => ({
  ...emptyView,
  roles: [{ metadata: { name: 'a', uid: 'a', resourceVersion }, rules: [] }],
})

/** An API server whose answers come when the test says so. */
function server() {
  const waiting: ((allowed: boolean) => void)[] = []
  const ask = () => new Promise<boolean>((resolve) => waiting.push(resolve))
  return { ask, waiting }
}
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('AccessProbe', () => {
  it('knows nothing until it was told, then calls, and asks no second time', async () => {
    const { ask, waiting } = server()
    const probe = new AccessProbe()
    let calls = 0
    const answers = () => probe.answers([list], role('1'), ask, () => calls++)
    expect(answers()).toEqual({})
    waiting[0]?.(true)
    await settle()
    expect([answers(), calls, waiting.length]).toEqual([{ [accessText(list)]: true }, 1, 1])
  })

  it('forgets what it knew when a role changes, and believes no answer of before', async () => {
    const { ask, waiting } = server()
    const probe = new AccessProbe()
    const answers = (version: string) => probe.answers([list], role(version), ask, () => undefined)
    answers('1')
    expect(answers('2')).toEqual({})
    waiting[0]?.(true)
    await settle()
    expect(answers('2')).toEqual({})
    waiting[1]?.(false)
    await settle()
    expect(answers('2')).toEqual({ [accessText(list)]: false })
  })

  it('asks again after the API server did not answer', async () => {
    const probe = new AccessProbe()
    let asked = 0
    const fails = () => {
      asked++
      return Promise.reject(new Error('no'))
    }
    probe.answers([list], role('1'), fails, () => undefined)
    await settle()
    probe.answers([list], role('1'), fails, () => undefined)
    expect(asked).toBe(2)
  })

  it('asks nothing where no check wants to know', () => {
    const { ask, waiting } = server()
    new AccessProbe().answers([], role('1'), ask, () => undefined)
    expect(waiting).toHaveLength(0)
  })
})
