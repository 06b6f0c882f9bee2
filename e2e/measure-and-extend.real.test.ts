// On a real machine: what pods use, as `kubectl top` says and the kernel counts; and an API server of somebody's own in a
// pod behind an APIService, whose kind kubectl then knows as any other.

import { beforeAll, expect, it } from 'vitest'
import { testPki } from '../server/kube/apiserver/testing/test-pki.ts'
import { type Kubectl, kubectl } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'
import { until } from './support/until.ts'

const cluster = ownCluster('e2e-measure', '--nodes', '1', '--simulated-nodes', '1')
let kube: Kubectl

beforeAll(async () => {
  kube = kubectl('1.36', cluster.kubeconfig)
})

const apply = async (...objects: object[]) => {
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  expect(await kube('apply -f -', { input: JSON.stringify(list) })).toMatchObject({ code: 0 })
}

it('says with kubectl top what the kernel counts, and of simulated pods what they are annotated to use', {
  timeout: 180_000,
}, async () => {
  const pod = (name: string, hostname: string, spec: object, annotations = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name }, annotations },
    spec: {
      nodeName: hostname,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'busybox', ...spec }],
    },
  })
  await apply(
    pod('burner', 'node-1', {
      command: ['sh', '-c', 'while :; do :; done'],
      resources: { limits: { cpu: '200m', memory: '32Mi' } },
    }),
    pod('paper', 'sim-1', {}, { 'simulated.podium.dev/cpu': '750m', 'simulated.podium.dev/memory': '48Mi' }),
  )
  expect((await kube('wait --for=condition=Ready pod --all --timeout=60s')).code).toBe(0)

  /** Seconds of processor, by the container's own look at its cgroup. */
  const counted = async () => {
    const { stdout } = await kube(
      "exec burner -- sh -c 'cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || sed -n s/usage_usec.//p /sys/fs/cgroup/cpu.stat | sed s/$/000/'",
    )
    return Number(stdout) / 1e9
  }
  /** The same, as the kubelet tells it. */
  const told = async () => {
    const { stdout } = await kube('get --raw /api/v1/nodes/node-1/proxy/metrics/resource')
    const line =
      /^container_cpu_usage_seconds_total\{container="main",namespace="default",pod="burner"\} ([\d.]+) \d+$/m
    return Number(line.exec(stdout)?.[1])
  }
  const before = await counted()
  let seconds = 0
  await until('the kubelet has looked since', async () => {
    seconds = await told()
    return seconds >= before
  })
  expect(seconds).toBeLessThanOrEqual((await counted()) + 0.01)
  const rows = async (what: string) => {
    const { stdout } = await kube(`top ${what} --no-headers`)
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
  }
  let burner: string[] = []
  await until('the burner is measured', async () => {
    burner = (await rows('pod')).find(([name]) => name === 'burner') ?? []
    return burner.length === 3
  })
  // Never more than it may have; how much less depends on who else is at work.
  const cores = (text = '') => Number(/^(\d+)m$/.exec(text)?.[1]) / 1000
  expect(cores(burner[1])).toBeGreaterThan(0)
  expect(cores(burner[1])).toBeLessThan(0.25)
  expect(burner[2]).toMatch(/^\d+Mi$/)
  // A rate is worked out from two looks, whose times are told in milliseconds.
  const about750m = expect.stringMatching(/^7[45]\dm$/)
  expect((await rows('pod -l app=paper'))[0]).toEqual(['paper', about750m, '48Mi'])
  const nodes = await rows('node')
  expect(nodes.map(([name]) => name).sort()).toEqual(['node-1', 'sim-1'])
  expect(nodes.find(([name]) => name === 'sim-1')?.slice(1, 4)).toEqual([about750m, '18%', '48Mi'])
  expect(cores(nodes.find(([name]) => name === 'node-1')?.[1])).toBeGreaterThan(0)
})

