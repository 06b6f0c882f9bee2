import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { decide } from './cycle.ts'
import { NodeList } from './node-list.ts'
import { defaultPlugins } from './plugins/index.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit.ts'
import { buildProfile } from './profile.ts'
import { readSchedulerConfiguration } from './scheduler-configuration.ts'
import { asking, GI, node, pod, world } from './testing/pods-and-nodes.ts'

const HEAD = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n'
const read = (text: string) => readSchedulerConfiguration(HEAD + text, 'scheduler.yaml')

function profiles(text: string) {
  const { profiles: told, percentageOfNodesToScore } = read(text)
  return told.map((profile) => {
    return buildProfile(profile, defaultPlugins(world, profile.pluginConfig), percentageOfNodesToScore)
  })
}
const names = (text: string) => profiles(text).map(({ plugins }) => plugins.map(({ name }) => name))

it('packs nodes in one profile and spreads in the other', () => {
  const [spreads, packs] = profiles(`
profiles:
- schedulerName: default-scheduler
- schedulerName: bin-packing
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: MostAllocated
        resources: [{name: cpu, weight: 1}]
  plugins:
    score:
      disabled: [{name: NodeResourcesBalancedAllocation}]
`)
  const nodes = () => [node('empty'), node('half', { on: [asking('2', `${GI}`)] })]
  const chosen = (profile: typeof spreads) =>
    decide(asking('1', `${GI}`), new NodeList(nodes()), { plugins: profile!.plugins, random: () => 0.9, startAt: 0 })
      .chosen
  expect(chosen(spreads)).toBe('empty')
  expect(chosen(packs)).toBe('half')
})

it.each([
  { used: '1', score: 25 }, // a quarter used: from 0 at 0 % to 10 at 100 %
  { used: '2', score: 50 },
  { used: '4', score: 100 },
])('scores by a curve: $used of 4 is $score', ({ used, score }) => {
  const [profile] = profiles(`
profiles:
- pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{name: cpu, weight: 1}]
        requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]}
`)
  const fit = profile?.plugins.find(({ name }) => name === 'NodeResourcesFit')
  const [state, what] = [new Map(), asking(used)]
  fit?.preFilter?.(state, what, new NodeList([]))
  expect(fit?.score?.(state, what, node('a'))).toBe(score)
})

it.each([
  ['LeastAllocated', '', 58], // (50 + 67) / 2
  ['MostAllocated', '', 41], // (50 + 33) / 2
  // What would be worth nothing does not count.
  [
    'RequestedToCapacityRatio',
    '{utilization: 0, score: 0}, {utilization: 40, score: 0}, {utilization: 100, score: 10}',
    16,
  ],
  ['RequestedToCapacityRatio', '{utilization: 0, score: 0}, {utilization: 100, score: 10}', 42], // 41.5
])('scores by what nodes have, %s %s', (type, shape, score) => {
  const curve = shape ? `requestedToCapacityRatio: {shape: [${shape}]}` : ''
  const [profile] = profiles(`
profiles:
- pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: ${type}
        resources: [{name: cpu, weight: 1}, {name: ephemeral-storage, weight: 1}, {name: memory, weight: 9}]
        ${curve}
`)
  const fit = profile?.plugins.find(({ name }) => name === 'NodeResourcesFit')
  const on = node('a')
  on.setNode({ ...on.node, status: { allocatable: { cpu: '4', 'ephemeral-storage': '9Gi' } } })
  on.addPod(pod({ containers: [{ name: 'c', resources: { requests: { 'ephemeral-storage': '3Gi' } } }] }))
  const [state, what] = [new Map(), asking('1900m')]
  fit?.preFilter?.(state, what, new NodeList([]))
  // The pod that is there asks for no processor: it is assumed to take a tenth.
  expect(fit?.score?.(state, what, on)).toBe(score)
})

