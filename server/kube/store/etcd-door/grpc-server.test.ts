import { expect, it } from 'vitest'
import { Unfinished } from '../../../base/unfinished.ts'
import { MessageReader } from './grpc-server.ts'

function framed(text: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(text.length, 1)
  return Buffer.concat([head, Buffer.from(text)])
}

function read(bytes: Buffer, size: number): string[] {
  const reader = new MessageReader(new Unfinished())
  const messages: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) {
    reader.add(bytes.subarray(at, at + size))
    for (let next = reader.next(); next; next = reader.next()) messages.push(next)
  }
  return messages.map(String)
}

it('finds the same messages however they were cut up', () => {
  const said = ['', 'a', 'bc', '', 'd'.repeat(300), 'e', 'f'.repeat(7)]
  const bytes = Buffer.concat(said.map(framed))
  for (let size = 1; size <= bytes.length; size++) expect(read(bytes, size)).toEqual(said)
})

it('takes a message that comes byte by byte in time that grows with it', () => {
  const said = 'x'.repeat(300_000)
  const before = process.cpuUsage()
  expect(read(framed(said), 1)).toEqual([said])
  const { user, system } = process.cpuUsage(before)
  expect(user + system).toBeLessThan(2_000_000)
})
