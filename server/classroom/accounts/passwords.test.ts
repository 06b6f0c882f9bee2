import { describe, expect, it } from 'vitest'
import { hashPassword, verifyPassword } from './passwords.ts'

describe('passwords', () => {
  it('fit their own hash and no other', async () => {
    const hash = await hashPassword('correct horse battery')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await verifyPassword('correct horse battery', hash)).toBe(true)
    expect(await verifyPassword('correct horse batterz', hash)).toBe(false)
    expect(await hashPassword('correct horse battery')).not.toBe(hash)
  })

  it('are the same however their letters were composed', async () => {
    expect(await verifyPassword('Z\u006f\u0308e ist da', await hashPassword('Z\u00f6e ist da'))).toBe(true)
  })

  it('fit nobody where there is no account', async () => {
    expect(await verifyPassword('', undefined)).toBe(false)
    await expect(verifyPassword('x', 'plain text')).rejects.toThrow('not one of ours')
  })
})
