// A driver's socket, served by another gRPC implementation.

import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Server, ServerCredentials, type ServiceDefinition, type status, type UntypedHandleCall } from '@grpc/grpc-js'
import type { MessageType } from '../../../../base/protobuf.ts'

export type Method = [path: string, request: MessageType<object>, response: MessageType<object>, answer: () => object]
/** What an answer throws. */
export interface Refusal {
  code: status
  details: string
}
export interface Asked {
  method: string
  content: Record<string, unknown>
}

export async function serveDriver(socket: string, methods: Method[], onAsked: (one: Asked) => void): Promise<Server> {
  await mkdir(dirname(socket), { recursive: true })
  const definition: Record<string, unknown> = {}
  const handlers: Record<string, UntypedHandleCall> = {}
  for (const [path, request, response, answer] of methods) {
    const method = path.slice(path.lastIndexOf('/') + 1)
    definition[method] = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: (content: object) => request.encode(content),
      requestDeserialize: (bytes: Buffer) => request.decode(bytes),
      responseSerialize: (content: object) => response.encode(content),
      responseDeserialize: (bytes: Buffer) => response.decode(bytes),
    }
    handlers[method] = ((
      call: { request: Record<string, unknown> },
      done: (err: object | null, answer?: object) => void,
    ) => {
      onAsked({ method, content: call.request })
      try {
        done(null, answer())
      } catch (err) {
        const { code, details } = err as Refusal
        done({ code, details })
      }
    }) as UntypedHandleCall
  }
  const server = new Server()
  server.addService(definition as ServiceDefinition, handlers)
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (err) => (err ? reject(err) : resolve())),
  )
  return server
}
