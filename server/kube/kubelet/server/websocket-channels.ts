// exec and attach over WebSocket, protocols v5, v4 and that without a number, in bytes or in base64. Its channels:
//
//   0 stdin   1 stdout   2 stderr   3 the end, as a Status in JSON   4 {"Width":80,"Height":24}
//   255 (v5 only) the channel named in the next byte is closed: the client's stdin has ended
//
// By a protocol without a number only what went wrong is said on channel 3, as plain text.
//
// Upstream: apimachinery/pkg/util/remotecommand, kubelet/pkg/cri/streaming/remotecommand/websocket.go.

import { Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import { type CommandChannels, Resizes, sizeOf } from './command-channels.ts'
import { type Frames, framesOf, MessageQueue } from './websocket-frames.ts'

export const COMMAND_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
]
const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
const CLOSE = 255

export interface WantedStreams {
  stdin: boolean
  stdout: boolean
  stderr: boolean
}

export function webSocketChannels(webSocket: WebSocket, wanted: WantedStreams): CommandChannels {
  const { protocol } = webSocket
  const frames = framesOf(protocol)
  const queue = new MessageQueue(webSocket)
  const resizes = new Resizes()
  const stdin = new Readable({ read: () => webSocket.resume() })
  let hasEnded = false
  const endStdin = () => {
    hasEnded = true
    stdin.push(null)
  }
  webSocket.on('message', (data: Buffer) => {
    const { channel, content } = frames.read(data)
    if (channel === STDIN && wanted.stdin && content.length > 0 && !hasEnded) {
      if (!stdin.push(content)) webSocket.pause()
    } else if (channel === CLOSE && content[0] === STDIN) endStdin()
    else if (channel === RESIZE) resizes.tell(sizeOf(content.toString('utf8')))
  })
  // Before anything is said the client hears that it is connected.
  queue.send(frames.write(wanted.stdout ? STDOUT : wanted.stderr ? STDERR : ERROR, Buffer.alloc(0))).catch(() => {})
  const gone = new Promise<void>((resolve) => webSocket.once('close', () => resolve()))
  void gone.then(endStdin)
  return {
    ...(wanted.stdin ? { stdin } : {}),
    ...(wanted.stdout ? { stdout: output(queue, frames, STDOUT) } : {}),
    ...(wanted.stderr ? { stderr: output(queue, frames, STDERR) } : {}),
    onResize: (listener) => resizes.listen(listener),
    gone,
    finish(status) {
      if (webSocket.readyState !== webSocket.OPEN) return
      const isNumbered = /^v\d/.test(protocol)
      const lastWord = isNumbered ? JSON.stringify(status) : status.status === 'Success' ? '' : (status.message ?? '')
      if (lastWord) queue.send(frames.write(ERROR, Buffer.from(lastWord))).catch(() => {})
      queue.close()
      // The client's farewell has to be read, however much it says that nobody wants to hear.
      hasEnded = true
      stdin.destroy()
      webSocket.resume()
    },
  }
}

/** A write is done when the connection has taken it: a client that reads slowly slows the command down. */
function output(queue: MessageQueue, frames: Frames, channel: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      queue.send(frames.write(channel, chunk)).then(() => done(), done)
    },
  })
}
