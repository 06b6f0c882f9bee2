import { describe, expect, it } from 'vitest'
import { readRequestInfo } from '../request-path/request-info.ts'
import { readAuditPolicy, ruleFor } from './policy.ts'

/** The example of Kubernetes' documentation ("Auditing"), shortened to its kinds of rules. */
const POLICY = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
  resources: [{group: "", resources: [pods]}]
- level: Metadata
  resources: [{group: "", resources: [pods/log, pods/status]}]
- level: None
  resources: [{group: "", resources: [configmaps], resourceNames: [controller-leader]}]
- level: None
  users: ["system:kube-proxy"]
  verbs: [watch]
  resources: [{group: "", resources: [endpoints, services]}]
- level: None
  userGroups: ["system:authenticated"]
  nonResourceURLs: ["/api*", "/version"]
- level: Request
  resources: [{group: "", resources: [configmaps]}]
  namespaces: [kube-system]
- level: Metadata
  resources: [{group: "", resources: [secrets, configmaps]}]
- level: Request
  resources: [{group: ""}, {group: apps, resources: ["*/scale"]}]
  omitStages: [ResponseStarted]
- level: Metadata
  verbs: [delete]
`
const policy = readAuditPolicy(POLICY, 'policy.yaml')

const info = (asked: string) => {
  const [method = 'GET', url = '/'] = asked.split(' ')
  const [path = '/', query = ''] = url.split('?')
  return readRequestInfo(method, path, new URLSearchParams(query))
}
const user = (name: string, ...groups: string[]) => ({ name, groups: [...groups, 'system:authenticated'] })

describe('the first rule that fits', () => {
  const core = '/api/v1/namespaces'
  it.each([
    { asked: `GET ${core}/shop/pods/a`, level: 'RequestResponse' },
    { asked: `GET ${core}/shop/pods/a/log`, level: 'Metadata' },
    { asked: `POST ${core}/shop/pods/a/exec`, level: 'Request' },
    { asked: `GET ${core}/shop/configmaps/controller-leader`, level: undefined },
    { asked: `GET ${core}/shop/configmaps/other`, level: 'Metadata' },
    { asked: `GET ${core}/kube-system/configmaps/other`, level: 'Request' },
    { asked: 'GET /api/v1/services?watch=true', who: 'system:kube-proxy', level: undefined },
    { asked: 'GET /api/v1/services?watch=true', who: 'otter', level: 'Request' },
    { asked: 'GET /apis', level: undefined },
    { asked: 'GET /version', level: undefined },
    { asked: 'GET /healthz', level: undefined },
    { asked: `GET ${core}/shop/secrets`, level: 'Metadata' },
    { asked: 'PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale', level: 'Request' },
    { asked: 'PATCH /apis/apps/v1/namespaces/shop/deployments/web', level: undefined },
    { asked: 'DELETE /apis/apps/v1/namespaces/shop/deployments/web', level: 'Metadata' },
  ])('writes $asked of $who down at $level', ({ asked, who = 'otter', level }) => {
    expect(ruleFor(policy, user(who), info(asked))?.level).toBe(level)
  })

  it('takes a star for every group', () => {
    const all =
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, resources: [{group: "*", resources: ["*/status"]}]}]'
    const every = readAuditPolicy(all, 'p')
    expect(ruleFor(every, user('otter'), info(`PUT ${core}/shop/pods/a/status`))?.level).toBe('Metadata')
    expect(ruleFor(every, user('otter'), info('PUT /apis/apps/v1/namespaces/a/deployments/b/status'))).toBeDefined()
    expect(ruleFor(every, user('otter'), info('PUT /apis/apps/v1/namespaces/a/deployments/b'))).toBeUndefined()
  })

  it('leaves out the stages of the policy and its own', () => {
    expect(ruleFor(policy, user('otter'), info(`GET ${core}/shop/services`))?.omitStages).toEqual([
      'RequestReceived',
      'ResponseStarted',
    ])
  })

  it('takes the empty namespace for what is in none', () => {
    const only = readAuditPolicy(
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, namespaces: [""]}]',
      'p',
    )
    expect(ruleFor(only, user('otter'), info('GET /api/v1/nodes'))?.level).toBe('Metadata')
    expect(ruleFor(only, user('otter'), info('GET /api/v1/namespaces/shop/pods'))).toBeUndefined()
  })
})

it.each([
  { rule: 'level: All', words: 'rules[0].level: Unsupported value: "All"' },
  { rule: 'users: [a]', words: 'rules[0].level: Required value' },
  { rule: 'level: None, nonResourceURLs: [api]', words: "must begin with a '/' character" },
  { rule: 'level: None, nonResourceURLs: ["/a*/b"]', words: 'must be the final character of the rule' },
  { rule: 'level: None, nonResourceURLs: [/a], namespaces: [b]', words: 'cannot apply to both regular resources' },
  {
    rule: 'level: None, resources: [{resourceNames: [a]}]',
    words: 'rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource',
  },
  {
    rule: 'level: None, resources: [{group: apps/v1}]',
    words: 'rules[0].resources.group: Invalid value: "apps/v1": a lowercase RFC 1123 subdomain must consist of',
  },
  {
    rule: 'level: None, omitStages: [Later]',
    words: 'rules[0].omitStages[0]: Invalid value: "Later": allowed stages are',
  },
])('refuses {$rule}: $words', ({ rule, words }) => {
  const source = `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{${rule}}]`
  expect(() => readAuditPolicy(source, 'policy.yaml')).toThrow(words)
})

it('refuses what is no policy, or an empty one', () => {
  expect(() => readAuditPolicy('kind: Pod', 'p')).toThrow(
    'p: no kind "Pod" is registered for version ""; expected Policy of audit.k8s.io/v1',
  )
  expect(() => readAuditPolicy('apiVersion: audit.k8s.io/v1\nkind: Policy', 'p')).toThrow('illegal policy with 0 rules')
})
