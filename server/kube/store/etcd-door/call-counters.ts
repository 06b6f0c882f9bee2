// Counts the door's calls as gRPC servers do (grpc_server_started_total and its like), and their bytes.

import type { ByteCall, Method, Methods } from './grpc-server.ts'
import { GRPC_CODES, type GrpcStatus, grpcStatusOf } from './grpc-status.ts'

export interface CallCount {
  service: string
  method: string
  type: 'unary' | 'bidi_stream'
  started: number
  /** How many ended with each code, by its name. */
  handled: Map<string, number>
  messagesReceived: number
  messagesSent: number
}

export class CallCounters {
  readonly calls: CallCount[] = []
  receivedBytes = 0
  sentBytes = 0

  /** The same methods, counted. */
  around(methods: Iterable<[string, Method]>): Methods {
    return new Map([...methods].map(([path, method]) => [path, this.#counted(path, method)]))
  }

  #counted(path: string, method: Method): Method {
    const [, service = '', name = ''] = path.split('/')
    const type = method.kind === 'unary' ? 'unary' : 'bidi_stream'
    const count: CallCount = {
      service,
      method: name,
      type,
      started: 0,
      handled: new Map(),
      messagesReceived: 0,
      messagesSent: 0,
    }
    this.calls.push(count)
    if (method.kind === 'stream') return { kind: 'stream', open: (call) => method.open(this.#countedCall(count, call)) }
    const { answer } = method
    return {
      kind: 'unary',
      answer: (request) => {
        count.started++
        this.#received(count, request)
        const answered = answer(request)
        answered.then(
          (response) => {
            this.#sent(count, response)
            ended(count, GRPC_CODES.OK)
          },
          (error) => ended(count, grpcStatusOf(error).code),
        )
        return answered
      },
    }
  }

  #countedCall(count: CallCount, call: ByteCall): ByteCall {
    count.started++
    let code: number = GRPC_CODES.OK
    const counted: ByteCall = {
      onMessage: () => {},
      onEnd: () => {},
      onClose: () => {},
      onDrain: () => {},
      get isFull() {
        return call.isFull
      },
      send: (response) => {
        this.#sent(count, response)
        call.send(response)
      },
      end: (status?: GrpcStatus) => {
        code = status?.code ?? code
        call.end(status)
      },
    }
    call.onMessage = (request) => {
      this.#received(count, request)
      counted.onMessage(request)
    }
    call.onEnd = () => counted.onEnd()
    call.onDrain = () => counted.onDrain()
    call.onClose = () => {
      ended(count, code)
      counted.onClose()
    }
    return counted
  }

  #received(count: CallCount, request: Buffer): void {
    count.messagesReceived++
    this.receivedBytes += request.length
  }

  #sent(count: CallCount, response: Buffer): void {
    count.messagesSent++
    this.sentBytes += response.length
  }
}

function ended(count: CallCount, code: number): void {
  const name = NAMES.get(code) ?? 'Unknown'
  count.handled.set(name, (count.handled.get(name) ?? 0) + 1)
}

/** As gRPC's Go library writes them: `InvalidArgument` for INVALID_ARGUMENT. */
const NAMES = new Map(
  Object.entries(GRPC_CODES).map(([name, code]) => {
    const words = name.toLowerCase().split('_')
    return [code as number, code === 0 ? 'OK' : words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')]
  }),
)
