// A policy engine in a pod on a real machine, asked as a webhook about every pod: of the kind of the Open Policy Agent with
// its policies in ConfigMaps, read with the rights of its service account. What it says is what people are told, and what
// becomes of everybody's requests when it is gone is for its configuration to say.

import { beforeAll, expect, it } from 'vitest'
import { testPki } from '../server/kube/apiserver/testing/test-pki.ts'
import { type Kubectl, kubectl } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'
import { until } from './support/until.ts'

const cluster = ownCluster('e2e-policies', '--nodes', '1')
const NAME = 'engine'
const NAMESPACE = 'policies'
let kube: Kubectl

beforeAll(async () => {
  kube = kubectl('1.36', cluster.kubeconfig)
})

/** A policy says which values of which field are refused, everywhere below a path, and in which words. */
const PROGRAM = `
import http.server, json, os, re, ssl, urllib.request
own = '/var/run/secrets/kubernetes.io/serviceaccount/'
api = 'https://%s:%s' % (os.environ['KUBERNETES_SERVICE_HOST'], os.environ['KUBERNETES_SERVICE_PORT'])
trust = ssl.create_default_context(cafile=own + 'ca.crt')

def policies():
    path = '/api/v1/namespaces/%s/configmaps?labelSelector=policy' % open(own + 'namespace').read()
    token = {'Authorization': 'Bearer ' + open(own + 'token').read()}
    answer = urllib.request.urlopen(urllib.request.Request(api + path, headers=token), context=trust)
    for config in json.load(answer)['items']:
        yield from (json.loads(text) for text in config['data'].values())

def values(value, path):
    if isinstance(value, list):
        return [found for item in value for found in values(item, path)]
    if not path:
        return [value if isinstance(value, str) else '']
    return values(value.get(path[0], '') if isinstance(value, dict) else '', path[1:])

def problems(pod):
    for policy in policies():
        for value in values(pod, policy['field'].split('.')):
            if re.search(policy['refuse'], value):
                yield policy['message'] % {'value': value}

class Engine(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        self.send_response(200)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(b'{}')

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers['content-length'])))
        said = '; '.join(problems(review['request']['object']))
        review['response'] = {'uid': review['request']['uid'], 'allowed': not said, 'status': {'message': said, 'code': 403}}
        self.answer(json.dumps(review).encode())

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/etc/engine/tls.crt', '/etc/engine/tls.key')
server = http.server.ThreadingHTTPServer(('', 8443), Engine)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
`

const apply = async (...objects: object[]) => {
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  expect(await kube('apply -f -', { input: JSON.stringify(list) })).toMatchObject({ code: 0 })
}
const policy = (name: string, told: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE, labels: { policy: 'yes' } },
  data: { policy: JSON.stringify(told) },
})

async function startEngine(): Promise<{ caBundle: string }> {
  const host = `${NAME}.${NAMESPACE}.svc`
  const pki = await testPki()
  const { certPem, keyPem } = await pki.issue(host, [], [host])
  const metadata = { name: NAME, namespace: NAMESPACE }
  const labels = { app: NAME }
  const rbac = 'rbac.authorization.k8s.io'
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: NAME },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { 'tls.crt': certPem, 'tls.key': keyPem, 'engine.py': PROGRAM },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, labels },
      spec: {
        serviceAccountName: NAME,
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: NAME,
            image: 'python',
            command: ['python3', '/etc/engine/engine.py'],
            volumeMounts: [{ name: 'own', mountPath: '/etc/engine' }],
            readinessProbe: { httpGet: { scheme: 'HTTPS', port: 8443, path: '/' }, periodSeconds: 1 },
          },
        ],
        volumes: [{ name: 'own', secret: { secretName: NAME } }],
      },
    },
  )
  const { code, stdout, stderr } = await kube(`wait --for=condition=Ready pod/${NAME} -n ${NAMESPACE} --timeout=120s`, {
    timeoutMs: 150_000,
  })
  const why = async () =>
    (await kube(`describe pod ${NAME} -n ${NAMESPACE}`)).stdout + (await kube(`logs ${NAME} -n ${NAMESPACE}`)).stdout
  expect(code, code === 0 ? '' : `${stdout}${stderr}\n${await why()}`).toBe(0)
  return { caBundle: Buffer.from(pki.caPem).toString('base64') }
}

it('is asked about pods, and says why not', { timeout: 300_000 }, async () => {
  const { caBundle } = await startEngine()
  const latest = {
    field: 'spec.containers.image',
    refuse: '(^[^:]+|:latest)$',
    message: 'image %(value)s names no version',
  }
  await apply(policy('images', latest), {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: NAME },
    webhooks: [
      {
        name: 'pods.policies.example.com',
        clientConfig: { service: { namespace: NAMESPACE, name: NAME, path: '/validate' }, caBundle },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        namespaceSelector: {
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [NAMESPACE, 'kube-system'] },
          ],
        },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        timeoutSeconds: 10,
      },
    ],
  })
  const run = (name: string, image: string, more = '') => kube(`run ${name} --image=${image} ${more}`)
  const denied = 'admission webhook "pods.policies.example.com" denied the request: '
  expect((await run('bad', 'busybox:latest')).stderr).toContain(`${denied}image busybox:latest names no version`)
  expect(await run('good', 'busybox:1')).toMatchObject({ code: 0 })
  // Another policy holds from the next request on.
  await apply(
    policy('teams', { field: 'metadata.labels.team', refuse: '^$', message: 'a pod belongs to a team%(value)s' }),
  )
  expect((await run('lonely', 'busybox:1')).stderr).toContain(`${denied}a pod belongs to a team`)
  expect(await run('owned', 'busybox:1', '--labels=team=otters')).toMatchObject({ code: 0 })
  // Deployments are let through, and their pods are not: the loop says what it was told.
  await kube('create deployment web --image=nginx:latest')
  await until('the ReplicaSet says why it has no pods', async () =>
    (await kube('get events')).stdout.includes(`${denied}image nginx:latest names no version`),
  )

  expect(await kube(`delete pod ${NAME} -n ${NAMESPACE} --wait`)).toMatchObject({ code: 0 })
  const gone = await run('later', 'busybox:1', '--labels=team=otters')
  expect(gone.stderr).toMatch(
    /Internal error occurred: failed calling webhook "pods.policies.example.com": failed to call webhook: Post "https:\/\/engine\.policies\.svc:443\/validate\?timeout=10s": /,
  )
  const ignore = JSON.stringify([{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }])
  expect(await kube(`patch validatingwebhookconfiguration ${NAME} --type=json -p '${ignore}'`)).toMatchObject({
    code: 0,
  })
  expect(await run('later', 'busybox:latest')).toMatchObject({ code: 0 })
})
