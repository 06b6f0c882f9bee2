// What `kubectl explain` says: the texts of all types and fields, read from the declaration files of
// @kubernetes/client-node when first needed and kept in a cache directory. They are nobody's to commit here, and facts
// do not contain them.
//
// The declarations are generated and of one form, so lines are enough:
//
//   /** … */  export declare class V1DeploymentSpec {      → the type
//   /** … */  'replicas'?: number;                         → a field

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readQueryTexts } from './query-texts.ts'
import type { GroupVersionKind, Schemas } from './schemas.ts'

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** Raise when this file's output changes form. */
const FORM = 6

/** Of fields of which the declarations tell only their type. They are shown beside the text of that, and must not repeat it. */
const OWN_WORDS = {
  'io.k8s.api.apps.v1.DaemonSetSpec.selector': 'The pods that are its own; it must match the labels of the template.',
  'io.k8s.api.apps.v1.DeploymentSpec.selector': 'The pods that are its own; it must match the labels of the template.',
  'io.k8s.api.apps.v1.ReplicaSetSpec.selector': 'The pods that are counted; it must match the labels of the template.',
  'io.k8s.api.apps.v1.DeploymentSpec.strategy': 'How pods are replaced when their template changes.',
  'io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec.scaleTargetRef': 'What is scaled: anything with a scale.',
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec.scaleTargetRef': 'What is scaled: anything with a scale.',
  'io.k8s.api.batch.v1.JobSpec.selector': 'The pods that are counted; usually made by the server.',
  'io.k8s.api.core.v1.Event.involvedObject': 'What the event is about.',
  'io.k8s.api.core.v1.Event.source': 'The component that tells of it.',
  'io.k8s.api.flowcontrol.v1.FlowSchemaSpec.distinguisherMethod':
    'How requests that match are told apart into flows; without it all are one flow.',
  'io.k8s.api.networking.v1.IPAddressSpec.parentRef': 'The object that the address belongs to.',
  'io.k8s.api.networking.v1.NetworkPolicySpec.podSelector':
    'The pods that the policy is about; {} is all of the namespace.',
  'io.k8s.api.core.v1.PersistentVolumeSpec.claimRef': 'The claim that this volume is bound to, or kept for.',
  'io.k8s.api.policy.v1.PodDisruptionBudgetSpec.selector':
    'The pods that the budget is about; {} is all of the namespace.',
  'io.k8s.api.rbac.v1.ClusterRoleBinding.roleRef': 'The role that is given; it cannot be changed.',
  'io.k8s.api.rbac.v1.RoleBinding.roleRef': 'The role that is given; it cannot be changed.',
}

/** Definition (`io.k8s.api.apps.v1.DeploymentSpec`), definition and field (`….DeploymentSpec.replicas`), or query → text. */
export function buildDescriptions(
  schemas: Pick<Schemas, 'type' | 'typeNames'>,
  cacheDir: string,
): ReadonlyMap<string, string> {
  const models = join(packageRoot(), 'dist/gen/models')
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8')
  const names = schemas.typeNames()
  const hash = createHash('sha256')
    .update(JSON.stringify([FORM, manifest, names]))
    .digest('hex')
    .slice(0, 16)
  const file = join(cacheDir, hash, 'descriptions.json')
  if (existsSync(file)) return new Map(JSON.parse(readFileSync(file, 'utf8')) as [string, string][])

  const available = new Set(readdirSync(models))
  const descriptions = new Map<string, string>()
  for (const name of names) {
    const model = modelNamesOf(name).find((candidate) => available.has(`${candidate}.d.ts`))
    if (!model) continue
    const { own, fields } = readDeclaration(readFileSync(join(models, `${model}.d.ts`), 'utf8'))
    if (own) descriptions.set(name, own)
    const described = new Map([...fields].map(([field, text]) => [plain(field), text]))
    for (const field of schemas.type(name)!.fields.keys()) {
      const text = described.get(plain(field))
      if (text) descriptions.set(`${name}.${field}`, text)
    }
  }
  const requests = readFileSync(join(packageRoot(), 'dist/gen/types/ObjectParamAPI.d.ts'), 'utf8')
  for (const [place, text] of readQueryTexts(requests)) descriptions.set(place, text)
  for (const [place, text] of Object.entries(OWN_WORDS)) {
    if (!descriptions.has(place)) descriptions.set(place, text)
  }
  keep(file, JSON.stringify([...descriptions]))
  return descriptions
}

/** What the documentation says of a field of a kind: `spec.nodeName`. All have the same metadata, also those nobody knows. */
export function textOf(schemas: Schemas, kind: GroupVersionKind, path: string): string {
  const [first = '', ...rest] = path.split('.')
  const isMeta = first === 'metadata' && rest.length > 0
  let type = isMeta ? schemas.type(OBJECT_META) : schemas.typeOf(kind)
  const steps = isMeta ? rest : [first, ...rest]
  for (const step of steps.slice(0, -1)) {
    const next = type?.fields.get(step)?.type
    type = next?.kind === 'ref' ? schemas.type(next.ref) : undefined
  }
  return schemas.descriptions().get(`${type?.name}.${steps.at(-1)}`) ?? ''
}

/** The cache saves a tenth of a second; a server that may not write there does without. */
function keep(file: string, text: string): void {
  // Two servers may start at once: each writes its own file, the last rename wins, and both are right.
  const mine = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(mine, text)
    renameSync(mine, file)
  } catch {
    // Nothing kept; the next start gathers the texts again.
  }
}

function packageRoot(): string {
  const entry = createRequire(import.meta.url).resolve('@kubernetes/client-node')
  return entry.slice(0, entry.lastIndexOf('client-node') + 'client-node'.length)
}

/**
 * `io.k8s.api.core.v1.Event` → `CoreV1Event`, `V1Event`: the generator puts the group before a name only where two
 * groups share it.
 */
function modelNamesOf(definition: string): string[] {
  const [kind = '', version = '', group = ''] = definition.split('.').reverse()
  const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
  return [`${capital(group)}${capital(version)}${kind}`, `${capital(version)}${kind}`]
}

/** Some JSON names are no TypeScript names: `$ref`, `continue`, `x-kubernetes-…` are spelled in other ways there. */
const plain = (name: string) => name.replace(/[^A-Za-z0-9]/g, '')

function readDeclaration(text: string): { own: string | undefined; fields: Map<string, string> } {
  const fields = new Map<string, string>()
  let own: string | undefined
  for (const [, comment, declared] of text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?=([^\n]*))/g)) {
    const words = comment!
      .split('\n')
      .map((line) => line.replace(/^\s*\*?\s?/, '').trimEnd())
      .join('\n')
      .trim()
      // As the generator escapes them.
      .replaceAll('\\"', '"')
      .replaceAll("\\'", "'")
      .replaceAll('*_/', '*/')
    const field = declared!.match(/^'([^']+)'\??:/)?.[1]
    if (field) fields.set(field, words)
    else if (declared!.startsWith('export declare class')) own = words
  }
  return { own, fields }
}