const GROUP_VERSION = 'wardle.example.com/v1alpha1'
const SCHEMA = {
  type: 'object',
  description: 'A flatfish, kept by somebody else.',
  properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, weight: { type: 'integer' } },
  'x-kubernetes-group-version-kind': [{ group: 'wardle.example.com', version: 'v1alpha1', kind: 'Flunder' }],
}
const ANSWERS = {
  [`/apis/${GROUP_VERSION}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: GROUP_VERSION,
    resources: [
      { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get', 'list'] },
    ],
  },
  [`/apis/${GROUP_VERSION}/namespaces/default/flunders`]: {
    kind: 'FlunderList',
    apiVersion: GROUP_VERSION,
    metadata: {},
    items: [{ kind: 'Flunder', apiVersion: GROUP_VERSION, metadata: { name: 'otto', namespace: 'default' } }],
  },
  [`/openapi/v3/apis/${GROUP_VERSION}`]: {
    openapi: '3.0.0',
    info: { title: 'wardle', version: '1' },
    paths: {
      [`/apis/${GROUP_VERSION}/namespaces/{namespace}/flunders`]: {
        get: {
          'x-kubernetes-action': 'list',
          'x-kubernetes-group-version-kind': { group: 'wardle.example.com', version: 'v1alpha1', kind: 'Flunder' },
          responses: {},
        },
      },
    },
    components: { schemas: { 'com.example.wardle.Flunder': SCHEMA } },
  },
}
/** Asks for the front proxy's certificate, as an API server behind another one has to. */
const PROGRAM = `
import http.server, json, ssl
answers = json.load(open('/etc/wardle/answers.json'))
class Wardle(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = dict(pair[0] for pair in self.connection.getpeercert()['subject'])
        path = self.path.split('?')[0]
        code = 403 if known.get('commonName') != 'front-proxy-client' else 200 if path in answers else 404
        body = json.dumps(answers.get(path, {'asked': self.headers.get('X-Remote-User')})).encode()
        self.send_response(code)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/etc/wardle/tls.crt', '/etc/wardle/tls.key')
context.load_verify_locations('/etc/front-proxy/requestheader-client-ca-file')
context.verify_mode = ssl.CERT_REQUIRED
server = http.server.ThreadingHTTPServer(('', 8443), Wardle)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
`

it('serves the kind of an API server in a pod, and knows it in discovery and OpenAPI', {
  timeout: 180_000,
}, async () => {
  const name = 'wardle'
  const namespace = 'kube-system'
  const pki = await testPki()
  const { certPem, keyPem } = await pki.issue(`${name}.${namespace}.svc`, [], [`${name}.${namespace}.svc`])
  const metadata = { name, namespace }
  const labels = { app: name }
  const mounts = [
    { name: 'own', mountPath: '/etc/wardle' },
    { name: 'front-proxy', mountPath: '/etc/front-proxy' },
  ]
  await apply(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: {
        'tls.crt': certPem,
        'tls.key': keyPem,
        'answers.json': JSON.stringify(ANSWERS),
        'wardle.py': PROGRAM,
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, labels },
      spec: {
        nodeName: 'node-1',
        terminationGracePeriodSeconds: 0,
        containers: [{ name, image: 'python', command: ['python3', '/etc/wardle/wardle.py'], volumeMounts: mounts }],
        volumes: [
          { name: 'own', secret: { secretName: name } },
          { name: 'front-proxy', configMap: { name: 'extension-apiserver-authentication' } },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1alpha1.wardle.example.com' },
      spec: {
        group: 'wardle.example.com',
        version: 'v1alpha1',
        groupPriorityMinimum: 1000,
        versionPriority: 15,
        service: { name, namespace },
        caBundle: Buffer.from(pki.caPem).toString('base64'),
      },
    },
  )
  const { stdout, stderr, code } = await kube(
    'wait --for=condition=Available apiservice/v1alpha1.wardle.example.com --timeout=120s',
    { timeoutMs: 150_000 },
  )
  expect(code, stdout + stderr).toBe(0)
  expect((await kube('get flunders -o name')).stdout).toBe('flunder.wardle.example.com/otto\n')
  expect((await kube('api-resources --api-group=wardle.example.com')).stdout).toMatch(
    /^flunders\s+wardle.example.com\/v1alpha1\s+true\s+Flunder$/m,
  )
  expect((await kube('explain flunder.weight')).stdout).toMatch(/FIELD: weight <integer>/)
  const raw = await kube(`get --raw /apis/${GROUP_VERSION}/nothing`)
  expect(raw.stderr).toContain('the server could not find the requested resource')
})
