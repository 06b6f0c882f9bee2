import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAdmissionFlags } from './flags.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-admission-'))
})
afterAll(() => rm(directory, { recursive: true }))

const write = async (name: string, content: object) => {
  const file = join(directory, name)
  await writeFile(file, JSON.stringify(content))
  return file
}
const configured = async (...plugins: object[]) =>
  readAdmissionFlags({
    'admission-control-config-file': await write('admission.yaml', {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AdmissionConfiguration',
      plugins,
    }),
  })

describe('flags about admission', () => {
  it('turn plug-ins on and off', () => {
    const { enabled } = readAdmissionFlags({
      'enable-admission-plugins': 'AlwaysPullImages, EventRateLimit',
      'disable-admission-plugins': 'Priority',
    })
    expect(enabled.has('AlwaysPullImages') && enabled.has('LimitRanger')).toBe(true)
    expect(enabled.has('Priority')).toBe(false)
    expect(readAdmissionFlags({}).enabled.has('AlwaysPullImages')).toBe(false)
  })

  it.each([
    [{ 'enable-admission-plugins': 'Foo' }, 'enable-admission-plugins plugin "Foo" is unknown'],
    [
      { 'enable-admission-plugins': 'Priority', 'disable-admission-plugins': 'Priority' },
      '[Priority] in enable-admission-plugins and disable-admission-plugins overlapped',
    ],
    [{ 'admission-control-config-file': '/nowhere' }, 'no such file'],
  ])('say what is wrong with %j', (flags, message) => {
    expect(() => readAdmissionFlags(flags as Record<string, string>)).toThrow(message)
  })

  it('read what plug-ins must know, from the file or from one that it names', async () => {
    await write('limits.yaml', { limits: [{ type: 'User', qps: 5, burst: 9 }] })
    const settings = await configured(
      {
        name: 'PodSecurity',
        configuration: { defaults: { enforce: 'restricted' }, exemptions: { namespaces: ['kube-system'] } },
      },
      { name: 'EventRateLimit', path: 'limits.yaml' },
      { name: 'ResourceQuota', configuration: { limitedResources: [{ resource: 'pods', matchContains: ['cpu'] }] } },
      { name: 'PodNodeSelector', configuration: { podNodeSelectorPluginConfig: { shop: 'a=b' } } },
    )
    expect(settings).toMatchObject({
      podSecurity: {
        defaults: { enforce: { level: 'restricted', version: 'latest' }, warn: { level: 'privileged' } },
        exemptions: { namespaces: ['kube-system'], usernames: [] },
      },
      eventLimits: [{ type: 'User', qps: 5, burst: 9, cacheSize: 4096 }],
      limitedResources: [{ apiGroup: '', resource: 'pods', matchContains: ['cpu'], matchScopes: [] }],
      podNodeSelector: { shop: 'a=b' },
    })
  })

  it('know webhooks by their hosts, the closest name first', async () => {
    const user = (token: string) => ({ user: { token } })
    await write('hooks.yaml', {
      users: [
        { name: 'hook.shop.svc', ...user('one') },
        { name: '*.shop.svc', ...user('shop') },
        { name: '*', ...user('any') },
      ],
    })
    const { validatingWebhooks, mutatingWebhooks } = await configured({
      name: 'ValidatingAdmissionWebhook',
      configuration: { kubeConfigFile: 'hooks.yaml' },
    })
    expect(validatingWebhooks('hook.shop.svc', 443)).toEqual({ token: 'one' })
    expect(validatingWebhooks('hook.shop.svc', 8443)).toEqual({ token: 'shop' })
    expect(validatingWebhooks('other.shop.svc', 443)).toEqual({ token: 'shop' })
    expect(validatingWebhooks('example.com', 443)).toEqual({ token: 'any' })
    expect(mutatingWebhooks('hook.shop.svc', 443)).toEqual({})
  })

  it.each([
    [
      { name: 'EventRateLimit', configuration: { limits: [{ type: 'Pod', qps: 1, burst: 1 }] } },
      'Unsupported value: "Pod"',
    ],
    [
      { name: 'EventRateLimit', configuration: { limits: [{ type: 'User', burst: 1 }] } },
      'limits[0].qps: Invalid value: 0',
    ],
    [
      { name: 'ResourceQuota', configuration: { limitedResources: [{ matchContains: ['cpu'] }] } },
      'limitedResources[0].resource: Required value',
    ],
    [{ name: 'PodSecurity', configuration: { defaults: { enforce: 'tight' } } }, 'must be one of'],
    [{ name: 'Nothing', configuration: {} }, 'plugin "Nothing" is unknown'],
  ])('refuse %j', async (plugin, message) => {
    await expect(configured(plugin)).rejects.toThrow(message)
  })
})
