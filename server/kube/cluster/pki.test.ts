import { execFile } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
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
  const afterDays = async (days: number) => {
    const clock = { ...systemClock, now: () => systemClock.now() + days * 24 * 3600_000 }
    return (await openPki({ directory, clock })).keep('server', request)
  }
  expect(await afterDays(240)).toEqual(moved)
  // Less than a third of its year is left.
  expect(await afterDays(250)).not.toEqual(moved)
})

const request = { commonName: 'kube-apiserver', usages: ['server' as const], dnsNames: ['localhost'] }
const open = (clock = systemClock) => openPki({ directory, clock })
const at = (when: Date) => ({ ...systemClock, now: () => when.getTime() })

/** What is left of a file whose power went before it was on the disk. */
const spoilings = [
  { how: 'empty', spoil: (file: string) => truncate(file, 0) },
  { how: 'half', spoil: (file: string) => truncate(file, 100) },
  { how: 'gone', spoil: (file: string) => rm(file) },
]

it.each(spoilings.flatMap((one) => ['ca.crt', 'ca.key'].map((file) => ({ ...one, file }))))(
  'makes no new authority when $file of one is $how, and names it',
  async ({ file, spoil }) => {
    const kept = await (await open()).keep('apiserver', request)
    await spoil(join(directory, file))
    await expect(open()).rejects.toThrow(`${join(directory, file)} `)
    await expect(open()).rejects.toThrow(/put both halves of it back from a backup/)
    await Promise.all(['ca.crt', 'ca.key'].map((name) => rm(join(directory, name), { force: true })))
    const anew = await (await open()).keep('apiserver', request)
    expect(anew).not.toEqual(kept)
    await writeFile(join(directory, 'leaf.pem'), anew.certPem)
    expect(await openssl('verify', '-CAfile', join(directory, 'ca.crt'), join(directory, 'leaf.pem'))).toContain('OK')
  },
)

it.each(spoilings.flatMap((one) => ['apiserver.crt', 'apiserver.key'].map((file) => ({ ...one, file }))))(
  'makes a pair anew whose $file is $how',
  async ({ file, spoil }) => {
    const pki = await open()
    const kept = await pki.keep('apiserver', request)
    await spoil(join(directory, file))
    const anew = await pki.keep('apiserver', request)
    expect(anew).not.toEqual(kept)
    expect(await pki.keep('apiserver', request)).toEqual(anew)
  },
)

it('makes a pair anew whose key is another’s', async () => {
  const pki = await open()
  const kept = await pki.keep('apiserver', request)
  await writeFile(join(directory, 'apiserver.key'), (await pki.issue(request)).keyPem)
  expect((await pki.keep('apiserver', request)).certPem).not.toBe(kept.certPem)
})

it.each(spoilings.slice(0, 2))('names the key of service accounts when it is $how', async ({ spoil }) => {
  await open()
  await spoil(join(directory, 'sa.key'))
  await expect(open()).rejects.toThrow(`${join(directory, 'sa.key')} cannot be read (`)
})

it('keeps nothing that a clock which was ahead once has made for later', async () => {
  await open(at(new Date('2026-09-01T00:00:00Z')))
  const ahead = await (await open(at(new Date('2030-01-01T00:00:00Z')))).keep('apiserver', request)
  const right = await (await open(at(new Date('2026-09-02T00:00:00Z')))).keep('apiserver', request)
  expect(right).not.toEqual(ahead)
  await expect(open(at(new Date('2026-08-01T00:00:00Z')))).rejects.toThrow(
    `${join(directory, 'ca.crt')} is not valid before 2026-08-31T23:55:00.000Z, and the clock says 2026-08-01T00:00:00.000Z: put the clock right`,
  )
})
