// One HTTPS request with nothing done for it: what a test sends is what goes out.

import https from 'node:https'

export interface RawAnswer {
  code: number
  headers: Record<string, string | string[] | undefined>
  text: string
  bytes: Buffer
  json(): { [key: string]: unknown } & { message?: string; reason?: string }
}

export interface RawRequest {
  port: number
  caPem: string
  method?: string
  path: string
  headers?: Record<string, string | string[]>
  body?: string | Buffer
  certPem?: string
  keyPem?: string
}

export function rawRequest({
  port,
  caPem,
  method = 'GET',
  path,
  headers = {},
  body,
  certPem,
  keyPem,
}: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      { host: '127.0.0.1', port, path, method, headers, ca: caPem, cert: certPem, key: keyPem, agent: false },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const bytes = Buffer.concat(chunks)
          const text = bytes.toString('utf8')
          resolve({ code: answer.statusCode ?? 0, headers: answer.headers, text, bytes, json: () => JSON.parse(text) })
        })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}