it.each([
  ['by what others wish', '{}', [0, 100]],
  ['not where they are not to be heard', '{ignorePreferredTermsOfExistingPods: true}', undefined],
  ['not by what must be, where that weighs nothing', '{hardPodAffinityWeight: 0}', [0, 100]],
])('scores a pod without wishes %s', (_what, args, scores) => {
  const [profile] = profiles(`profiles: [{pluginConfig: [{name: InterPodAffinity, args: ${args}}]}]`)
  const plugin = profile?.plugins.find(({ name }) => name === 'InterPodAffinity')
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } }
  const must = pod({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } })
  const wish = { weight: 1, podAffinityTerm: term }
  const may = pod({ affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [wish] } } })
  const nodes = [node('a', { on: args.includes('0') ? [must, must] : [] }), node('b', { on: [may] })]
  const [state, what] = [new Map(), pod({}, { app: 'db' })]
  const isAsked = plugin?.preScore?.(state, what, nodes, new NodeList(nodes))
  const told = nodes.map((one) => ({ node: one, score: plugin?.score?.(state, what, one) ?? 0 }))
  plugin?.normalize?.(state, what, told)
  expect(isAsked ? told.map(({ score }) => score) : undefined).toEqual(scores)
})

it('packs where more is taken than there is', () => {
  const strategy = { type: 'MostAllocated' as const, resources: [{ name: 'cpu', weight: 1 }] }
  const fit = nodeResourcesFit(
    { scoringStrategy: strategy, ignoredResources: [], ignoredResourceGroups: [] },
    { classServing: () => undefined },
  )
  const [state, what] = [new Map(), pod()]
  fit.preFilter?.(state, what, new NodeList([]))
  expect(fit.score?.(state, what, node('a', { cpu: '50m' }))).toBe(100)
})

it.each([
  // Half of cpu and of memory; a quarter of the extended resource, where it is told to look at that. 75 for no change.
  ['two resources', '', 75],
  ['three', '{name: cpu}, {name: memory}, {name: example.com/gpu}', 69],
  ['one', '{name: cpu}', 75],
  ['none that the node has', '{name: example.com/tpu}', 75],
])('balances %s', (_what, resources, score) => {
  const args = resources ? `{resources: [${resources}]}` : '{}'
  const [profile] = profiles(`profiles: [{pluginConfig: [{name: NodeResourcesBalancedAllocation, args: ${args}}]}]`)
  const plugin = profile?.plugins.find(({ name }) => name === 'NodeResourcesBalancedAllocation')
  const on = node('a')
  on.setNode({ ...on.node, status: { allocatable: { cpu: '4', memory: '8Gi', 'example.com/gpu': '4' } } })
  const requests = { cpu: '2', memory: '4Gi', 'example.com/gpu': '1', 'example.com/tpu': '1' }
  const state = new Map()
  const what = pod({ containers: [{ name: 'c', resources: { requests } }] })
  expect(plugin?.preScore?.(state, what, [on], new NodeList([on]))).toBe(true)
  expect(plugin?.score?.(state, what, on)).toBe(score)
})

it('takes plug-ins away at one stage, at all, or all but some, and weighs others anew', () => {
  const [[noTaints], [onlyName], [heavy]] = [
    names('profiles: [{plugins: {multiPoint: {disabled: [{name: TaintToleration}]}}}]'),
    names(
      "profiles: [{plugins: {multiPoint: {disabled: [{name: '*'}], enabled: [{name: NodeName}, {name: DefaultBinder}]}}}]",
    ),
    profiles(
      'profiles: [{plugins: {score: {enabled: [{name: NodeAffinity, weight: 7}]}, filter: {disabled: [{name: NodeAffinity}]}}}]',
    ),
  ]
  expect(noTaints).not.toContain('TaintToleration')
  expect(onlyName).toEqual(['NodeName', 'DefaultBinder'])
  const affinity = heavy?.plugins.find(({ name }) => name === 'NodeAffinity')
  expect(affinity).toMatchObject({ weight: 7 })
  expect(affinity?.filter).toBeUndefined()
  expect(affinity?.score).toBeDefined()
})

