import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { expect, it } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { NODE_CERTIFICATE_REQUEST } from '../kube/apiserver/testing/certificate-request.ts'
import { startTestServer } from '../kube/apiserver/testing/test-server.ts'
import { createClient } from '../kube/client/index.ts'
import { CertificateSigningRequest, Node } from '../kube/kinds/index.ts'
import { admitNode, isWhatItNeeds } from './admit-node.ts'

const NODE = { name: 'node-3', address: '10.160.3.14' }
const SERVING = 'kubernetes.io/kubelet-serving'
const CLIENT = 'kubernetes.io/kube-apiserver-client'
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

async function gives(signerName: string, subject: string, names: x509.JsonGeneralNames = [], username = 'node-3') {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys: (await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])) as CryptoKeyPair,
    signingAlgorithm: EC,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  })
  const pem = Buffer.from(request.toString('pem')).toString('base64')
  return isWhatItNeeds({ signerName, username: `system:node:${username}`, request: pem }, NODE)
}

const ITS_NAMES: x509.JsonGeneralNames = [
  { type: 'dns', value: 'node-3' },
  { type: 'ip', value: '10.160.3.14' },
]
const AS_NODE = 'O=system:nodes, CN=system:node:node-3'

type Asked = Parameters<typeof gives>

it.each<[string, ...Asked]>([
  ['what it serves with, under its own name and address', SERVING, AS_NODE, ITS_NAMES],
  ['kube-proxy’s', CLIENT, 'CN=system:kube-proxy'],
  ['the network policies’', CLIENT, 'CN=podium:network-policy'],
])('gives a machine %s', async (_what, ...asked) => {
  expect(await gives(...asked)).toBe(true)
})

it.each<[string, ...Asked]>([
  ['another node’s address', SERVING, AS_NODE, [...ITS_NAMES, { type: 'ip', value: '10.160.3.12' }]],
  ['another node’s name', SERVING, AS_NODE, [{ type: 'dns', value: 'node-1' }]],
  ['an administrator’s', CLIENT, 'CN=kubernetes-admin'],
  ['kube-proxy’s in a group', CLIENT, 'O=kubeadm:cluster-admins, CN=system:kube-proxy'],
  ['one of another signer', 'example.com/any', 'CN=system:kube-proxy'],
  ['what another node asks for', CLIENT, 'CN=system:kube-proxy', [], 'node-4'],
])('gives a machine nothing else, as %s', async (_what, ...asked) => {
  expect(await gives(...asked)).toBe(false)
})

it('goes on when the cluster’s own loop has said yes while it was about to', async () => {
  await using server = await startTestServer({ clock: new FakeClock() })
  const asNode = { user: 'system:node:node-3', groups: ['system:nodes', 'system:authenticated'], client: 'kubelet' }
  await createClient(server.server.transportFor(asNode))
    .of(CertificateSigningRequest)
    .create({
      metadata: { name: 'serving' },
      spec: { signerName: SERVING, usages: ['digital signature', 'server auth'], request: NODE_CERTIFICATE_REQUEST },
    })
  const nodes = server.client.of(Node)
  const node = await nodes.create({ metadata: { name: 'node-3' } })
  await nodes.updateStatus({ ...node, status: { conditions: [{ type: 'Ready', status: 'True' }] } })
  const transport = server.server.transportFor({ user: 'admin', groups: ['system:masters'], client: 'podium' })
  const requests = createClient(transport).of(CertificateSigningRequest)
  let times = 0
  const client = createClient({
    ...transport,
    async request(request) {
      if (request.path.endsWith('/approval') && times++ === 0) {
        const conditions = [{ type: 'Approved', status: 'True', reason: 'AutoApproved' }]
        await requests.update(
          { ...(await requests.get({ name: 'serving' })), status: { conditions } },
          { subresource: 'approval' },
        )
      }
      return transport.request(request)
    },
  })
  await admitNode(client, NODE, { timeoutMs: 5_000 })
  expect(times).toBe(1)
  expect((await requests.get({ name: 'serving' })).status?.conditions).toMatchObject([{ reason: 'AutoApproved' }])
})
