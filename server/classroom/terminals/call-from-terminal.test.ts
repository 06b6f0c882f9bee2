import { describe, expect, it } from 'vitest'
import { callFromTerminal } from './call-from-terminal.ts'

const none = { http_version: '0', response_code: 0, local_ip: '', remote_ip: '', size_download: 0, time_connect: 0 }
/** As curl 7.88 printed it, shortened. */
const answered = {
  ...{ exitcode: 0, http_version: '1.1', response_code: 200, local_ip: '10.160.1.9', remote_ip: '10.160.1.12' },
  ...{ size_download: 615, time_namelookup: 0.00001, time_connect: 0.00081 },
}
const refused = `10.160.1.9
*   Trying 10.160.1.12:30081...
* bind failed with errno 0
* connect to 10.160.1.12 port 30081 failed: Connection refused
* Failed to connect to 10.160.1.12 port 30081 after 0 ms: Couldn't connect to server`

async function call(host: string, told: object, stderr = '10.160.1.9 \n') {
  const commands: string[][] = []
  const exec = async (command: string[]) => {
    commands.push(command)
    return { exitCode: 0, stdout: JSON.stringify({ errormsg: null, ...none, time_namelookup: 0, ...told }), stderr }
  }
  return {
    outcome: await callFromTerminal({ exec }, { host, port: 30080, protocol: 'tcp', localPort: 41000 }),
    commands,
  }
}

describe('a call from the terminal', () => {
  it('is made by curl from the port that the kernels wait for', async () => {
    const { commands, outcome } = await call('10.160.1.12', answered)
    expect(commands[0]?.join(' ')).toMatch(/^sh -c .*curl.* --local-port 41000 .* http:\/\/10\.160\.1\.12:30080\/$/)
    expect(outcome).toMatchObject({
      ...{ how: 'connected', answer: 'HTTP/1.1 200', bytes: 615, address: '10.160.1.12', from: '10.160.1.9' },
      ...{ names: [], connectMs: 0.8 },
    })
  })

  it.each([
    ['refused', { exitcode: 7 }, refused, 'ECONNREFUSED'],
    ['without a way', { exitcode: 7 }, refused.replace('Connection refused', 'No route to host'), 'EHOSTUNREACH'],
    ['from a port that is taken', { exitcode: 45 }, refused, 'EADDRINUSE'],
    ['into silence', { exitcode: 28 }, refused.split('\n').slice(0, 2).join('\n'), 'silence'],
    ['to who says nothing', { exitcode: 52, time_connect: 0.001 }, refused, 'connected'],
  ])('%s: says how it ended, and from where and whom it called', async (_, told, stderr, how) => {
    expect((await call('10.160.1.12', told, stderr)).outcome).toMatchObject({
      ...{ how, from: '10.160.1.9', address: '10.160.1.12' },
    })
  })

  it('says what a name led to, also when nobody answered there', async () => {
    const { outcome } = await call('node-1.example', { exitcode: 7, time_namelookup: 0.002 }, refused)
    expect(outcome).toMatchObject({
      names: [{ name: 'node-1.example', answer: 'NOERROR', addresses: ['10.160.1.12'], ms: 2 }],
    })
    const unknown = await call('wbe', { exitcode: 6 }, '10.160.1.9\n* Could not resolve host: wbe')
    expect(unknown.outcome).toMatchObject({
      how: 'no name',
      names: [{ name: 'wbe', answer: 'NXDOMAIN', addresses: [] }],
    })
    expect(unknown.outcome).not.toHaveProperty('address')
  })
})
