// A container's rights as upstream shows them within an error: in its own form, whose names are Go's, with all that is not said.

import type { SecurityContext } from 'kubernetes-types/core/v1'

type Fields = Readonly<Record<string, 'empty' | 'null' | { of: Fields }>>

const PROFILE: Fields = { Type: 'empty', LocalhostProfile: 'null' }
const CONTEXT: Fields = {
  Capabilities: { of: { Add: 'null', Drop: 'null' } },
  Privileged: 'null',
  SELinuxOptions: { of: { User: 'empty', Role: 'empty', Type: 'empty', Level: 'empty' } },
  WindowsOptions: {
    of: { GMSACredentialSpecName: 'null', GMSACredentialSpec: 'null', RunAsUserName: 'null', HostProcess: 'null' },
  },
  RunAsUser: 'null',
  RunAsGroup: 'null',
  RunAsNonRoot: 'null',
  ReadOnlyRootFilesystem: 'null',
  AllowPrivilegeEscalation: 'null',
  ProcMount: 'null',
  SeccompProfile: { of: PROFILE },
  AppArmorProfile: { of: PROFILE },
}

export const contextInGo = (context: SecurityContext): object => inGo(context as Record<string, unknown>, CONTEXT)

const inGo = (value: Readonly<Record<string, unknown>>, fields: Fields): object =>
  Object.fromEntries(
    Object.entries(fields).map(([name, of]) => {
      const told = value[inJson(name)]
      if (told === undefined) return [name, of === 'empty' ? '' : null]
      return [name, typeof of === 'object' ? inGo(told as Record<string, unknown>, of.of) : told]
    }),
  )

/** `SELinuxOptions` is `seLinuxOptions`. */
const inJson = (name: string) => name.replace(/^[A-Z]+(?=[A-Z])|^[A-Z]/, (letters) => letters.toLowerCase())
