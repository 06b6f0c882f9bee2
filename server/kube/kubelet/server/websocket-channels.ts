// exec and attach over WebSocket, protocols v5 and v4.channel.k8s.io: each binary message begins with the number of
// its channel.
//
//   0 stdin   1 stdout   2 stderr   3 the end, as a Status in JSON   4 {"Width":80,"Height":24}
//   255 (v5 only) the channel named in the next byte is closed: the client's stdin has ended
//
// Upstream: apimachinery/pkg/util/remotecommand, client-go/tools/remotecommand/websocket.go.

import { Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import { type CommandChannels, Resizes, sizeOf } from './command-channels.ts'

export const COMMAND_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
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
  const resizes = new Resizes()
  const stdin = new Readable({ read: () => webSocket.resume() })
  webSocket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!isBinary) return
    const content = data.subarray(1)
    if (data[0] === STDIN && wanted.stdin && content.length > 0) {
      if (!stdin.push(content)) webSocket.pause()
    } else if (data[0] === CLOSE && content[0] === STDIN) stdin.push(null)
    else if (data[0] === RESIZE) resizes.tell(sizeOf(content.toString('utf8')))
  })
  const gone = new Promise<void>((resolve) => webSocket.once('close', () => resolve()))
  void gone.then(() => stdin.destroy())
  return {
    ...(wanted.stdin ? { stdin } : {}),
    ...(wanted.stdout ? { stdout: output(webSocket, STDOUT) } : {}),
    ...(wanted.stderr ? { stderr: output(webSocket, STDERR) } : {}),
    onResize: (listener) => resizes.listen(listener),
    gone,
    finish(status) {
      if (webSocket.readyState !== webSocket.OPEN) return
      webSocket.send(framed(ERROR, Buffer.from(JSON.stringify(status))))
      webSocket.close(1000)
      // The client's farewell has to be read, however much it said that nobody wants to hear.
      stdin.destroy()
      webSocket.resume()
    },
  }
}

/** A write is done when the connection has taken it: a client that reads slowly slows the command down. */
function output(webSocket: WebSocket, channel: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (webSocket.readyState === webSocket.OPEN) webSocket.send(framed(channel, chunk), done)
      else done(new Error('the client has gone'))
    },
  })
}

const framed = (channel: number, content: Buffer) => Buffer.concat([Buffer.from([channel]), content])
