import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import { requestCertificate } from './request-certificate.ts'

const WISH = {
  signerName: 'kubernetes.io/kubelet-serving',
  organization: 'system:nodes',
  commonName: 'system:node:node-3',
  usage: 'server auth',
  alternativeNames: ['DNS:node-3', 'IP:10.0.0.3'],
} as const
const MADE = 'KEY\n-----BEGIN CERTIFICATE REQUEST-----\nREQUEST\n'

/** The cluster's answer at each look. */
function cluster(...answers: CertificateSigningRequest['status'][]) {
  const created: CertificateSigningRequest[] = []
  const ran: string[][] = []
  const requests = {
    create: async (one: CertificateSigningRequest) => void created.push(one),
    get: async () => ({ status: answers.length > 1 ? answers.shift() : answers[0] }),
  }
  const os = {
    run: async (_command: string, args: string[]) => {
      ran.push(args)
      return { exitCode: 0, stdout: MADE, stderr: '' }
    },
  }
  const clock = new FakeClock()
  const ports = { client: { of: () => requests } as unknown as Client, os, clock }
  return { created, ran, clock, ports }
}

it('asks with names of its own and waits for somebody’s yes', async () => {
  const certificate = Buffer.from('CERT').toString('base64')
  const { created, ran, clock, ports } = cluster(
    {},
    { conditions: [{ type: 'Approved', status: 'True' }] },
    { certificate },
  )
  const pair = requestCertificate(WISH, ports)
  await clock.advance(1_000)
  await clock.advance(1_000)
  expect(await pair).toEqual({ keyPem: 'KEY\n', certPem: 'CERT' })
  expect(ran[0]).toEqual(
    expect.arrayContaining(['/O=system:nodes/CN=system:node:node-3', 'subjectAltName=DNS:node-3,IP:10.0.0.3']),
  )
  expect(created[0]?.spec).toMatchObject({
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
    request: Buffer.from(MADE.slice(4)).toString('base64'),
  })
})

it('says why it got none', async () => {
  const { ports } = cluster({ conditions: [{ type: 'Denied', status: 'True', message: 'not here' }] })
  await expect(requestCertificate(WISH, ports)).rejects.toThrow(
    /certificate signing request csr-\w+ was not granted: not here/,
  )
})
