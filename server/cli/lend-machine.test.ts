import { expect, it } from 'vitest'
import { endsOf } from './lend-machine.ts'
import { isElsewhere, removeCommand } from './names-elsewhere.ts'

const LINE = { endpoint: '10.160.3.1:6443', tunnel: '192.0.2.2:14901', address: '10.160.3.192' }

it('finds both ends of the tunnel in the line of the invitation', () => {
  expect(endsOf(LINE)).toEqual({
    gateway: '10.160.3.1',
    tunnel: { peer: '192.0.2.2', port: 14_901, address: '10.160.3.192' },
  })
})

it.each([
  ['an address of another network', { address: '10.160.4.192' }, 'are not of one network'],
  ['a name for an address', { endpoint: 'home.example:6443' }, 'are not of one network'],
  ['a tunnel without a port', { tunnel: '192.0.2.2' }, 'address and port are needed'],
  ['a tunnel to a name', { tunnel: 'home.example:14901' }, 'address and port are needed'],
])('refuses %s', (_what, replaced, message) => {
  expect(() => endsOf({ ...LINE, ...replaced })).toThrow(message)
})

it('says how to remove a machine by the name that its own host has for the cluster', () => {
  const command = removeCommand('node-3', '10.160.3.1')
  expect(command).toBe('podium node remove node-3 --cluster joined-10-160-3')
  expect(isElsewhere(command.split(' ').at(-1) ?? '')).toBe(true)
  expect(isElsewhere('demo')).toBe(false)
})
