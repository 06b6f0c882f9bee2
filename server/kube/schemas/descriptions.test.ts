import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { buildDescriptions } from './descriptions.ts'
import { loadSchemas } from './load-schemas.ts'

const schemas = loadSchemas()
const cacheDir = mkdtempSync(join(tmpdir(), 'podium-descriptions-'))
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }))

describe('buildDescriptions', () => {
  const descriptions = buildDescriptions(schemas, cacheDir)

  it('finds the texts of types and fields', () => {
    expect(descriptions.get('io.k8s.api.apps.v1.DeploymentSpec')).toContain('desired behavior of the Deployment')
    expect(descriptions.get('io.k8s.api.apps.v1.DeploymentSpec.replicas')).toContain('Number of desired pods')
  })

  it('has them as they were written, not as a generator escaped them', () => {
    const port = descriptions.get('io.k8s.api.core.v1.ContainerPort.containerPort')
    expect(port).toContain("on the pod's IP address")
  })

  it('tells kinds of the same name in two groups apart', () => {
    expect(descriptions.get('io.k8s.api.core.v1.Event.note')).toBeUndefined()
    expect(descriptions.get('io.k8s.api.core.v1.Event.count')).toContain('number of times')
    expect(descriptions.get('io.k8s.api.events.v1.Event.note')).toBeDefined()
  })

  it('finds fields whose names are no TypeScript names', () => {
    expect(descriptions.get('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta.continue')).toBeDefined()
  })

  it('covers most of what we serve', () => {
    const served = schemas.typeNames().filter((name) => descriptions.has(name))
    expect(served.length / schemas.typeNames().length).toBeGreaterThan(0.9)
  })

  it('does without a cache it may not write', () => {
    const file = join(cacheDir, 'file')
    writeFileSync(file, '')
    expect(buildDescriptions(schemas, join(file, 'below'))).toEqual(descriptions)
  })

  it('gives the same from its cache', () => {
    expect(buildDescriptions(schemas, cacheDir)).toEqual(descriptions)
  })
})
