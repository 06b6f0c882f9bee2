import { createContext } from 'react'

/** Opens a shell on a machine of the learner's cluster; undefined where there is no terminal beside. */
export const OpenMachine = createContext<((machine: string) => void) | undefined>(undefined)
