// The floor plan of ARCHITECTURE.md as rules. All of them are errors and none has an exemption:
// if one is in the way, the plan is wrong (write a page in docs/decisions/) or the import is.

const kube = '^server/kube/'
const room = (name) => `${kube}${name}/`
const COMPONENTS = [
  'apiserver',
  'controllers',
  'scheduler',
  'kubelet',
  'kube-proxy',
  'network',
  'network-policy',
  'dns',
  'haproxy',
  'ingress',
]

// Lowest floor first; a room may import from floors below its own and from itself.
const FLOORS = [
  ['apimachinery'],
  ['kinds', 'schemas', 'cel'],
  ['store', 'client', 'container-runtime', 'node-os'],
  COMPONENTS,
  ['cluster'],
]

const upward = FLOORS.slice(0, -1).flatMap((rooms, floor) =>
  rooms.map((from) => ({
    name: `imports-go-down: ${from}`,
    comment: 'A room may only use rooms on the floors below it.',
    severity: 'error',
    from: { path: room(from), pathNot: '\\.test\\.ts$' },
    to: {
      path: FLOORS.slice(floor + 1)
        .flat()
        .map(room),
    },
  })),
)

const strangers = COMPONENTS.map((from) => ({
  name: `components-meet-through-the-api: ${from}`,
  comment: 'Components never import each other. As in a real cluster they meet only through the API.',
  severity: 'error',
  from: { path: room(from), pathNot: '\\.test\\.ts$' },
  to: { path: COMPONENTS.filter((to) => to !== from).map(room) },
}))

module.exports = {
  forbidden: [
    ...upward,
    ...strangers,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'base-knows-nothing',
      severity: 'error',
      from: { path: '^server/base/' },
      to: { path: '^(server/(?!base/)|app/|labs/)' },
    },
    {
      name: 'kube-knows-no-classroom',
      comment: 'Wing 1 stands without any classroom, web or database.',
      severity: 'error',
      from: { path: kube },
      to: {
        path: ['^server/(classroom|machines|observe)/', '^app/', '^labs/', 'node_modules/(next|react|@trpc|@prisma)/'],
      },
    },
    {
      name: 'only-the-api-server-opens-the-store',
      comment: 'cluster/ wires it, the API server uses it, nobody else knows it is there.',
      severity: 'error',
      from: { path: '^(server|app)/', pathNot: [room('store'), room('apiserver'), room('cluster'), '\\.test\\.ts$'] },
      to: { path: room('store') },
    },
    {
      name: 'controllers-are-strangers-to-each-other',
      severity: 'error',
      from: { path: `${room('controllers')}([^/]+)/`, pathNot: '\\.test\\.ts$' },
      to: { path: `${room('controllers')}[^/]+/`, pathNot: `${room('controllers')}$1/` },
    },
    {
      name: 'machines-know-no-learner',
      severity: 'error',
      from: { path: '^server/machines/' },
      to: { path: ['^server/(classroom|observe)/', '^app/', '^labs/'] },
    },
    {
      name: 'observe-only-watches',
      severity: 'error',
      from: { path: '^server/observe/' },
      to: { path: ['^server/(classroom|machines)/', '^app/', '^labs/'] },
    },
    {
      name: 'wings-are-entered-by-the-front-door',
      comment: 'The classroom and the pages use a wing only through an index.ts.',
      severity: 'error',
      from: { path: '^(server/classroom|app|labs)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^server/(kube|machines|observe)/',
        pathNot: ['^server/(kube/[^/]+|machines|observe)/index\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'pages-import-only-types-from-the-server',
      severity: 'error',
      from: { path: '^app/' },
      to: { path: '^server/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'server-knows-no-pages',
      severity: 'error',
      from: { path: '^server/' },
      to: { path: '^app/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^prisma/generated' },
    tsConfig: { fileName: 'tsconfig.json' },
  },
}
