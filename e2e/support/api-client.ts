// Requests to an API server with a kubeconfig's own certificate, for what kubectl does not ask.

import https from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import { WebSocket } from 'ws'

export interface ApiAnswer {
  code: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

export class ApiClient {
  readonly #server: string
  readonly #tls: { ca: Buffer; cert: Buffer; key: Buffer }
  readonly #agent = new https.Agent({ keepAlive: true })

  constructor(kubeconfig: string) {
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()]
    const bytes = (text = '') => Buffer.from(text, 'base64')
    this.#server = cluster?.server ?? ''
    this.#tls = { ca: bytes(cluster?.caData), cert: bytes(user?.certData), key: bytes(user?.keyData) }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  ask(method: string, path: string, body?: object, contentType = 'application/json'): Promise<ApiAnswer> {
    const headers = body ? { 'content-type': contentType } : {}
    return new Promise((resolve, reject) => {
      const request = https.request(
        `${this.#server}${path}`,
        { method, headers, agent: this.#agent, ...this.#tls },
        (answer) => {
          let text = ''
          answer.setEncoding('utf8')
          answer.on('data', (chunk: string) => {
            text += chunk
          })
          answer.on('error', reject)
          answer.on('end', () => resolve({ code: answer.statusCode ?? 0, headers: answer.headers, text }))
        },
      )
      request.on('error', reject)
      request.end(body && JSON.stringify(body))
    })
  }

  /** All messages until the server closes. */
  webSocket(path: string, protocol: string): Promise<Buffer[]> {
    const socket = new WebSocket(`${this.#server.replace(/^http/, 'ws')}${path}`, protocol, this.#tls)
    const messages: Buffer[] = []
    return new Promise((resolve, reject) => {
      socket.on('message', (data: Buffer) => messages.push(data))
      socket.on('close', () => resolve(messages))
      socket.on('error', reject)
    })
  }
}
