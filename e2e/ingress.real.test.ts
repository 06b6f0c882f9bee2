// A door for HTTP on a real machine: the manifest that lies in every terminal, applied as it is, and real requests from outside to
// the address that the Ingress tells. Whoever answers says who it is and what it was asked.

import { request as http, type IncomingMessage } from 'node:http'
import { request as https } from 'node:https'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { type TestPki, testPki } from '../server/kube/apiserver/testing/test-pki.ts'
import { gateways, grant } from './ingress/gateways.ts'
import { kubectl, root } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'
import { until } from './support/until.ts'

const cluster = ownCluster('e2e-ingress', '--nodes', '1', '--ip-family', 'dual')
const PROGRAM = `
const answer = ({ url, headers }) => JSON.stringify({
  name: process.env.NAME, url, host: headers.host, proto: headers['x-forwarded-proto'], a: headers['x-a'], b: headers['x-b'], c: headers['x-c'],
})
const server = require('node:http').createServer((request, response) => {
  if (request.headers['x-told']) console.log('told', request.headers['x-told'], request.url)
  response.setHeader('x-own', 'mine').end(answer(request))
})
server.on('upgrade', (request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\n')
  socket.pipe(socket)
})
process.on('SIGTERM', () => server.close(() => process.exit()))
server.listen(8080)`

const app = (name: string) => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: 'server',
              image: 'podium/ingress-nginx',
              command: ['node', '-e', PROGRAM],
              env: [{ name: 'NAME', value: name }],
              readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
              // Whoever still knows the old way gets an answer while the news spreads.
              lifecycle: { preStop: { sleep: { seconds: 2 } } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  },
]
const at = (path: string, name: string, pathType = 'Prefix') => ({
  path,
  pathType,
  backend: { service: { name, port: { name: 'http' } } },
})
const ingress = (name: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name },
  spec,
})

let run: (args: string, input?: object[]) => Promise<string>
let address: string
let pki: TestPki

beforeAll(async () => {
  const kube = kubectl('1.36', cluster.kubeconfig)
  run = async (args, objects) => {
    const input = objects && { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) }
    const { code, stdout, stderr } = await kube(args, { ...input, timeoutMs: 120_000 })
    if (code !== 0) throw new Error(stderr)
    return stdout.trim()
  }
  pki = await testPki()
  const { certPem, keyPem } = await pki.issue('shop.example', [], ['shop.example'])
  const tls = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: 'shop-tls' },
    stringData: { 'tls.crt': certPem, 'tls.key': keyPem },
  }
  await run(`apply -f ${join(root, 'images', 'terminal', 'ingress-nginx.yaml')}`)
  await run('apply -f -', [
    ...app('web'),
    ...app('api'),
    tls,
    ingress('shop', {
      tls: [{ hosts: ['shop.example'], secretName: 'shop-tls' }],
      rules: [
        {
          host: 'shop.example',
          http: {
            paths: [
              at('/', 'web'),
              at('/api', 'api'),
              at('/exact', 'api', 'Exact'),
              at('/ending/', 'api', 'Exact'),
              at('/below/', 'api'),
            ],
          },
        },
        { host: '*.shop.example', http: { paths: [at('/', 'api')] } },
        { host: 'empty.example', http: { paths: [at('/', 'nobody')] } },
      ],
    }),
  ])
  await run(`apply -f ${join(root, 'images', 'terminal', 'gateway-api.yaml')}`)
  await run('wait crd --all --for condition=Established --timeout 60s')
  await run('apply -f -', gateways)
  await run('wait deployment --all --for condition=Available --timeout 120s')
  await run('-n ingress-nginx wait deployment --all --for condition=Available --timeout 120s')
  address = await until('the Ingress tells its address', () =>
    run('get ingress shop -o jsonpath={.status.loadBalancer.ingress[0].ip}'),
  )
  // That a Deployment is available is heard here before the door hears where its pods are.
  for (const path of ['/', '/api'])
    await until(`${path} is answered`, async () => (await ask('shop.example', path)).code === 200)
}, 240_000)

interface Answer {
  code: number
  text: string
}
type Heard = Answer & Pick<IncomingMessage, 'headers'>

async function ask(...asked: Parameters<typeof hear>): Promise<Answer> {
  const { code, text } = await hear(...asked)
  return { code, text }
}

function hear(
  host: string,
  path: string,
  more: { tls?: boolean; headers?: Record<string, string> } = {},
): Promise<Heard> {
  const options = { host: address, path, headers: { host, ...more.headers }, agent: false as const, timeout: 10_000 }
  return new Promise((resolve, reject) => {
    const onAnswer = (response: IncomingMessage) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text, headers: response.headers }))
    }
    const asked = more.tls ? https({ ...options, servername: host, ca: pki.caPem }, onAnswer) : http(options, onAnswer)
    asked.on('timeout', () => asked.destroy(new Error('no answer in 10 s')))
    asked.on('error', reject)
    asked.end()
  })
}

