// HAProxy's configuration from what it is to listen for. Pure.

import type { Listener } from './listeners.ts'

/** Where it says that it lives, and shows what it does. */
export const STATS_PORT = 8404

const HEAD = `# Written by haproxy-controller from the Services of its class; what is changed here is lost.
global
  log stdout format raw local0 notice
  hard-stop-after 1m
defaults
  mode tcp
  balance roundrobin
  option redispatch
  retries 3
  timeout connect 2s
  timeout check 1s
  timeout client 1h
  timeout server 1h
listen stats
  mode http
  bind :${STATS_PORT}
  http-request return status 200 content-type text/plain string "ok" if { path /healthz }
  stats enable
  stats uri /
`

export const haproxyConfig = (listeners: readonly Listener[]): string => HEAD + listeners.map(section).join('')

function section({ name, port, families, nodePort, servers, healthCheckPort, isSticky, sources }: Listener): string {
  const check = `check${healthCheckPort ? ` port ${healthCheckPort}` : ''} inter 1s fall 2 rise 1`
  const lines = [
    ...families.map((family) => (family === 'IPv6' ? `bind [::]:${port} v6only` : `bind :${port}`)),
    ...(sources.length > 0 ? [`tcp-request connection reject if !{ src ${sources.join(' ')} }`] : []),
    ...(isSticky ? ['balance source'] : []),
    // kube-proxy's own page says whether the node has an endpoint.
    ...(healthCheckPort ? ['option httpchk GET /'] : []),
    ...servers.map(({ name: node, address }) => `server ${node} ${hostOf(address)}:${nodePort} ${check}`),
  ]
  return `listen ${name}\n${lines.map((line) => `  ${line}\n`).join('')}`
}

const hostOf = (address: string) => (address.includes(':') ? `[${address}]` : address)
