// A container's environment: services of the namespace, then envFrom, then env, later ones winning.
// Upstream: kubelet_pods.go, makeEnvironmentVariables; pkg/kubelet/envvars.

import type { Pod, Service } from 'kubernetes-types/core/v1'
import type { EnvVar, FileKeySelector } from '../kinds/pod-template/newer-fields.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { ApiObjects } from './api-objects.ts'
import { valueInFile } from './env-file.ts'
import { expand } from './expansion.ts'
import { containerOf, fieldOf, type NodeAmounts, type PodAddresses, resourceFieldOf } from './field-ref.ts'
import type { ContainerSpec } from './pod-runtime-state.ts'
import { withPort } from './probes/http-request.ts'
import type { MountedVolumes } from './volumes/volume-manager.ts'

/** The container cannot be made from its spec as things are: shown as CreateContainerConfigError. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface EnvironmentInput {
  pod: Pod
  container: ContainerSpec
  addresses: PodAddresses
  node: NodeAmounts
  objects: ApiObjects
  volumes: MountedVolumes
  os: Pick<NodeOs, 'readInside'>
}

export async function environmentOf(input: EnvironmentInput): Promise<Map<string, string>> {
  const { pod, container, objects } = input
  const namespace = pod.metadata?.namespace ?? ''
  const result = new Map<string, string>()
  const known = new Map(await serviceVariables(pod, objects))
  for (const [name, value] of known) result.set(name, value)

  for (const source of container.envFrom ?? []) {
    const values = await valuesOf(source, namespace, objects)
    for (const [key, value] of Object.entries(values)) {
      const name = `${source.prefix ?? ''}${key}`
      known.set(name, value)
      result.set(name, value)
    }
  }
  for (const variable of container.env ?? []) {
    const value =
      variable.valueFrom === undefined
        ? expand(variable.value ?? '', known)
        : await valueFrom(variable.valueFrom, namespace, input)
    if (value === undefined) continue
    known.set(variable.name, value)
    result.set(variable.name, value)
  }
  return result
}

type EnvFrom = NonNullable<ContainerSpec['envFrom']>[number]

async function valuesOf(source: EnvFrom, namespace: string, objects: ApiObjects): Promise<Record<string, string>> {
  if (source.configMapRef) {
    const { name = '', optional } = source.configMapRef
    const map = await objects.configMap(namespace, name)
    if (!map && !optional) throw new ConfigError(`configmap "${name}" not found`)
    return map?.data ?? {}
  }
  if (source.secretRef) {
    const { name = '', optional } = source.secretRef
    const secret = await objects.secret(namespace, name)
    if (!secret && !optional) throw new ConfigError(`secret "${name}" not found`)
    return Object.fromEntries(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(value)]))
  }
  return {}
}

async function valueFrom(
  from: NonNullable<EnvVar['valueFrom']>,
  namespace: string,
  input: EnvironmentInput,
): Promise<string | undefined> {
  const { pod, container, addresses, node, objects } = input
  if (from.fieldRef) return fieldOf(pod, from.fieldRef.fieldPath, addresses)
  if (from.resourceFieldRef) {
    const { containerName } = from.resourceFieldRef
    const asked = containerName ? containerOf(pod, containerName) : container
    if (!asked) throw new ConfigError(`container ${containerName} not found`)
    return resourceFieldOf(asked, from.resourceFieldRef, { pod, node })
  }
  if (from.configMapKeyRef) {
    const { name = '', key, optional } = from.configMapKeyRef
    const map = await objects.configMap(namespace, name)
    if (!map && !optional) throw new ConfigError(`configmap "${name}" not found`)
    const value = map?.data?.[key]
    if (value === undefined && !optional)
      throw new ConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`)
    return value
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional } = from.secretKeyRef
    const secret = await objects.secret(namespace, name)
    if (!secret && !optional) throw new ConfigError(`secret "${name}" not found`)
    const value = secret?.data?.[key]
    if (value === undefined && !optional)
      throw new ConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`)
    return value === undefined ? undefined : decode(value)
  }
  return from.fileKeyRef && valueFromFile(from.fileKeyRef, input)
}

/** As much as a ConfigMap holds. */
const FILE_BYTES = 2 ** 20

async function valueFromFile(
  { volumeName, path, key, optional }: FileKeySelector,
  { volumes, os }: EnvironmentInput,
): Promise<string | undefined> {
  const volume = volumes.get(volumeName)
  if (!volume) throw new ConfigError(`cannot find the volume "${volumeName}" referenced by FileKeyRef`)
  let value: string
  try {
    const text = await os.readInside(volume.path, path, FILE_BYTES)
    if (text === undefined) return undefined
    value = valueInFile(text, key)
  } catch (err) {
    // No word more, as upstream: what the file says may be a secret, and Events are read by many.
    throw new ConfigError("couldn't parse env file", { cause: err })
  }
  if (value !== '') return value
  if (optional) return undefined
  throw new ConfigError(`environment variable key "${key}" not found in file "${volume.path}/${path}"`)
}

const decode = (base64: string) => Buffer.from(base64, 'base64').toString('utf8')

/** `REDIS_SERVICE_HOST` and friends; the API server's own service is there even when links are off. */
async function serviceVariables(pod: Pod, objects: ApiObjects): Promise<[string, string][]> {
  const namespace = pod.metadata?.namespace ?? ''
  const master = (await objects.services('default')).filter(({ metadata }) => metadata?.name === 'kubernetes')
  const links = pod.spec?.enableServiceLinks === false ? [] : await objects.services(namespace)
  const named = new Map<string, Service>()
  for (const service of [...master, ...links]) {
    const { clusterIP } = service.spec ?? {}
    if (clusterIP && clusterIP !== 'None') named.set(service.metadata?.name ?? '', service)
  }
  return [...named.values()].flatMap(variablesOf)
}

function variablesOf(service: Service): [string, string][] {
  const prefix = (service.metadata?.name ?? '').toUpperCase().replaceAll('-', '_')
  const host = service.spec?.clusterIP ?? ''
  const ports = service.spec?.ports ?? []
  const first = ports[0]
  if (!first) return []
  const result: [string, string][] = [
    [`${prefix}_SERVICE_HOST`, host],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
  ]
  for (const { name, port } of ports) {
    if (name) result.push([`${prefix}_SERVICE_PORT_${name.toUpperCase().replaceAll('-', '_')}`, String(port)])
  }
  ports.forEach(({ port, protocol = 'TCP' }, index) => {
    const url = `${protocol.toLowerCase()}://${withPort(host, port)}`
    const link = `${prefix}_PORT_${port}_${protocol}`
    if (index === 0) result.push([`${prefix}_PORT`, url])
    result.push([link, url], [`${link}_PROTO`, protocol.toLowerCase()])
    result.push([`${link}_PORT`, String(port)], [`${link}_ADDR`, host])
  })
  return result
}
