// A service of the cluster without a cluster: a kubelet that connects every address to one HTTPS server here.

import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import type { Client } from '../../client/client.ts'
import { Endpoints, Node, Service } from '../../kinds/index.ts'
import type { ApiServerOptions } from '../index.ts'
import { type TestPki, testPki } from './test-pki.ts'
import { startTestServer, type TestServer } from './test-server.ts'

export interface FakeService extends AsyncDisposable {
  test: TestServer
  pki: TestPki
  /** Of its certificate, as objects hold it. */
  caBundle: string
}

/** `default/hook` at port 443, answered by `listener`; its clients may show a certificate. */
export async function startFakeService(
  listener: RequestListener,
  options: Partial<ApiServerOptions> = {},
): Promise<FakeService> {
  const pki = await testPki()
  const serving = await pki.issue('hook.default.svc', [], ['hook.default.svc'])
  const node = await pki.issue('node-1')
  const tls = (own: typeof serving) => ({ cert: own.certPem, key: own.keyPem, ca: pki.caPem, requestCert: true })
  const hook = https.createServer({ ...tls(serving), rejectUnauthorized: false }, listener)
  const kubelet = https.createServer({ ...tls(node), rejectUnauthorized: true })
  const listen = async (server: net.Server) => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listen(hook)
  const tunnels = new Set<net.Socket>()
  kubelet.on('connect', (_request, socket: net.Socket) => {
    tunnels.add(socket)
    const peer = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(peer).pipe(socket)
    })
    peer.on('error', () => socket.destroy())
    socket.on('error', () => peer.destroy())
  })
  const kubeletPort = await listen(kubelet)
  const own = await pki.issue('kube-apiserver-kubelet-client', ['system:masters'])
  const frontProxyClient = await pki.issue('front-proxy-client')
  const kubeletClient = { ...own, caPem: pki.caPem }
  const test = await startTestServer({ options: { ...options, kubeletClient, frontProxyClient } })
  await makeObjects(test.client, kubeletPort)
  return {
    test,
    pki,
    caBundle: Buffer.from(pki.caPem).toString('base64'),
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]()
      for (const socket of tunnels) socket.destroy()
      for (const server of [hook, kubelet]) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

async function makeObjects(client: Client, kubeletPort: number): Promise<void> {
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
  }
  await client.of(Node).create({ metadata: { name: 'node-1' }, status })
  const metadata = { namespace: 'default', name: 'hook' }
  await client.of(Service).create({ metadata, spec: { ports: [{ port: 443 }] } })
  const subsets = [{ addresses: [{ ip: '10.244.0.9', nodeName: 'node-1' }], ports: [{ port: 8443 }] }]
  await client.of(Endpoints).create({ metadata, subsets })
}
