import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Pod } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { NodeList } from '../node-list.ts'
import { asking, GI, node, pluginsOf, pod, world } from '../testing/pods-and-nodes.ts'
import { decideWithExtenders } from './extended-cycle.ts'
import { Extender, openExtenders } from './extender.ts'
import { extenderConfiguration, extendersConfiguration } from './extender-configuration.ts'

let server: Server
let urlPrefix: string
/** What the extender answers to each verb, and what it was asked. */
let answers: Record<string, unknown>
let asked: { url: string; body: Record<string, unknown> }[]

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = request.url ?? ''
    const body = JSON.parse(Buffer.concat(chunks).toString())
    asked.push({ url, body })
    const told = answers[url.slice('/scheduler/'.length)]
    const answer = typeof told === 'function' ? told(body) : told
    if (answer === undefined) response.writeHead(500).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  urlPrefix = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scheduler`
})
afterAll(() => server.close())
beforeEach(() => {
  answers = {}
  asked = []
})

const open = (told: object) => {
  const verbs = { filterVerb: 'filter', prioritizeVerb: 'prioritize', weight: 2, nodeCacheCapable: true }
  return new Extender(extenderConfiguration.parse({ urlPrefix, ...verbs, ...told }))
}
const decide = (what: Pod, nodes: NodeList, ...extenders: Extender[]) => {
  const plugins = pluginsOf(world)
  return decideWithExtenders(what, nodes, { plugins, random: () => 0.99, startAt: 0 }, extenders)
}
const list = (...names: string[]) => new NodeList(names.map((name) => node(name)))

it('asks with names where the extender knows the nodes itself, and lets it choose by its own scores', async () => {
  answers = { filter: { NodeNames: ['a', 'b'], FailedNodes: { c: 'no gpu' } }, prioritize: [{ Host: 'b', Score: 7 }] }
  using extender = open({})
  const decision = await decide(pod(), list('a', 'b', 'c'), extender)
  expect(asked.map(({ url }) => url)).toEqual(['/scheduler/filter', '/scheduler/prioritize'])
  expect(asked[0]?.body).toMatchObject({ Pod: { metadata: { namespace: 'default' } }, NodeNames: ['a', 'b', 'c'] })
  expect(asked[1]?.body).toMatchObject({ NodeNames: ['a', 'b'] })
  expect(decision.chosen).toBe('b')
  const b = decision.scores.told().find(({ name }) => name === 'b')
  // Ten of an extender's points are a hundred of ours.
  expect(b?.scores[`Extender ${urlPrefix}`]).toEqual({ raw: 7, weighted: 140 })
  expect(decision.rejections.get('c')).toMatchObject({ plugin: 'Extender', reasons: ['no gpu'], unresolvable: false })
})

it('sends whole nodes to one that knows none, and reads field names in any case', async () => {
  answers = { filter: { nodes: { items: [{ metadata: { name: 'a' } }] }, failedAndUnresolvableNodes: { b: 'never' } } }
  using extender = open({ nodeCacheCapable: false })
  const decision = await decide(pod(), list('a', 'b'), extender)
  expect(asked[0]?.body).toMatchObject({ Nodes: { items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] } })
  expect(decision.chosen).toBe('a')
  expect(decision.rejections.get('b')).toMatchObject({ reasons: ['never'], unresolvable: true })
})

it('says in the message of the pod what extenders refused, and may be woken by anything', async () => {
  answers = { filter: { NodeNames: [], FailedNodes: { a: 'no gpu' } } }
  using extender = open({})
  const decision = await decide(pod(), list('a', 'b'), extender)
  expect(decision.message).toMatch(/^0\/2 nodes are available: 1 no gpu\. /)
  expect(decision.rejectedBy).toEqual(new Set(['Extender']))
})

it.each([
  ['answers with an error', { filter: { Error: 'out of order' } }, 'out of order'],
  ['cannot be asked', {}, /failed filter with extender at URL http.*\/scheduler\/filter, code 500/],
  [
    'names a node nobody asked about',
    { filter: { NodeNames: ['z'] } },
    /claims a filtered node "z" which is not found/,
  ],
])('fails the attempt when an extender %s, unless it is ignorable', async (_, told, message) => {
  answers = told
  using extender = open({})
  using ignorable = open({ ignorable: true })
  await expect(decide(pod(), list('a'), extender)).rejects.toThrow(message)
  expect((await decide(pod(), list('a'), ignorable)).chosen).toBe('a')
})

it('looks at all nodes where extenders would not have a pod on the one that was promised to it', async () => {
  const but = (name: string) => (body: { NodeNames: string[] }) => ({
    NodeNames: body.NodeNames.filter((one) => one !== name),
  })
  using extender = open({ prioritizeVerb: '' })
  const promised = { ...pod(), status: { nominatedNodeName: 'b' } }
  answers = { filter: but('a') }
  expect((await decide(promised, list('a', 'b'), extender)).chosen).toBe('b')
  expect(asked).toHaveLength(1)
  answers = { filter: but('b') }
  expect((await decide(promised, list('a', 'b'), extender)).chosen).toBe('a')
})

it('asks only about pods that ask for what the extender manages', () => {
  using extender = open({ managedResources: [{ name: 'example.com/gpu', ignoredByScheduler: true }] })
  const gpu = pod({ containers: [{ name: 'c', resources: { limits: { 'example.com/gpu': '1' } } }] })
  expect([pod(), gpu].map((what) => extender.isInterestedIn(what))).toEqual([false, true])
})

it('lets an extender take back places that preemption found, and choose other victims', async () => {
  const of = (name: string) => {
    const made = asking('3', `${GI}`, { priority: 1 })
    return { ...made, metadata: { ...made.metadata, name, uid: name } }
  }
  const nodes = new NodeList([node('a', { on: [of('x')] }), node('b', { on: [of('y')] })])
  answers = {
    filter: { NodeNames: [] },
    preempt: { NodeNameToMetaVictims: { b: { Pods: [{ UID: 'y' }], NumPDBViolations: 1 } } },
  }
  using extender = open({ preemptVerb: 'preempt', filterVerb: '' })
  const decision = await decide(asking('2', '0', { priority: 9 }), nodes, extender)
  expect(asked[0]?.body).toMatchObject({ NodeNameToMetaVictims: { a: { Pods: [{ UID: 'x' }] } } })
  expect(decision.postFilter?.preemption).toMatchObject({
    node: 'b',
    violations: 1,
    victims: [{ metadata: { uid: 'y' } }],
  })
  answers.preempt = { NodeNameToMetaVictims: {} }
  const none = await decide(asking('2', '0', { priority: 9 }), nodes, extender)
  expect(none.postFilter?.preemption).toBeUndefined()
  expect(none.message).toContain('no candidate node for preemption')
})

it('binds with the names upstream uses', async () => {
  answers = { bind: { Error: 'taken' } }
  using extender = open({ bindVerb: 'bind' })
  const what = { metadata: { name: 'web', namespace: 'default', uid: '1' } }
  await expect(extender.bind(what, 'a')).rejects.toThrow('taken')
  expect(asked[0]?.body).toEqual({ PodName: 'web', PodNamespace: 'default', PodUID: '1', Node: 'a' })
})

it('asks those that can be ignored last', () => {
  const told = extendersConfiguration.parse([
    { urlPrefix: 'http://first', ignorable: true },
    { urlPrefix: 'http://second' },
  ])
  const extenders = openExtenders(told)
  expect(extenders.map(({ url }) => url)).toEqual(['http://second', 'http://first'])
  for (const extender of extenders) extender[Symbol.dispose]()
})

it.each([
  [[{ urlPrefix: 'nowhere' }], 'extender url-prefix must be an absolute URL'],
  [[{ urlPrefix: 'http://x', prioritizeVerb: 'p' }], 'must have a positive weight applied to it'],
  [[{ urlPrefix: 'http://x', httpTimeout: 'soon' }], '"soon" is no length of time'],
  [
    [
      { urlPrefix: 'http://x', bindVerb: 'b' },
      { urlPrefix: 'http://y', bindVerb: 'b' },
    ],
    'only one extender can implement bind, found 2',
  ],
])('refuses what makes no sense: %j', (told, message) => {
  const { error } = extendersConfiguration.safeParse(told)
  expect(error?.issues.map((issue) => issue.message)).toContain(message)
})