it('adds an affinity of the profile to that of every pod', () => {
  const [profile] = profiles(`
profiles:
- pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [web]}]}]
        preferredDuringSchedulingIgnoredDuringExecution:
        - {weight: 5, preference: {matchExpressions: [{key: disk, operator: Exists}]}}
`)
  const [web, fast] = [{ pool: 'web' }, { pool: 'web', disk: 'ssd' }]
  const nodes = new NodeList([
    node('db'),
    node('web', { labels: web }),
    node('fast', { labels: fast, on: [asking('1')] }),
  ])
  const { chosen, rejections } = decide(pod(), nodes, { plugins: profile!.plugins, random: () => 0.9, startAt: 0 })
  expect(chosen).toBe('fast')
  expect(rejections.get('db')?.reasons).toEqual(["node(s) didn't match scheduler-enforced node affinity"])
})

it('leaves resources to others, by name or by group, or because an extender sees to them', () => {
  const wanted = { 'example.com/gpu': '1', 'other.org/a': '1' }
  const what = pod({ containers: [{ name: 'c', resources: { requests: wanted } }] })
  const decided = (text: string, seenToByExtenders: string[] = []) => {
    const { profiles: told } = read(text)
    const { plugins } = buildProfile(
      told[0]!,
      defaultPlugins({ ...world, seenToByExtenders }, told[0]!.pluginConfig),
      0,
    )
    return decide(what, new NodeList([node('a')]), { plugins, random: () => 0.9, startAt: 0 })
  }
  const ignoring = (args: string) => `profiles: [{pluginConfig: [{name: NodeResourcesFit, args: ${args}}]}]`
  expect(decided('').message).toContain('1 Insufficient example.com/gpu, 1 Insufficient other.org/a')
  expect(decided(ignoring('{ignoredResources: [example.com/gpu]}')).message).toContain(': 1 Insufficient other.org/a.')
  expect(decided(ignoring('{ignoredResourceGroups: [example.com]}'), ['other.org/a']).chosen).toBe('a')
})

it('reads what upstream’s own examples say: all stages, and of the process around it', () => {
  const [usual, unscored] = profiles(`
parallelism: 16
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: /etc/kubernetes/scheduler.conf, qps: 100, burst: 200}
enableProfiling: true
profiles:
- schedulerName: default-scheduler
  plugins:
    queueSort: {enabled: [{name: PrioritySort}]}
    multiPoint: {enabled: [{name: SchedulingGates}]}
- schedulerName: no-scoring-scheduler
  plugins:
    queueSort: {enabled: [{name: PrioritySort}]}
    preScore: {disabled: [{name: '*'}]}
    score: {disabled: [{name: '*'}]}
    preEnqueue: {disabled: [{name: DynamicResources}]}
`)
  const having = (profile: typeof usual, member: 'score' | 'filter' | 'preEnqueue') =>
    profile?.plugins.filter((plugin) => plugin[member]).length
  expect(having(usual, 'score')).toBeGreaterThan(0)
  expect(having(unscored, 'score')).toBe(0)
  expect(having(usual, 'preEnqueue')).toBe(1)
  expect(having(unscored, 'preEnqueue')).toBe(0)
  expect(having(unscored, 'filter')).toBe(having(usual, 'filter'))
})

it('gives others as long to bind volumes as it is told', () => {
  const [profile] = read('profiles: [{pluginConfig: [{name: VolumeBinding, args: {bindTimeoutSeconds: 30}}]}]').profiles
  expect(profile?.pluginConfig.VolumeBinding).toEqual({ bindTimeoutSeconds: 30 })
})

it('takes weights, percentages and back-off from the file', () => {
  const told = read('percentageOfNodesToScore: 30\npodInitialBackoffSeconds: 2\npodMaxBackoffSeconds: 20\n')
  expect(told).toMatchObject({ podInitialBackoffSeconds: 2, podMaxBackoffSeconds: 20 })
  expect(profiles('percentageOfNodesToScore: 30')[0]?.percentageOfNodesToScore).toBe(30)
  const many = Array.from({ length: 400 }, (_, at) => node(`n${at}`))
  const [profile] = profiles('percentageOfNodesToScore: 30')
  expect(decide(pod(), new NodeList(many), { ...profile!, random: () => 0.5, startAt: 0 }).looked).toBe(120)
})

