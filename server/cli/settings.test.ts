import { describe, expect, it } from 'vitest'
import { readSettings } from './settings.ts'

describe('settings', () => {
  it('are a loopback address without anything', () => {
    expect(readSettings({}, [])).toMatchObject({ host: '127.0.0.1', port: undefined, origins: [], tls: undefined })
  })

  it('of the command line win over those of the environment', () => {
    const { host, port } = readSettings({ PODIUM_HOST: '127.0.0.1', PODIUM_PORT: '1' }, [
      '--host',
      '0.0.0.0',
      '--port',
      '8080',
    ])
    expect([host, port]).toEqual(['0.0.0.0', 8080])
  })

  it('keep of an address what a browser says of it', () => {
    const { origins } = readSettings({ PODIUM_ORIGIN: 'https://Podium.School.example:443/x, http://10.0.0.1:8080' }, [])
    expect(origins).toEqual(['https://podium.school.example', 'http://10.0.0.1:8080'])
  })

  it.each([
    [{ PODIUM_HOST: 'school.example' }, [], 'an address of this machine'],
    [{ PODIUM_ORIGIN: 'school.example' }, [], 'PODIUM_ORIGIN'],
    [{ PODIUM_TLS_CERT: '/cert.pem' }, [], 'both are needed'],
    [{ PODIUM_TLS_CERT: '/no/cert.pem', PODIUM_TLS_KEY: '/no/key.pem' }, [], 'no such file'],
    [{}, ['--hots', 'x'], '--hots'],
  ])('that are wrong are told: %j %j', (environment, args, words) => {
    expect(() => readSettings(environment, args)).toThrow(words)
  })
})