it.each([
  ['shop.example', '/', 'web'],
  ['shop.example', '/a?b=c%20d', 'web'],
  ['shop.example', '/api', 'api'],
  ['shop.example', '/api/', 'api'],
  ['shop.example', '/api/items', 'api'],
  ['shop.example', '/apis', 'web'],
  ['shop.example', '/exact', 'api'],
  ['shop.example', '/exact/', 'web'],
  ['shop.example', '/ending/', 'api'],
  ['shop.example', '/ending', 'web'],
  ['shop.example', '/ending/x', 'web'],
  ['shop.example', '/below', 'api'],
  ['eu.shop.example', '/', 'api'],
])('leads http://%s%s to %s, and changes nothing on the way', async (host, path, name) => {
  const { code, text } = await ask(host, path)
  expect(code, text).toBe(200)
  expect(JSON.parse(text)).toEqual({ name, url: path, host, proto: 'http' })
})

it.each([
  ['unknown.example', '/', 404, 'default backend - 404'],
  ['a.b.shop.example', '/', 404, 'default backend - 404'],
  ['empty.example', '/', 503, 'no endpoint is ready'],
])('answers http://%s%s with %i', async (host, path, code, text) => {
  expect(await ask(host, path)).toEqual({ code, text: `${text}\n` })
})

it('is a door of IPv6 as well, told beside the other one', async () => {
  const told = await run('get ingress shop -o jsonpath={.status.loadBalancer.ingress[*].ip}')
  const six = told.split(' ')[1]
  expect(six).toMatch(/^fd00:/)
  // Ours has no address of IPv6 on the cluster's network; a pod has.
  const call = `require("node:http").get({ host: "${six}", headers: { host: "shop.example" } }, (answer) => answer.pipe(process.stdout))`
  expect(JSON.parse(await run(`exec deploy/api -- node -e '${call}'`))).toMatchObject({ name: 'web' })
})

it('speaks TLS under the name that it has a certificate for, and under no other', async () => {
  expect(JSON.parse((await ask('shop.example', '/', { tls: true })).text)).toMatchObject({
    name: 'web',
    proto: 'https',
  })
  await expect(ask('eu.shop.example', '/', { tls: true })).rejects.toThrow(/unrecognized name|alert/)
})

it('leaves what becomes of a connection to its two ends', async () => {
  const headers = { host: 'shop.example', connection: 'Upgrade', upgrade: 'echo' }
  const asked = http({ host: address, path: '/socket', headers, agent: false })
  const echo = await new Promise<string>((resolve, reject) => {
    asked.on('upgrade', (_response, socket) => {
      socket.once('data', (chunk) => {
        resolve(String(chunk))
        socket.destroy()
      })
      socket.write('there and back')
    })
    asked.on('error', reject)
    asked.end()
  })
  expect(echo).toBe('there and back')
})

it('tells what it did, and what it cannot do, as Events', async () => {
  await until('both are told', async () => {
    const events = await run('get events --field-selector involvedObject.name=shop -o jsonpath={.items[*].message}')
    return events.includes('Scheduled for sync') && events.includes('Service "default/nobody" does not exist')
  })
})

it('leads through a Gateway by what a request brings, and by weights', async () => {
  await run('wait gateway door --for condition=Programmed --timeout 120s')
  await until('the route leads', async () => (await ask('a.gate.example', '/')).code === 200)
  const nameAt = async (headers: Record<string, string> = {}) =>
    JSON.parse((await ask('deep.a.gate.example', '/x', { headers })).text).name
  const asked = Array.from({ length: 20 }, () => nameAt({ 'x-version': 'api' }))
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['api']))
  const names: string[] = []
  for (let turn = 0; turn < 20; turn++) names.push(...(await Promise.all(Array.from({ length: 20 }, () => nameAt()))))
  // Three of four; five times the deviation to either side.
  const share = names.filter((name) => name === 'web').length / names.length
  expect(share).toBeGreaterThan(0.64)
  expect(share).toBeLessThan(0.86)
  expect(await ask('a.gate.example', '/gone')).toEqual({ code: 500, text: 'the route leads nowhere\n' })
  expect((await ask('gate.example', '/')).code).toBe(404)
})

it('changes headers, hosts and paths on the way, as a route’s filters say', async () => {
  const headers = { 'x-a': 'mine', 'x-b': 'mine', 'x-c': 'mine' }
  await until('the route leads', async () => (await ask('filters.gate.example', '/headers')).code === 200)
  const given = await hear('filters.gate.example', '/headers?q=1', { headers })
  expect(JSON.parse(given.text)).toMatchObject({ a: '$host "set"', b: 'mine,added', url: '/headers?q=1' })
  expect(JSON.parse(given.text)).not.toHaveProperty('c')
  expect(given.headers).toMatchObject({ 'x-own': 'theirs', 'x-more': '$1' })
  const ofPath = async (path: string) => JSON.parse((await ask('filters.gate.example', path, { headers })).text)
  expect(await ofPath('/old/a%20b%2Bc?q=%20')).toMatchObject({ url: '/new/a%20b+c?q=%20', host: 'inside.example' })
  expect(await ofPath('/old')).toMatchObject({ url: '/new' })
  expect(await ofPath('/bare/x')).toMatchObject({ url: '/x', host: 'filters.gate.example' })
  expect(await ofPath('/bare')).toMatchObject({ url: '/' })
  expect(await ofPath('/full/x?q=1')).toMatchObject({ url: '/all?q=1' })
})

