// Reads what an issuer has published: over HTTPS, in a while, and not without end.

import https from 'node:https'
import { keepDetails, requestWords } from '../../../../base/net-errors.ts'

const TIMEOUT_MS = 10_000
const MOST_BYTES = 1024 * 1024

export interface Place {
  url: string
  caPem?: string | undefined
  bearer?: string | undefined
}

export function getText({ url, caPem, bearer }: Place): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = bearer ? { authorization: `Bearer ${bearer}` } : {}
    const request = https.get(url, { ...(caPem ? { ca: caPem } : {}), headers, timeout: TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = []
      let length = 0
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length
        chunks.push(chunk)
        if (length > MOST_BYTES) request.destroy(new Error(`${url} answers with more than ${MOST_BYTES} bytes`))
      })
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode !== 200) return reject(new Error(`${url} answers ${answer.statusCode}`))
        resolve(Buffer.concat(chunks).toString('utf8'))
      })
    })
    request.on('socket', keepDetails)
    request.on('timeout', () => request.destroy(new Error(`${url} does not answer`)))
    request.on('error', (err) => reject(new Error(`Get "${url}": ${requestWords(err)}`, { cause: err })))
  })
}

export async function getJson(place: Place): Promise<unknown> {
  const text = await getText(place)
  try {
    return JSON.parse(text)
  } catch (err) {
    throw new Error(`${place.url} answers with no JSON`, { cause: err })
  }
}
