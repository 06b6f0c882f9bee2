import 'reflect-metadata'
import { webcrypto, X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import type { CertificateSigningRequest as Wire } from 'kubernetes-types/certificates/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CERTIFICATE_REQUEST, NODE_CERTIFICATE_REQUEST } from '../../apiserver/testing/certificate-request.ts'
import { startTestServer, type TestServer } from '../../apiserver/testing/test-server.ts'
import { createClient } from '../../client/client.ts'
import { grantJoining, NODE_BOOTSTRAPPERS, PARTS_OF_A_MACHINE } from '../../cluster/joining-rights.ts'
import { addressOfNode } from '../../cluster/networking.ts'
import { openPki, type Pki } from '../../cluster/pki.ts'
import { CertificateSigningRequest } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { goesAt } from './cleaning.ts'
import { type Renewals, renewalOf } from './renewals.ts'
import { signerProblem } from './signers.ts'

const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet'
const FOR_CLIENTS = ['client auth', 'digital signature']

const CLIENT = 'kubernetes.io/kube-apiserver-client'
const SERVING = 'kubernetes.io/kubelet-serving'
const RENEWALS: Renewals = {
  components: PARTS_OF_A_MACHINE,
  addressOf: (node) => addressOfNode('10.160.3.1', node),
}

async function requested(subject: x509.JsonName, names: string[] = []): Promise<string> {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const told = names.map((name) => ({
    type: name.slice(0, name.indexOf(':')).toLowerCase(),
    value: name.slice(name.indexOf(':') + 1),
  }))
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys: (await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])) as CryptoKeyPair,
    signingAlgorithm: EC,
    extensions: told.length > 0 ? [new x509.SubjectAlternativeNameExtension(told as x509.JsonGeneralNames)] : [],
  })
  return Buffer.from(made.toString('pem')).toString('base64')
}
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

const request = (name: string, spec: Partial<Wire['spec']> = {}): Wire => ({
  metadata: { name },
  spec: {
    request: CERTIFICATE_REQUEST,
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    ...spec,
  },
})

