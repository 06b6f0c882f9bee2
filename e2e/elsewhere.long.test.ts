// A machine on another host: invited at the cluster's home, made there by that host's own Podium, one node among the others.
// In `npm run test:long`, as the other host first makes its registry and the disk of its machines: three minutes. What comes
// through the tunnel is tried by server/machines/tunnel.real.test.ts.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Seat, seatAt } from './storage/seat.ts'
import { podium, root, run, words } from './support/commands.ts'
import { type OtherHost, startOtherHost } from './support/other-host.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-elsewhere'
let directory: string
let seat: Seat
let other: OtherHost
/** All that were begun, also by a test that failed. */
const invitations: { takeBack(): unknown; ended: Promise<unknown> }[] = []
/** By which the machine has joined. */
let line: string[]
const says: Seat['says'] = (...told) => seat.says(...told)

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  const kubeconfig = join(directory, 'kubeconfig.yaml')
  // Not as usual, for the other host is told how machines of this cluster are.
  const how = ['--proxy-mode', 'nftables', '--ip-family', 'dual']
  await podium('cluster', 'create', CLUSTER, '--nodes', '1', '--kubeconfig', kubeconfig, ...how)
  seat = seatAt({ directory, cluster: CLUSTER, kubeconfig })
  other = await startOtherHost()
}, 400_000)
afterAll(async () => {
  for (const invitation of invitations) {
    invitation.takeBack()
    await invitation.ended
  }
  await other?.[Symbol.asyncDispose]()
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
  expect(await leftBehind()).toEqual([])
}, 120_000)

/** The line for the other host, and how the invitation ends. */
async function invite(...options: string[]) {
  const args = ['server/cli.ts', 'node', 'invite', '--cluster', CLUSTER, '--from', other.address, ...options]
  const inviting = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root })
  let said = ''
  for (const stream of [inviting.stdout, inviting.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk
    })
  }
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    inviting.once('close', (code) => resolve({ code, said })),
  )
  const invitation = { ended, takeBack: () => inviting.kill('SIGINT') }
  invitations.push(invitation)
  let line: string | undefined
  for await (const one of createInterface({ input: inviting.stdout })) {
    line = /podium (node join .*)/.exec(one)?.[1]
    if (line) break
  }
  inviting.stdout.resume()
  return { ...invitation, line: words(line ?? `nothing: ${said}`) }
}

const farMachine = async () =>
  (await other.run('docker', 'ps', '-aq', '--filter', 'label=podium.machine=node-2')).stdout.trim()

const onFarMachine = async (...command: string[]) =>
  other.run('docker', 'exec', await farMachine(), '/usr/lib/podium/enter.sh', ...command)

/** At home, of ways to other hosts. */
async function leftBehind(): Promise<string[]> {
  const links = await run('ip', ['-o', 'link', 'show', 'type', 'vxlan'])
  const rules = await run('iptables-save', [])
  return [links.stdout, rules.stdout].flatMap((text) => text.split('\n').filter((line) => /pdt-|PODIUM-TUN/.test(line)))
}

it('is refused in plain words, and nothing of it stays', async () => {
  const unknown = ['node', 'invite', '--cluster', CLUSTER, '--from']
  await expect(podium(...unknown, 'over-there')).rejects.toThrow("the other host's IPv4 address is needed")
  await expect(podium(...unknown, other.home)).rejects.toThrow(`${other.home} is this host itself`)

  const { line: told, ended, takeBack } = await invite()
  const [, id = ''] = / (\w{6})\.\w{16} /.exec(told.join(' ')) ?? []
  const rights = await says(`auth can-i --list -n kube-system --as system:bootstrap:${id}`)
  expect(rights.split('\n').filter((one) => /secrets/.test(one))).toEqual([
    expect.stringMatching(new RegExp(`^secrets +\\[] +\\[podium-invitation-${id}] +\\[get]`)),
  ])
  const said = async (replaced: RegExp, by: string) =>
    (await other.podium(...told.map((word) => word.replace(replaced, by)))).stderr
  expect(await said(/^\w{6}(\.\w{16})$/, 'zzzzzz$1')).toContain('token id "zzzzzz" is invalid for this cluster')
  expect(await said(/^sha256:.*/, `sha256:${'0'.repeat(64)}`)).toMatch(/public key sha256:\w{64} not pinned/)
  expect(await said(/^198\.18\.77\.1:/, '203.0.113.1:')).toContain('no route leads from this host to 203.0.113.1')
  takeBack()
  expect(await ended).toMatchObject({ code: 1, said: expect.stringContaining('the invitation of 198.18.77.2 is over') })
  expect(await said(/^$/, '')).toContain('nothing comes through the tunnel from 198.18.77.1')
  expect(await leftBehind()).toEqual([])
  expect((await other.run('ip', '-o', 'link', 'show', 'type', 'vxlan')).stdout).toBe('')
  expect(await says('get secret,role,rolebinding -n kube-system -o name')).not.toContain('podium-invitation')
})

