// Pods and Services through the API server's proxy: every form of their names, every method, pages whose addresses are told anew;
// and slices made by hand that lead to the same ports.

import { expect, it } from 'vitest'
import { testPki } from '../../server/kube/apiserver/testing/test-pki.ts'
import { ASK } from '../support/packet-pods.ts'
import { until } from '../support/until.ts'
import { pod, type Seat, secret } from './seat.ts'

const NAMESPACE = '/api/v1/namespaces/default'
/** What is said at each port; at 81 the method by which it was asked for. */
const PORTER = `
import json, ssl, threading
from http.server import *
PLAIN = {80: '<a href="/rewriteme">test</a>', 81: None, 160: 'foo', 162: 'bar', 1080: '<a href="/rewriteme">test</a>'}
TLS = {443: '<a href="/tlsrewriteme">test</a>', 460: 'tls baz', 462: 'tls qux'}
def serve(port, says, context):
  class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
      body = (says or json.dumps({"Method": self.command, "Body": "foo"})).encode()
      self.send_response(200); self.send_header("Content-Length", str(len(body)))
      self.send_header("Content-Type", "text/html" if says and says[0] == "<" else "text/plain"); self.end_headers()
      if self.command != "HEAD": self.wfile.write(body)
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer
  server = ThreadingHTTPServer(("", port), Handler)
  if context: server.socket = context.wrap_socket(server.socket, server_side=True)
  threading.Thread(target=server.serve_forever).start()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tls/pair.pem")
for port, says in TLS.items(): serve(port, says, context)
for port, says in PLAIN.items(): serve(port, says, None)`

export async function proxiedPods(): Promise<readonly object[]> {
  const { certPem, keyPem } = await (await testPki()).issue('porter')
  const ports = { first: 80, dest1: 160, dest2: 162, tlsdest1: 460, tlsdest2: 462 }
  return [
    secret('porter', { 'pair.pem': `${certPem}\n${keyPem}` }),
    pod(
      'porter',
      {
        volumes: [{ name: 'tls', secret: { secretName: 'porter' } }],
        containers: [
          {
            name: 'porter',
            image: 'python',
            command: ['python3', '-c', PORTER],
            ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
            volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
            readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1, timeoutSeconds: 10 },
          },
        ],
      },
      { labels: { app: 'porter' } },
    ),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'porter' },
      spec: {
        selector: { app: 'porter' },
        ports: [
          { name: 'portname1', port: 80, targetPort: 'dest1' },
          { name: 'portname2', port: 81, targetPort: 162 },
          { name: 'tlsportname1', port: 443, targetPort: 'tlsdest1' },
          { name: 'tlsportname2', port: 444, targetPort: 462 },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'test-service' },
      spec: { selector: { app: 'porter' }, ports: [{ port: 80, targetPort: 81 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'by-hand' },
      spec: {
        ports: [
          { name: 'one', port: 80 },
          { name: 'two', port: 81 },
        ],
      },
    },
  ]
}

export function proxied(seat: () => Seat): void {
  it('Proxy should proxy through a service and a pod', async () => {
    const { api, ready } = seat()
    await ready('porter')
    await until('the service has an endpoint', async () =>
      (await api.ask('GET', `${NAMESPACE}/endpoints/porter`)).text.includes('"addresses"'),
    )
    const link = (path: string, to: string) => `<a href="${path}${to}">test</a>`
    const of = (name: string) => `${NAMESPACE}/pods/${name}/proxy`
    const wanted = {
      [`${NAMESPACE}/services/porter:portname1/proxy/`]: 'foo',
      [`${NAMESPACE}/services/http:porter:portname1/proxy/`]: 'foo',
      [`${NAMESPACE}/services/porter:portname2/proxy/`]: 'bar',
      [`${NAMESPACE}/services/http:porter:portname2/proxy/`]: 'bar',
      [`${NAMESPACE}/services/https:porter:tlsportname1/proxy/`]: 'tls baz',
      [`${NAMESPACE}/services/https:porter:tlsportname2/proxy/`]: 'tls qux',
      [`${of('porter')}/`]: link(of('porter'), '/rewriteme'),
      [`${of('porter:1080')}/`]: link(of('porter:1080'), '/rewriteme'),
      [`${of('http:porter:1080')}/`]: link(of('http:porter:1080'), '/rewriteme'),
      [`${of('porter:160')}/`]: 'foo',
      [`${of('http:porter:162')}/`]: 'bar',
      [`${of('https:porter:443')}/`]: link(of('https:porter:443'), '/tlsrewriteme'),
      [`${of('https:porter:460')}/`]: 'tls baz',
      [`${of('https:porter:462')}/`]: 'tls qux',
    }
    const heard = await Promise.all(
      Object.keys(wanted).map(async (path) => [path, (await api.ask('GET', path)).text] as const),
    )
    expect(Object.fromEntries(heard)).toEqual(wanted)
  })

  it('Proxy: valid responses are returned for both pod and service, by each method, with and without a path', async () => {
    const { api } = seat()
    await until('the service has an endpoint', async () =>
      (await api.ask('GET', `${NAMESPACE}/endpoints/test-service`)).text.includes('"addresses"'),
    )
    const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']
    for (const proxy of [`${NAMESPACE}/pods/porter:81/proxy`, `${NAMESPACE}/services/test-service/proxy`]) {
      for (const method of METHODS) {
        const said =
          method === 'HEAD' ? '' : JSON.stringify({ Method: method, Body: 'foo' }).replaceAll(/([:,])/g, '$1 ')
        const answer = await api.ask(method, `${proxy}/some/path/with/${method}`)
        expect({ method, code: answer.code, text: answer.text }).toEqual({ method, code: 200, text: said })
        const bare = await api.ask(method, `${proxy}?method=${method}`)
        expect({ method, code: bare.code }).toEqual({ method, code: method === 'GET' || method === 'HEAD' ? 301 : 200 })
      }
    }
  })

  it('EndpointSlice should support a Service with multiple ports and addresses in multiple slices', async () => {
    const { ready, apply, says } = seat()
    const address = (await ready('porter')).status?.podIP
    const other = (await ready('client')).status?.podIP
    const slice = (name: string, endpoint: string | undefined, port: object) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, labels: { 'kubernetes.io/service-name': 'by-hand' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [endpoint] }],
      ports: [port],
    })
    await apply(
      slice('by-hand-1', address, { name: 'one', port: 160, protocol: 'TCP' }),
      slice('by-hand-2', address, { name: 'two', port: 162, protocol: 'TCP' }),
    )
    const ask = async () => (await says(ASK, 'tcp by-hand 80\ntcp by-hand 81\n')).trimEnd().split('\n')
    await until('both ports lead to it', async () => String(await ask()) === 'foo,bar')
    // A second address, where nobody listens, is chosen by lot as well.
    await apply(slice('by-hand-3', other, { name: 'one', port: 160, protocol: 'TCP' }))
    await until('both addresses are called', async () => {
      const heard = new Set((await says(ASK, 'tcp by-hand 80\n'.repeat(12))).trimEnd().split('\n'))
      return heard.has('foo') && heard.has('ConnectionRefusedError')
    })
  })
}
