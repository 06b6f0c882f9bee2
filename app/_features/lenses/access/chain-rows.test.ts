import { describe, expect, it } from 'vitest'
import type { Grant, RequestDecision } from '../../../../server/base/trace.ts'
import type { AccessPush } from '../../../../server/observe/index.ts'
import { request } from '../picture/trace-examples.ts'
import type { Decided } from './access-requests.ts'
import { chainRows, holderRows } from './chain-rows.ts'
import { rulingOf } from './ruling.ts'

const grant = (name: string): Grant => ({
  subject: { kind: 'User', name: 'otter', namespace: '' },
  binding: { kind: 'RoleBinding', name, namespace: 'shop' },
  role: { kind: 'Role', name: `${name}-role`, namespace: 'shop' },
})
const fits = { place: true, group: true, resource: true, name: true, verb: false }
const rules = [{ verbs: ['get'] }, { verbs: ['list'] }, { verbs: ['watch'] }]
const reach = [
  { ...grant('a'), rules },
  { ...grant('b'), rules },
  { ...grant('lost'), rules: undefined },
]
const told = (rows: ReturnType<typeof chainRows>) =>
  rows.map(({ grant: { binding }, rules: drawn, isTelling }) => [
    binding.name,
    isTelling,
    drawn.map(({ index, rule }) => [index, rule?.verbs[0]]),
  ])

describe('the chain', () => {
  it('begins with what came nearest, the rules of one role together; then comes whatever else reaches', () => {
    const near = (name: string, rule: number) => ({ ...grant(name), rule, fits })
    const rows = chainRows({ nearest: [near('b', 2), near('a', 0), near('b', 1)] }, reach)
    expect(told(rows)).toEqual([
      [
        'b',
        true,
        [
          [2, 'watch'],
          [1, 'list'],
        ],
      ],
      ['a', true, [[0, 'get']]],
      ['lost', false, []],
    ])
    expect(rows.map(({ moreRules, hasNoRole }) => [moreRules, hasNoRole])).toEqual([
      [1, false],
      [2, false],
      [0, true],
    ])
  })

  it('begins with the rule that said yes', () => {
    const [first, ...others] = chainRows({ by: { ...grant('b'), rule: 1 } }, reach)
    expect(first?.rules).toEqual([{ index: 1, rule: { verbs: ['list'] }, allows: true }])
    expect(others.map(({ grant: { binding } }) => binding.name)).toEqual(['a', 'lost'])
  })

  it('shows what was measured before the policy has answered, and when the role has lost the rule since', () => {
    const by = { ...grant('b'), rule: 7 }
    for (const known of [undefined, reach]) {
      const [row] = chainRows({ by }, known)
      expect(row).toMatchObject({ isTelling: true, hasNoRole: false, rules: [{ index: 7, allows: true }] })
    }
  })

  it('shows every way by which anybody may', () => {
    const by = (name: string) => ({ ...grant(name), rule: 1, told: { verbs: ['list'] } })
    const rows = holderRows([{ subject: grant('a').subject, by: [by('a'), by('b')] }])
    expect(told(rows)).toEqual([
      ['a', true, [[1, 'list']]],
      ['b', true, [[1, 'list']]],
    ])
  })
})

describe('yes or no', () => {
  const decision: RequestDecision = {
    ...{ allowed: true, authenticator: 'x509', groups: [] },
    asked: [{ authorizer: 'RBAC', verdict: 'allow', reason: '' }],
    by: { ...grant('a'), rule: 0 },
  }
  const refusal: RequestDecision = { ...decision, allowed: false, asked: [], nearest: [] }
  const { by: _by, ...refused } = refusal
  const sent = (told: RequestDecision) => request('r1', 'kubectl', { decision: told }) as Decided
  const now = (more: object) =>
    ({
      verdict: {
        allowed: false,
        isSuperuser: false,
        nearest: [],
        reach: [],
        looked: { bindings: 1, rules: 2 },
        ...more,
      },
    }) as unknown as AccessPush
  const draft = { subject: 'otter', verb: 'get', what: 'pods', namespace: '', name: '' }

  it('is what was decided then, and says when it would be otherwise now', () => {
    const ask = (told: RequestDecision, more: object) =>
      rulingOf({ draft: undefined, request: sent(told), now: now(more) })
    expect(ask(decision, { allowed: true })).toMatchObject({ allowed: true, nowOtherwise: '' })
    expect(ask(decision, { allowed: false })).toMatchObject({ allowed: true, nowOtherwise: 'refused' })
    expect(ask(refused, { allowed: true })).toMatchObject({ allowed: false, nowOtherwise: 'allowed' })
    expect(ask(refused, {})).toMatchObject({ allowed: false, nowOtherwise: '' })
  })

  it('tells a request that only asks from one that does', () => {
    const event = { ...sent(decision), resource: 'selfsubjectaccessreviews' }
    expect(rulingOf({ draft: undefined, request: event, now: undefined })?.words).toContain('yes to the question')
  })

  it('does not hold what the Node authorizer allowed against RBAC', () => {
    const { by: _none, ...byNode } = {
      ...decision,
      asked: [{ authorizer: 'Node', verdict: 'allow', reason: '' }] as const,
    }
    const ruling = rulingOf({ draft: undefined, request: sent(byNode), now: now({}) })
    expect(ruling).toMatchObject({ allowed: true, nowOtherwise: '', words: 'Node said yes.' })
  })

  it('of a typed question waits for the answer; superusers need none', () => {
    const ask = (told: AccessPush | undefined, subject = 'otter') =>
      rulingOf({ draft: { ...draft, subject }, request: sent(decision), now: told })
    expect(ask(undefined)).toBeUndefined()
    expect(ask(now({}))).toMatchObject({ allowed: false })
    expect(ask(now({}))?.words).toBe('1 binding reaches this place, 2 rules, and none fits.')
    expect(ask(now({}), 'system:node:node-1')?.words).toContain('the Node authorizer may still say yes')
    expect(ask(now({ isSuperuser: true }))).toMatchObject({ allowed: true })
  })

  it('of a typed question is what the API server answers, after all whom it asks', () => {
    const ask = (server: object, subject = 'otter', more = {}) =>
      rulingOf({ draft: { ...draft, subject }, request: undefined, now: now({ server, ...more }) })
    const [yes, no] = [
      { allowed: true, denied: false, reason: '' },
      { allowed: false, denied: false, reason: '' },
    ]
    expect(ask(yes, 'system:node:node-1')).toMatchObject({
      allowed: true,
      words: expect.stringContaining('The Node authorizer says yes, by what runs on the node. RBAC: 1 binding'),
    })
    expect(ask(no, 'system:node:node-1')?.words).toBe('1 binding reaches this place, 2 rules, and none fits.')
    expect(ask({ ...yes, reason: 'of the class' })?.words).toContain('Another authorizer says yes: of the class.')
    const denied = { allowed: false, denied: true, reason: 'not in the evening' }
    expect(ask(denied, 'otter', { allowed: true })).toMatchObject({
      allowed: false,
      words: 'RBAC is not asked: not in the evening.',
    })
  })
})
