import { describe, expect, it } from 'vitest'
import { changesBetween, conflictOf } from './field-diff.ts'

const deployment = (replicas: number, image: string, more: object = {}) => ({
  metadata: { name: 'web', resourceVersion: String(replicas), generation: replicas },
  spec: { replicas, template: { spec: { containers: [{ name: 'nginx', image }] } } },
  ...more,
})
const image = 'spec.template.spec.containers[nginx].image'

describe('changes between two versions', () => {
  it('names list items by their name, and leaves out the server’s bookkeeping', () => {
    expect(changesBetween(deployment(3, 'nginx:1.27'), deployment(5, 'nginx:1.29'))).toEqual([
      { path: 'spec.replicas', before: '3', after: '5' },
      { path: image, before: 'nginx:1.27', after: 'nginx:1.29' },
    ])
  })

  it('tells a field that was not there from one that is gone', () => {
    const withLabel = { metadata: { labels: { app: 'web' } } }
    expect(changesBetween({ metadata: {} }, withLabel)).toContainEqual({ path: 'metadata.labels.app', after: 'web' })
    expect(changesBetween(withLabel, { metadata: {} })).toContainEqual({ path: 'metadata.labels.app', before: 'web' })
  })

  it('follows a list item that has moved', () => {
    const of = (...names: string[]) => ({ list: names.map((name) => ({ name })) })
    expect(changesBetween(of('a', 'b'), of('b', 'a'))).toEqual([])
  })
})

describe('two writers', () => {
  const base = deployment(3, 'nginx:1.27')
  const theirs = deployment(5, 'nginx:1.27')
  const whole = { isPatch: false, isStatus: false }

  it('finds what a PUT from an old copy would have put back', () => {
    expect(conflictOf({ base, theirs, yours: deployment(3, 'nginx:1.29') }, whole)).toEqual({
      fields: [
        { path: 'spec.replicas', base: '3', theirs: '5', yours: '3' },
        { path: image, base: 'nginx:1.27', theirs: 'nginx:1.27', yours: 'nginx:1.29' },
      ],
      clashing: [],
      lost: ['spec.replicas'],
    })
  })

  it('finds the field that both changed, each to something else', () => {
    const { clashing, lost } = conflictOf({ base, theirs, yours: deployment(7, 'nginx:1.27') }, whole)
    expect([clashing, lost]).toEqual([['spec.replicas'], []])
  })

  it('takes a patch to leave alone what it does not name', () => {
    const yours = { metadata: { resourceVersion: '3' }, spec: { paused: true } }
    expect(conflictOf({ base, theirs, yours }, { isPatch: true, isStatus: false })).toEqual({
      fields: [
        { path: 'spec.paused', yours: 'true' },
        { path: 'spec.replicas', base: '3', theirs: '5', yours: '3' },
      ],
      clashing: [],
      lost: [],
    })
  })

  it('looks at the half that was meant: a PUT does not write the status', () => {
    const status = { status: { replicas: 1 } }
    const { fields } = conflictOf({ base, theirs: deployment(3, 'nginx:1.27', status), yours: base }, whole)
    expect(fields).toEqual([])
  })
})
