// A kubeconfig that is handed to somebody again, laid over the file they have: what is ours is renewed, and people,
// contexts and choices that they made with `kubectl config` stay theirs.

import { parse } from 'yaml'
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts'
import { writeYaml } from '../apimachinery/yaml.ts'

export function mergeKubeconfig(theirs: string, ours: string): string {
  const [told, fresh] = [read(theirs), read(ours)]
  if (!told || !fresh) return ours
  const clusters = overlaid(told.clusters, fresh.clusters)
  const users = overlaid(told.users, fresh.users)
  const usable = new Set(names(fresh.clusters))
  const known = new Set(names(users))
  // A context is a choice, with a namespace or somebody else in it; of ours it is one only while it leads to this cluster.
  const chosen = list(told.contexts).filter(({ context }) => {
    const { cluster, user } = isJsonObject(context) ? context : {}
    return usable.has(String(cluster)) && known.has(String(user))
  })
  const contexts = overlaid(overlaid(told.contexts, fresh.contexts), chosen)
  const current = told['current-context']
  return writeYaml({
    ...told,
    ...fresh,
    clusters,
    users,
    contexts,
    'current-context': names(contexts).includes(String(current)) ? current : fresh['current-context'],
  })
}

/** Undefined for what is no kubeconfig: kubectl could not read it either. */
function read(text: string): JsonObject | undefined {
  try {
    // The library looks for keys that come twice by comparing all with all.
    const told: unknown = parse(text, { uniqueKeys: false })
    return isJsonObject(told) ? told : undefined
  } catch {
    return undefined
  }
}

const list = (value: JsonValue | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : [])
const names = (value: JsonValue | undefined) => list(value).map(({ name }) => String(name))

/** By name: the later one counts. */
const overlaid = (under: JsonValue | undefined, over: JsonValue | undefined): JsonObject[] => [
  ...new Map([...list(under), ...list(over)].map((entry) => [entry.name, entry])).values(),
]