it.each([
  ['profiles: [{schedulerNam: x}]', /profiles\.0: Unrecognized key: "schedulerNam"/],
  ['profiles: [{schedulerName: a}, {schedulerName: a}]', /two profiles have the same schedulerName/],
  [
    'profiles: [{pluginConfig: [{name: NodeName, args: {}}]}]',
    /profiles\.0\.pluginConfig\.0\.name: "NodeName" takes no arguments/,
  ],
  [
    'profiles: [{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 500}}]}]',
    /pluginConfig\.0\.args\.hardPodAffinityWeight: Too big/,
  ],
  [
    'profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: RequestedToCapacityRatio}}}]}]',
    /requestedToCapacityRatio\.shape is needed/,
  ],
  [
    'profiles: [{pluginConfig: [{name: NodeResourcesBalancedAllocation, args: {resources: [{name: cpu, weight: 2}]}}]}]',
    /pluginConfig\.0\.args\.resources\.0\.weight: resource weight not in valid range \[1, 1\]/,
  ],
  ['parallelism: 0', /parallelism: Too small/],
  ['leaderElection: {resourceLock: endpoints}', /leaderElection\.resourceLock: resourceLock value must be "leases"/],
  [
    'profiles: [{pluginConfig: [{name: VolumeBinding, args: {}}, {name: VolumeBinding, args: {}}]}]',
    /pluginConfig\.1: Duplicate value: "VolumeBinding"/,
  ],
  [
    'profiles: [{pluginConfig: [{name: NodeResourcesBalancedAllocation, args: {resources: [{name: cpu}, {name: cpu}]}}]}]',
    /args\.resources: Duplicate value/,
  ],
  [
    `profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: LeastAllocated,
      requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}]}}}}]}]`,
    /scoringStrategy\.requestedToCapacityRatio: Forbidden: must be nil when type is not RequestedToCapacityRatio/,
  ],
  [
    `profiles: [{pluginConfig: [{name: DefaultPreemption, args: {minCandidateNodesPercentage: 0,
      minCandidateNodesAbsolute: 0}}]}]`,
    /minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute/,
  ],
  ['podInitialBackoffSeconds: 30', /podMaxBackoffSeconds: must be greater than or equal to PodInitialBackoffSeconds/],
  ['profiles: [', /scheduler\.yaml: .*/],
])('refuses %s', (text, message) => {
  expect(() => read(text)).toThrow(message)
})

it('refuses plug-ins that are not there, and profiles that cannot bind', () => {
  expect(() => names('profiles: [{plugins: {filter: {enabled: [{name: Mine}]}}}]')).toThrow(
    /there is no plug-in "Mine"; there are/,
  )
  expect(() => names("profiles: [{plugins: {bind: {disabled: [{name: '*'}]}}}]")).toThrow(
    /at least one bind plugin is needed/,
  )
})

it('spreads pods that say nothing of it as strictly as it is told', () => {
  const spread = (defaultingType: string) => `
profiles:
- pluginConfig:
  - name: PodTopologySpread
    args:
      defaultConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: DoNotSchedule}]
      defaultingType: ${defaultingType}
`
  const [profile] = profiles(spread('List'))
  const labels = { spread: 'yes' }
  const nodes = [
    node('a', { labels: { zone: 'x' }, on: [pod({}, labels)] }),
    node('b', { labels: { zone: 'y' }, cpu: '1' }),
  ]
  const goes = (what: Pod) => decide(what, new NodeList(nodes), { ...profile!, random: () => 0.9, startAt: 0 })
  const containers = [{ name: 'c', resources: { requests: { cpu: '2' } } }]
  expect(goes(pod({ containers }, labels)).message).toContain("node(s) didn't match pod topology spread constraints")
  expect(goes(pod({}, labels)).chosen).toBe('b')
  expect(goes(pod({ containers })).chosen).toBe('a')
  const own = {
    topologyKey: 'zone',
    maxSkew: 9,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
  }
  expect(goes(pod({ containers, topologySpreadConstraints: [own] }, labels)).chosen).toBe('a')
  expect(() => profiles(spread('System'))).toThrow('when .defaultConstraints are not empty')
})
