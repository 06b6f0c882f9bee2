// A machine's certificates over years: a real API server with its loops, files on a disk and the real openssl; only the
// clock is the test's, and whoever would dial is only asked what it shows.

import { X509Certificate } from 'node:crypto'
import { mkdtemp, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Clock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { Metrics } from '../../../base/metrics.ts'
import { startTestServer, type TestServer } from '../../apiserver/testing/test-server.ts'
import type { HttpsTransport } from '../../client/https-transport.ts'
import { parseKubeconfig, writeKubeconfig } from '../../client/kubeconfig.ts'
import { grantJoining, PARTS_OF_A_MACHINE } from '../../cluster/joining-rights.ts'
import { addressOfNode } from '../../cluster/networking.ts'
import { type CertificateRequest, openPki, type Pki } from '../../cluster/pki.ts'
import { startTestLoops, type TestLoops } from '../../controllers/testing/test-loops.ts'
import { createLinuxNodeOs } from '../../node-os/linux-node-os.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { CLIENT_PAIR, clientPairFile, inOneFile, kubeletKubeconfig, settleClientPair } from './client-pair.ts'
import { keepNodeCertificates } from './node-certificates.ts'

const DAY_MS = 24 * 3600_000
const CONF = '/etc/kubernetes/kubelet.conf'
const PROXY_CONF = '/etc/kubernetes/kube-proxy.conf'
const SERVING = { cert: '/var/lib/kubelet/pki/kubelet.crt', key: '/var/lib/kubelet/pki/kubelet.key' }
const OWN: CertificateRequest = {
  commonName: 'system:node:node-3',
  organizations: ['system:nodes'],
  usages: ['client'],
}
const NAMES = { cluster: 'demo', user: 'system:node:node-3' }

let directory: string
let os: NodeOs
let loops: TestLoops
let server: TestServer
let pki: Pki
/** Of whoever signs: what it gives now, it gave long ago. */
let behindMs = 0
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'certificates-'))
  const real = createLinuxNodeOs()
  const at = (path: string) => join(directory, path)
  os = {
    ...real,
    run: real.run,
    readFile: (path) => real.readFile(at(path)),
    writeFile: (path, content, options) => real.writeFile(at(path), content, options),
    list: (path) => real.list(at(path)),
    link: (target, path) => real.link(at(target), at(path)),
  }
  loops = await startTestLoops({
    startTestServer: async (...told) => (server = await startTestServer(...told)),
    runScheduler,
  })
  const { clock } = loops
  const late: Clock = {
    now: () => clock.now() - behindMs,
    monotonic: () => clock.monotonic(),
    setTimeout: (run, delayMs) => clock.setTimeout(run, delayMs),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
  }
  pki = await openPki({ directory: join(directory, 'authority'), clock: late })
  await grantJoining(loops.client)
  await loops.run(['csrsigning', 'csrapproving', 'csrcleaner'], {
    signCertificate: (granted) => pki.sign(granted),
    renewals: {
      components: PARTS_OF_A_MACHINE,
      addressOf: (node) => addressOfNode('10.160.3.1', node),
    },
  })
})
afterEach(async () => {
  await loops[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const linked = async () => (await readlink(join(directory, CLIENT_PAIR))).slice(directory.length)
const endOf = (pem = '') => new X509Certificate(pem).validToDate.getTime()

function dialing(user: string, ...groups: string[]) {
  const identity = { user, groups: [...groups, 'system:authenticated'], client: user }
  const shown: string[] = []
  const transport: HttpsTransport = {
    ...server.server.transportFor(identity),
    renew: ({ certPem }) => void shown.push(certPem),
    [Symbol.dispose]: () => undefined,
  }
  return { transport, shown }
}

it('renews what a machine has, by itself, before any of it has run out', async () => {
  const { clock } = loops
  behindMs = 340 * DAY_MS
  const own = await pki.issue(OWN)
  await os.writeFile(clientPairFile(new X509Certificate(own.certPem).validFromDate), inOneFile(own))
  await os.writeFile(CONF, kubeletKubeconfig({ server: 'https://10.160.3.1:6443', caPem: pki.caPem }, NAMES))
  await settleClientPair(os, CONF)
  const first = await linked()
  const serving = await pki.issue({ ...OWN, usages: ['server'], dnsNames: ['node-3'], ipAddresses: ['10.160.3.14'] })
  await os.writeFile(SERVING.cert, serving.certPem)
  const proxys = await pki.issue({ commonName: 'system:kube-proxy', usages: ['client'] })
  const known = { server: 'https://10.160.3.1:6443', caPem: pki.caPem }
  await os.writeFile(PROXY_CONF, writeKubeconfig({ ...known, ...proxys }, { ...NAMES, user: 'system:kube-proxy' }))
  behindMs = 0
  const kubelet = dialing(OWN.commonName, 'system:nodes')
  const proxy = dialing('system:kube-proxy')
  const served: string[] = []
  const metrics = new Metrics()
  await using _renewing = await keepNodeCertificates({
    nodeName: 'node-3',
    nodeIP: '10.160.3.14',
    rotateCertificates: true,
    kubeletServing: SERVING,
    kubelet: kubelet.transport,
    components: [{ kubeconfig: PROXY_CONF, transports: [proxy.transport] }],
    serve: ({ certPem }) => void served.push(certPem),
    os,
    clock,
    random: () => 0.5,
    logger: noLogger,
    metrics,
  })
  await loops.until('all three are new', () => kubelet.shown.length + served.length + proxy.shown.length === 3)
  for (const [which, pem] of [
    ['client', kubelet.shown[0]],
    ['server', served[0]],
  ] as const) {
    const left = Math.trunc((endOf(pem) - clock.now()) / 1000)
    expect(metrics.text()).toContain(`kubelet_certificate_manager_${which}_ttl_seconds ${left}\n`)
  }
  expect(await linked()).not.toBe(first)
  expect(await os.readFile(await linked())).toContain(kubelet.shown[0])
  expect(endOf(await os.readFile(CLIENT_PAIR))).toBeGreaterThan(endOf(own.certPem))
  expect(new X509Certificate(served[0] ?? '').subjectAltName).toBe('DNS:node-3, IP Address:10.160.3.14')
  expect(await os.readFile(SERVING.cert)).toBe(served[0])
  const renewed = parseKubeconfig((await os.readFile(PROXY_CONF)) ?? '')
  expect(renewed).toMatchObject({ ...known, certPem: proxy.shown[0] })
  expect(new X509Certificate(renewed.certPem ?? '').subject).toBe('CN=system:kube-proxy')
})

it('takes the pair that lasts longest, whoever has brought it, and takes it out of the kubeconfig', async () => {
  const { clock } = loops
  behindMs = 0
  const before = await pki.issue(OWN)
  const known = { server: 'https://10.160.3.1:6443', caPem: pki.caPem }
  await os.writeFile(CONF, writeKubeconfig({ ...known, ...before }, NAMES))
  await settleClientPair(os, CONF)
  const text = (await os.readFile(CONF)) ?? ''
  expect(text).toContain(`client-certificate: ${CLIENT_PAIR}\n`)
  expect(text).not.toContain('client-certificate-data')
  expect(await os.readFile(CLIENT_PAIR)).toBe(inOneFile(before))

  behindMs = -DAY_MS
  const later = await pki.issue(OWN)
  await os.writeFile(clientPairFile(new Date(clock.now() + DAY_MS)), inOneFile(later))
  await os.writeFile(clientPairFile(new Date(clock.now() + 2 * DAY_MS)), later.certPem.slice(0, 100))
  await settleClientPair(os, CONF)
  expect(await os.readFile(CLIENT_PAIR)).toBe(inOneFile(later))
  expect(await os.readFile(CONF)).toBe(text)
})