it('is a node as any: its pods and those at home reach each other, and kubectl reaches all', async () => {
  const invited = await invite()
  line = invited.line
  const joined = await other.podium(...line)
  expect(joined.stdout, joined.stderr).toContain('machine "node-2" has its certificates')
  expect(await invited.ended).toMatchObject({ code: 0 })
  await says('wait --for=condition=Ready node/node-2 --timeout=60s')

  expect(await says('get nodes -l podium.dev/elsewhere -o name')).toBe('node/node-2\n')

  const on = (node: string, name: string) =>
    says(
      `run ${name} --image=nginx --port=80 --expose --overrides={"spec":{"nodeName":"${node}","terminationGracePeriodSeconds":0}}`,
    )
  await on('node-1', 'near')
  await on('node-2', 'far')
  await says('wait --for=condition=Ready pod/near pod/far --timeout=60s')
  expect(await says('exec far -- hostname')).toBe('far\n')
  for (const [from, to] of [
    ['near', 'far'],
    ['far', 'near'],
  ]) {
    expect(await says(`exec ${from} -- curl -sS --max-time 20 http://${to}/`)).toContain('Welcome to nginx')
  }
  expect(await says('logs far')).toContain('GET / ')
  // In packets larger than what the way between the hosts carries in one piece.
  await says("exec near -- sh -c 'head -c 100000000 /dev/zero > /usr/share/nginx/html/large'")
  const fetched = await says(
    "exec far -- curl -sS --max-time 60 -o /dev/null -w '%{size_download} %{speed_download}' http://near/large",
  )
  console.log(`bytes, bytes in a second: ${fetched}`)
  expect(fetched).toMatch(/^100000000 /)
})

it('is as the machines at home: led by the same proxy, and reached by IPv6', async () => {
  expect((await onFarMachine('nft', 'list', 'tables')).stdout).toContain('table ip kube-proxy')
  const address = await says('get pod far -o jsonpath={.status.podIPs[1].ip}')
  const near = '{"spec":{"nodeName":"node-1"}}'
  const ping = `ping -6 -c1 -w60 ${address}`
  expect(await says(`run caller --rm -i --restart=Never --image=busybox --overrides=${near} -- ${ping}`)).toContain(
    '1 packets received',
  )
})

it('pulls from the registry at home, whose authority is not that of its own host', async () => {
  expect(await onFarMachine('docker', 'rmi', '-f', 'busybox')).toMatchObject({ code: 0 })
  expect(await onFarMachine('docker', 'pull', '-q', 'busybox')).toMatchObject({ code: 0 })
})

it('comes back by the same line after its host was down, though the invitation is over', async () => {
  expect(await other.run('docker', 'kill', await farMachine())).toMatchObject({ code: 0 })
  const [link = ''] = /pdt-\d+-\d+/.exec((await other.run('ip', '-o', 'link', 'show', 'type', 'vxlan')).stdout) ?? []
  expect(await other.run('ip', 'link', 'delete', link)).toMatchObject({ code: 0 })
  expect((await other.podium(...line)).stdout).toContain('machine "node-2" runs, as it did before')
  await until('its pod runs again', async () => (await says('exec far -- hostname')) === 'far\n')
  expect(await says('exec near -- curl -sS --max-time 20 http://far/')).toContain('Welcome to nginx')
})

it('goes again, and leaves nothing on either host', async () => {
  expect(await says('drain node-2 --force --ignore-daemonsets --grace-period=1')).toContain('pod/far evicted')
  const removed = await podium('node', 'remove', 'node-2', '--cluster', CLUSTER)
  const [, command = ''] = /say there: podium (.*)/.exec(removed) ?? []
  expect(await says('get nodes -o name')).toBe('node/node-1\n')
  expect(await leftBehind()).toEqual([])
  const again = await invite()
  expect((await other.podium(...again.line)).stderr).toContain('machine "node-2" is here by another invitation')
  again.takeBack()
  await again.ended
  expect(await other.podium(...words(command))).toMatchObject({ code: 0 })
  const left = await Promise.all([
    other.run('docker', 'ps', '-aq', '--filter', 'label=podium.machine'),
    other.run('docker', 'network', 'ls', '-q', '--filter', 'label=podium.elsewhere'),
    other.run('ip', '-o', 'link', 'show', 'type', 'vxlan'),
    other.run('sh', '-c', 'iptables-save | grep PODIUM-TUN; cat /proc/self/mounts | grep joined-; true'),
  ])
  expect(left.map(({ stdout }) => stdout)).toEqual(['', '', '', ''])
  await until('its lease has gone', async () => !(await says('get leases -A -o name')).includes('node-2'))
})