it.each([
  ['/https?q=1', 302, 'https://filters.gate.example/https?q=1'],
  ['/moved/a%0db?q=1', 301, 'http://other.example:8080/there/a%0Db?q=1'],
  ['/kept', 308, 'http://filters.gate.example/kept/now'],
])('sends who calls %s on with %i to %s', async (path, code, location) => {
  const heard = await hear('filters.gate.example', path)
  expect([heard.code, heard.headers.location]).toEqual([code, location])
})

it('tells somebody else of a request as well', async () => {
  const told = await ask('filters.gate.example', '/told?q=1', { headers: { 'x-told': 'twice' } })
  expect(JSON.parse(told.text)).toMatchObject({ name: 'web' })
  await until('both heard it', async () => {
    const logs = await Promise.all(['web', 'api'].map((name) => run(`logs deploy/${name}`)))
    return logs.every((log) => log.includes('told twice /told?q=1'))
  })
})

it('leads to another namespace while a ReferenceGrant there permits it', async () => {
  const reason = () =>
    run(`get httproute far -o jsonpath='{.status.parents[0].conditions[?(@.type=="ResolvedRefs")].reason}'`)
  expect(await reason()).toBe('RefNotPermitted')
  expect((await ask('far.gate.example', '/')).code).toBe(500)
  await run('apply -f -', [grant])
  await until('it leads there', async () => (await ask('far.gate.example', '/')).code === 404)
  expect(await reason()).toBe('ResolvedRefs')
  await run('-n ingress-nginx delete refgrant far')
  await until('it does no longer', async () => (await ask('far.gate.example', '/')).code === 500)
  expect(await reason()).toBe('RefNotPermitted')
})

it('refuses filters that contradict each other, and says which it cannot do', async () => {
  const route = (filters: object[], more: object = {}) => [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'odd' },
      spec: { parentRefs: [{ name: 'door', sectionName: 'http' }], rules: [{ filters, ...more }] },
    },
  ]
  const redirect = { type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }
  const rewrite = { type: 'URLRewrite', urlRewrite: { hostname: 'a' } }
  await expect(run('apply -f -', route([redirect, rewrite]))).rejects.toThrow('but not both')
  await expect(run('apply -f -', route([redirect, redirect]))).rejects.toThrow(
    'RequestRedirect filter cannot be repeated',
  )
  const to = { backendRefs: [{ name: 'web', port: 80 }] }
  await expect(run('apply -f -', route([redirect], to))).rejects.toThrow('must not be used together with backendRefs')
  await run('apply -f -', route([{ type: 'CORS', cors: { allowOrigins: ['*'] } }], to))
  await until('it is told', async () => {
    const told = await run('get httproute odd -o jsonpath={.status.parents[0].conditions[0]}')
    return told.includes('"UnsupportedValue"') && told.includes('filters are not supported: CORS')
  })
})

it('tells a Gateway and its route what became of them', async () => {
  const path = '{range .status.listeners[*]}{.name}={.attachedRoutes},{.conditions[?(@.type=="Accepted")].reason} {end}'
  expect(await run(`get gateway door -o jsonpath='${path}'`)).toBe('http=3,Accepted tcp=0,UnsupportedProtocol')
  expect(await run('get gateway door')).toMatch(new RegExp(`door +nginx +${address} +True`))
  const reasons = '{.status.parents[0].conditions[*].reason}'
  expect(await run(`get httproute split -o jsonpath='${reasons}'`)).toBe('Accepted BackendNotFound')
})

it('follows the cluster, and loses no request while its pods are replaced', async () => {
  let isOver = false
  const answers: Answer[] = []
  const asking = (async () => {
    while (!isOver) answers.push(await ask('shop.example', '/'))
  })()
  await run('scale deployment web --replicas 3')
  await run('rollout restart deployment web')
  await run('rollout status deployment web --timeout 120s')
  isOver = true
  await asking
  expect(answers.length).toBeGreaterThan(50)
  expect(answers.filter(({ code }) => code !== 200)).toEqual([])
  await until('the door knows three of web, and one of api', async () => {
    const config = await run('-n ingress-nginx exec deploy/ingress-nginx-controller -- cat /etc/nginx/nginx.conf')
    return config.match(/^ +server 10\..*:8080;$/gm)?.length === 4
  })

  await run('delete ingress shop')
  await until('the door knows nothing of it', async () => (await ask('shop.example', '/')).code === 404)
})
