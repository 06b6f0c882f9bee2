// Hundreds of answers that upstream's documentation gives, as tables in the text files beside this one; asked of the
// whole server with its default policy, by SubjectAccessReviews, once the roles are gathered.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SubjectAccessReview } from 'kubernetes-types/authorization/v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import { startTestLoops, type TestLoops } from '../../../controllers/testing/test-loops.ts'
import * as kinds from '../../../kinds/index.ts'
import { runScheduler } from '../../../scheduler/index.ts'
import { startTestServer } from '../../testing/test-server.ts'
import { clusterRoleBinding, question, robot, roleBinding } from '../testing/policies.ts'

interface Decision {
  isAllowed: boolean
  who: string
  asks: string
}

const read = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8')
const TABLES = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.txt'))

const decisions = TABLES.flatMap((file) =>
  read(file)
    .split('\n')
    .flatMap((line): Decision[] => {
      const [, answer, who, asks] = /^(yes|no) +(\S+) +(.+)$/.exec(line) ?? []
      if (who && asks) return [{ isAllowed: answer === 'yes', who, asks }]
      if (line !== '' && !line.startsWith('#')) throw new Error(`${file} has a line that is no decision: ${line}`)
      return []
    }),
)

let loops: TestLoops

beforeAll(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  loops.kubelets.on = false
  await loops.run(['clusterrole-aggregation', 'serviceaccount'])
  for (const object of parse(read('policy.yaml')) as PolicyLine[]) await create(object)
  await loops.until('accounts of the namespaces', async () => {
    const { items } = await loops.client.of(kinds.ServiceAccount).list()
    return ['shop', 'bank', 'zoo'].every((place) => items.some(({ metadata }) => metadata?.namespace === place))
  })
  await loops.until('admin has what view has', async () => {
    const { rules = [] } = await loops.client.of(kinds.ClusterRole).get({ name: 'admin' })
    return ['get', 'delete'].every((verb) =>
      rules.some(({ resources, verbs }) => resources?.includes('crontabs') && verbs.includes(verb)),
    )
  })
  await loops.until('swan’s role is gathered', async () => {
    return (await loops.client.of(kinds.ClusterRole).get({ name: 'gathers' })).rules?.length === 2
  })
})
afterAll(() => loops[Symbol.asyncDispose]())

type PolicyLine = KubeObject | { kind: string; at: string; role: string; to: string[] }

async function create(line: PolicyLine): Promise<void> {
  const object = 'at' in line ? bindingOf(line) : line
  const kind = kinds.builtInKinds.find((one) => one.kind === object.kind)
  if (!kind) throw new Error(`no kind ${object.kind}`)
  const made = loops.client.of(kind)
  // Where no loop has made the namespace's account yet, the pod waits for it.
  await made.create(object)
}

function bindingOf({ at, role, to }: Extract<PolicyLine, { at: string }>): KubeObject {
  const [namespace = '', name = ''] = at.split('/')
  if (namespace) return roleBinding(at, role, ...to)
  return clusterRoleBinding(name, role.replace('ClusterRole ', ''), ...to)
}

/** `otter+class-a`, `account:shop/robot`, `node:node-1`, `nobody`. */
function userOf(who: string): { name: string; groups: string[] } {
  if (who === 'nobody') return { name: 'system:anonymous', groups: ['system:unauthenticated'] }
  const [kind = '', rest = ''] = who.split(':', 2)
  if (kind === 'node') return { name: `system:node:${rest}`, groups: ['system:nodes', 'system:authenticated'] }
  if (kind === 'account') {
    const [namespace = '', name = ''] = rest.split('/')
    return robot(namespace, name)
  }
  const [name = '', ...groups] = who.split('+')
  return { name, groups: [...groups, 'system:authenticated'] }
}

async function decide({ who, asks }: Decision): Promise<boolean> {
  const { name: user, groups } = userOf(who)
  const { isResource, path, verb, ...resourceAttributes } = question(asks)
  const asked = isResource
    ? { resourceAttributes: { ...resourceAttributes, verb } }
    : { nonResourceAttributes: { path, verb } }
  const review = (await loops.client.transport.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: { spec: { user, groups, ...asked } },
  })) as SubjectAccessReview
  return review.status?.allowed === true
}

describe('who may do what', () => {
  it.each(decisions)('$who may $asks: $isAllowed', async (decision) => {
    expect(await decide(decision)).toBe(decision.isAllowed)
  })

  it('is asked often enough, with both answers', () => {
    expect(decisions.length).toBeGreaterThan(400)
    const yes = decisions.filter(({ isAllowed }) => isAllowed).length
    expect(Math.min(yes, decisions.length - yes)).toBeGreaterThan(150)
    expect(new Set(decisions.map(({ who, asks }) => `${who} ${asks}`)).size, 'each once').toBe(decisions.length)
  })
})
