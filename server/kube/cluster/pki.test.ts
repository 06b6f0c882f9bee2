import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { openPki } from './pki.ts'

const openssl = async (...args: string[]) => (await promisify(execFile)('openssl', args)).stdout

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pki-'))
})
afterEach(() => rm(directory, { recursive: true }))

it('signs certificates that openssl verifies, with user, groups and addresses where Kubernetes looks for them', async () => {
  const pki = await openPki({ directory, clock: systemClock })
  const pair = await pki.keep('kubelet', {
    commonName: 'system:node:node-1',
    organizations: ['system:nodes', 'a, b=c'],
    usages: ['client', 'server'],
    dnsNames: ['node-1'],
    ipAddresses: ['10.0.0.7'],
  })
  await writeFile(join(directory, 'leaf.pem'), pair.certPem)
  expect(await openssl('verify', '-CAfile', join(directory, 'ca.crt'), join(directory, 'leaf.pem'))).toContain('OK')
  const text = await openssl('x509', '-in', join(directory, 'leaf.pem'), '-noout', '-text')
  expect(text).toContain('O = system:nodes, O = "a, b=c", CN = system:node:node-1')
  expect(text).toContain('DNS:node-1, IP Address:10.0.0.7')
  expect(text).toContain('TLS Web Client Authentication, TLS Web Server Authentication')
})

it('finds the same authority, pairs and service-account key again', async () => {
  const request = { commonName: 'admin', usages: ['client' as const] }
  const first = await openPki({ directory, clock: systemClock })
  const pair = await first.keep('admin', request)
  const second = await openPki({ directory, clock: systemClock })
  expect(second.caPem).toBe(first.caPem)
  expect(second.serviceAccounts).toEqual(first.serviceAccounts)
  expect(await second.keep('admin', request)).toEqual(pair)
  await writeFile(join(directory, 'leaf.pem'), (await second.issue(request)).certPem)
  expect(await openssl('verify', '-CAfile', join(directory, 'ca.crt'), join(directory, 'leaf.pem'))).toContain('OK')
})

it('makes a kept pair anew when it soon expires, and when it lacks an address that it needs now', async () => {
  const request = {
    commonName: 'etcd',
    usages: ['server' as const],
    dnsNames: ['localhost'],
    ipAddresses: ['10.0.0.1'],
  }
  const pki = await openPki({ directory, clock: systemClock })
  const first = await pki.keep('server', request)
  expect(await pki.keep('server', request)).toEqual(first)
  const moved = await pki.keep('server', { ...request, ipAddresses: ['10.0.0.1', '10.9.0.1'] })
  expect(moved).not.toEqual(first)
  expect(await pki.keep('server', request)).toEqual(moved)
  const inElevenMonths = { ...systemClock, now: () => systemClock.now() + 340 * 24 * 3600_000 }
  expect(await (await openPki({ directory, clock: inElevenMonths })).keep('server', request)).not.toEqual(moved)
})
