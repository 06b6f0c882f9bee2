// Whoever opens a connection to a pod, a service or a node is seen by admission as well: as a CONNECT, with what stands
// in the query as an object; what has become of that object is what is done.
// Upstream: apiserver/pkg/endpoints/handlers/rest.go ConnectResource.

import type { JsonObject } from '../../apimachinery/json.ts'
import { readBoolean } from '../request-path/query-parameters.ts'
import { admit, type Call, gateOf } from './object-endpoints.ts'

type Field = 'text' | 'texts' | 'flag' | 'numbers'

const STREAMS = { stdin: 'flag', stdout: 'flag', stderr: 'flag', tty: 'flag', container: 'text' } as const
const OPTIONS: Readonly<Record<string, { kind: string; fields: Readonly<Record<string, Field>> }>> = {
  exec: { kind: 'PodExecOptions', fields: { ...STREAMS, command: 'texts' } },
  attach: { kind: 'PodAttachOptions', fields: STREAMS },
  portforward: { kind: 'PodPortForwardOptions', fields: { ports: 'numbers' } },
}
const PROXIES: Readonly<Record<string, string>> = {
  pods: 'PodProxyOptions',
  services: 'ServiceProxyOptions',
  nodes: 'NodeProxyOptions',
}

/** `path`: beyond the subresource, for proxies. Answers the options as they have been let through. */
export async function admitConnect(call: Call, path = ''): Promise<JsonObject> {
  const { info, registry, request } = call
  const { kind = PROXIES[registry.kind.plural] ?? '', fields = {} } = OPTIONS[info.subresource] ?? {}
  const options = info.subresource === 'proxy' ? { path } : optionsOf(request.query, fields)
  await admit(gateOf(call, 'CONNECT', false, { group: '', version: 'v1', kind }), options)
  return options
}

function optionsOf(query: URLSearchParams, fields: Readonly<Record<string, Field>>): JsonObject {
  const options: JsonObject = {}
  for (const [name, type] of Object.entries(fields)) {
    const told = query.getAll(name)
    const [first] = told
    if (first === undefined) continue
    if (type === 'texts') options[name] = told
    else if (type === 'numbers') options[name] = told.flatMap((text) => text.split(',')).map(Number)
    else if (type === 'text') options[name] = first
    else if (readBoolean(query, name)) options[name] = true
  }
  return options
}
