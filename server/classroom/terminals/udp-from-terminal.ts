// One datagram sent from the learner's own terminal, by perl, which every Debian has: `nc` does not tell a refusal from silence.

import { isIP } from 'node:net'
import type { TerminalCall } from '../../observe/index.ts'
import type { Shells } from './shell.ts'

type Outcome = Awaited<ReturnType<TerminalCall>>

/** Says what it finds out, word by word, and in hexadecimal what was answered. */
const SCRIPT = `
use IO::Socket::IP; use IO::Select; use Errno; use Time::HiRes qw(time);
$| = 1;
my ($host, $port, $local) = @ARGV;
my $began = time;
my $socket = IO::Socket::IP->new(Proto => "udp", PeerHost => $host, PeerPort => $port, LocalPort => $local);
printf "name_ms %.1f\\n", 1000 * (time - $began);
my $code = sub { (grep { $!{$_} } qw(EADDRINUSE ECONNREFUSED EHOSTUNREACH ENETUNREACH))[0] // shift };
if (!$socket) { print "how ", $code->("no name"), "\\n"; exit }
printf "address %s\\nfrom %s\\n", $socket->peerhost, $socket->sockhost;
$began = time;
$socket->send("podium-trace\\n");
my $how = "silence";
my $said = "";
if (IO::Select->new($socket)->can_read(3)) {
  if (defined $socket->recv($said, 65536)) { $how = "connected" }
  else { $how = $code->("$!") }
}
printf "ms %.1f\\nhow %s\\nbytes %d\\nanswer %s\\n", 1000 * (time - $began), $how, length $said, unpack("H*", substr $said, 0, 200);
`

export async function sendFromTerminal(
  shells: Pick<Shells, 'exec'>,
  { host, port, localPort }: Pick<Parameters<TerminalCall>[0], 'host' | 'port' | 'localPort'>,
): Promise<Outcome> {
  const { stdout, stderr } = await shells.exec(['perl', '-e', SCRIPT, host, `${port}`, `${localPort}`])
  const words = new Map(stdout.split('\n').map((line) => line.split(/ (.*)/, 2) as [string, string]))
  const how = words.get('how')
  if (!how) throw new Error(`the terminal could not send it: ${stderr.trim().slice(0, 300)}`)
  const address = isIP(host) ? host : words.get('address')
  const from = words.get('from')
  const [answer = ''] = Buffer.from(words.get('answer') ?? '', 'hex')
    .toString('latin1')
    .split(/\r?\n/, 1)
  const name = { name: host, type: 'A' as const, answer: address ? 'NOERROR' : 'NXDOMAIN' }
  return {
    names: isIP(host) ? [] : [{ ...name, addresses: address ? [address] : [], ms: Number(words.get('name_ms')) }],
    nameServer: '',
    how,
    ...(address ? { address } : {}),
    ...(from ? { from } : {}),
    connectMs: Number(words.get('ms') ?? 0),
    ...(answer ? { answer: answer.replace(/[^\x20-\x7e]/g, '.') } : {}),
    bytes: Number(words.get('bytes') ?? 0),
  }
}
