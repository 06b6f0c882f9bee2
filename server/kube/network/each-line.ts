// What a command says, line by line.

import type { Readable } from 'node:stream'

/** Longer than any line of conntrack or nft: what comes without a line's end is not kept. */
const MOST_UNREAD = 64 * 1024

export function eachLine(stream: Readable, hear: (line: string) => void): void {
  let unread = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (unread + chunk).split('\n')
    unread = (lines.pop() ?? '').slice(-MOST_UNREAD)
    for (const line of lines) hear(line)
  })
}