describe('requests for certificates', () => {
  it.each([
    [{}, undefined],
    [{ usages: ['digital signature', 'key encipherment', 'client auth'] }, undefined],
    [{ usages: ['client auth', 'server auth'] }, 'invalid usage for client certificate: server auth'],
    [{ usages: ['digital signature'] }, 'missing required usage for client certificate: client auth'],
    [{ signerName: KUBELET_CLIENT, usages: ['any'] }, 'subject organization is not system:nodes'],
    [{ signerName: KUBELET_CLIENT, usages: FOR_CLIENTS, request: NODE_CERTIFICATE_REQUEST }, undefined],
    [
      { signerName: KUBELET_CLIENT, usages: ['client auth'], request: NODE_CERTIFICATE_REQUEST },
      'usages did not match [client auth digital signature key encipherment]',
    ],
    [
      { signerName: 'kubernetes.io/kubelet-serving', usages: ['any'], request: NODE_CERTIFICATE_REQUEST },
      'DNS or IP subjectAltName is required',
    ],
    [{ signerName: 'example.com/mine', usages: ['any'] }, undefined],
  ])('are signed when they fit their signer: %j', (spec, problem) => {
    expect(signerProblem(request('a', spec))).toBe(problem)
  })

  const at = (told: object) => goesAt({ metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, ...told } as Wire)
  const decided = (types: string[], certificate?: string) => ({
    status: {
      conditions: types.map((type, hours) => ({
        type,
        status: 'True',
        lastUpdateTime: `2026-01-01T0${2 + hours}:00:00Z`,
      })),
      ...(certificate ? { certificate } : {}),
    },
  })
  // In the manner of upstream's TestCleanerWithApprovedExpiredCSR.
  it.each([
    ['a day when nobody decides', {}, '2026-01-02T00:00:00Z'],
    ['an hour when denied', decided(['Denied']), '2026-01-01T03:00:00Z'],
    ['an hour when it failed', decided(['Failed']), '2026-01-01T03:00:00Z'],
    ['an hour when it failed after it was approved', decided(['Approved', 'Failed']), '2026-01-01T04:00:00Z'],
    ['a day when approved and nobody signs', decided(['Approved']), '2026-01-02T02:00:00Z'],
    ['an hour when approved and what came is no certificate', decided(['Approved'], 'eA=='), '2026-01-01T03:00:00Z'],
  ])('are kept for %s', (_how, told, until) => {
    expect(at(told)).toBe(Date.parse(until))
  })

  describe('in a cluster', () => {
    let loops: TestLoops
    let directory: string
    let pki: Pki
    let server: TestServer
    beforeEach(async () => {
      const started = async (...told: Parameters<typeof startTestServer>) => (server = await startTestServer(...told))
      loops = await startTestLoops({ startTestServer: started, runScheduler })
      directory = await mkdtemp(join(tmpdir(), 'signing-'))
      pki = await openPki({ directory, clock: loops.clock })
      const names = ['csrsigning', 'csrapproving', 'csrcleaner']
      await loops.run(names, { signCertificate: (granted) => pki.sign(granted) })
    })
    afterEach(async () => {
      await loops[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    })

    const requests = () => loops.client.of(CertificateSigningRequest)
    const approve = async (name: string) => {
      const asked = await requests().get({ name })
      const condition = { type: 'Approved', status: 'True', reason: 'ByHand', message: 'I know her' }
      await requests().update({ ...asked, status: { conditions: [condition] } }, { subresource: 'approval' })
    }

    it('are signed by the cluster’s authority once somebody approves', async () => {
      await requests().create(request('otter', { expirationSeconds: 3600 }))
      await loops.until('it was looked at', () => loops.reconciles('csrsigning').length > 0)
      expect((await requests().get({ name: 'otter' })).status?.certificate).toBeUndefined()
      await approve('otter')
      await loops.until('it is signed', async () => (await requests().get({ name: 'otter' })).status?.certificate)
      const { status } = await requests().get({ name: 'otter' })
      const certificate = new X509Certificate(Buffer.from(status?.certificate ?? '', 'base64'))
      expect(certificate.subject).toBe('O=class-a\nCN=otter')
      expect(certificate.issuer).toBe('CN=kubernetes')
      expect(certificate.checkIssued(new X509Certificate(pki.caPem))).toBe(true)
      expect(certificate.verify(new X509Certificate(pki.caPem).publicKey)).toBe(true)
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
      expect(certificate.ca).toBe(false)
      expect(certificate.validToDate.getTime() - loops.clock.now()).toBeLessThanOrEqual(3600_000)
    })

    it('are granted to machines that come with a bootstrap token, by nobody’s hand', async () => {
      await grantJoining(loops.client)
      const groups = ['system:bootstrappers', NODE_BOOTSTRAPPERS, 'system:authenticated']
      const who = { user: 'system:bootstrap:abcdef', groups, client: 'kubelet' }
      const asked = {
        request: NODE_CERTIFICATE_REQUEST,
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['digital signature', 'client auth'],
      }
      const stranger = createClient(server.server.transportFor(who))
      await stranger.of(CertificateSigningRequest).create(request('joining', asked))
      await loops.until('it is signed', async () => (await requests().get({ name: 'joining' })).status?.certificate)
      const { status } = await requests().get({ name: 'joining' })
      expect(status?.conditions).toMatchObject([{ type: 'Approved', reason: 'AutoApproved' }])
    })

    it.each<[string, string, string[], boolean]>([
      ['what it serves with, under its own name and address', 'node-3', ['DNS:node-3', 'IP:10.160.3.14'], true],
      ['the gateway’s address', 'node-3', ['DNS:node-3', 'IP:10.160.3.1'], false],
      ['another machine’s address', 'node-3', ['DNS:node-3', 'IP:10.160.3.14', 'IP:10.160.3.11'], false],
      ['another name', 'node-3', ['DNS:kubernetes', 'IP:10.160.3.14'], false],
      ['that of one who is no machine', 'node-0', ['DNS:node-0'], false],
      ['that of one beyond them all', 'node-111', ['DNS:node-111'], false],
    ])('let a machine have %s: %s', async (_what, node, names, isGranted) => {
      const spec = {
        username: `system:node:${node}`,
        signerName: SERVING,
        request: await requested([{ O: ['system:nodes'] }, { CN: [`system:node:${node}`] }], names),
      }
      expect(renewalOf(spec, RENEWALS) !== undefined).toBe(isGranted)
    })

    it.each<[string, string, x509.JsonName, boolean]>([
      ['kube-proxy its next', 'system:kube-proxy', [{ CN: ['system:kube-proxy'] }], true],
      ['kube-proxy a group', 'system:kube-proxy', [{ O: ['system:masters'] }, { CN: ['system:kube-proxy'] }], false],
      ['a node kube-proxy’s', 'system:node:node-3', [{ CN: ['system:kube-proxy'] }], false],
      ['kube-proxy an administrator’s', 'system:kube-proxy', [{ CN: ['kubernetes-admin'] }], false],
      ['anybody else their own', 'otter', [{ CN: ['otter'] }], false],
    ])('let %s: %s', async (_what, username, subject, isGranted) => {
      const spec = { username, signerName: CLIENT, request: await requested(subject) }
      expect(renewalOf(spec, RENEWALS) !== undefined).toBe(isGranted)
    })

    it('fail where their signer cannot sign what they ask', async () => {
      await requests().create(request('odd', { usages: ['server auth'] }))
      await approve('odd')
      const failed = async () =>
        (await requests().get({ name: 'odd' })).status?.conditions?.find(({ type }) => type === 'Failed')
      await loops.until('it has failed', failed)
      expect(await failed()).toMatchObject({ reason: 'SignerValidationFailure' })
    })

    it('are taken away when their time is over', async () => {
      await requests().create(request('old'))
      await loops.until('it was looked at', () => loops.reconciles('csrcleaner').length > 0)
      await loops.clock.advance(24 * 3600_000)
      await loops.until('it is gone', async () => (await requests().list()).items.length === 0)
    })
  })
})
