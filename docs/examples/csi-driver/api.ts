// Requests to the API server with the account of the pod.

import { readFileSync } from 'node:fs'
import https from 'node:https'

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const read = (name: string) => readFileSync(`${process.env.ACCOUNT ?? ACCOUNT}/${name}`, 'utf8')

/** Bodies of a PATCH are merged into what is there. */
export function api<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const headers = { authorization: `Bearer ${read('token')}`, 'content-type': type }
    const request = https.request({ host, port, method, path, headers, ca: read('ca.crt') }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () => {
        const { statusCode = 500 } = response
        if (statusCode < 300 || statusCode === 409) resolve(JSON.parse(text) as T)
        else reject(new Error(`${method} ${path}: ${statusCode} ${text}`))
      })
    })
    request.on('error', reject)
    request.end(body && JSON.stringify(body))
  })
}

/** Again and again; what fails is told and tried again. */
export async function everyMs(pauseMs: number, say: (line: string) => void, look: () => Promise<void>): Promise<never> {
  for (;;) {
    await look().catch((err: Error) => say(err.message))
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
