// Asks a listening API server who it takes one for, with whatever proof is put into headers or shown as a certificate.

import https from 'node:https'

export interface Proof {
  headers?: Record<string, string | string[]>
  pair?: { certPem: string; keyPem: string }
  path?: string
}

export interface Told {
  code: number
  user?: { username: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> }
  warning?: string
  body: string
}

const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

export function whoAmI(
  server: { port: number; caPem: string },
  { headers = {}, pair, path = REVIEW }: Proof,
): Promise<Told> {
  const body = JSON.stringify({ kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' })
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port: server.port,
        method: path === REVIEW ? 'POST' : 'GET',
        path,
        ca: server.caPem,
        agent: false,
        ...(pair ? { cert: pair.certPem, key: pair.keyPem } : {}),
        headers: { 'content-type': 'application/json', ...headers },
      },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const code = answer.statusCode ?? 0
          const { warning } = answer.headers
          const user = code === 201 ? JSON.parse(text).status.userInfo : undefined
          resolve({ code, body: text, ...(user ? { user } : {}), ...(warning ? { warning: String(warning) } : {}) })
        })
      },
    )
    request.on('error', reject)
    request.end(path === REVIEW ? body : undefined)
  })
}
